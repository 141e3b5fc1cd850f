#include "engine/runtime/plan_path.h"

#include <catch2/catch.hpp>

#include "tests/unit/engine/runtime/scripted.h"

namespace recourse::runtime {
namespace {

using Reach = PathStep::Reach;

constexpr const char* kRestore = R"(
name: restore
inputs:
  quick: {type: bool, default: false}
steps:
  - {id: choose, action: test.look}
  - id: rehearse
    when: "${!inputs.quick}"
    action: test.look
    on_error: {DATA_LOSS: {goto: another}}
  - {id: confirm, approval: {prompt: "Go on?", approvers: [dba]}}
  - {id: restore, action: test.look}
  - id: compare
    switch:
      - {when: "${steps.restore.output.rows == steps.choose.output.rows}", goto: tell}
      - {default: differs}
  - {id: differs, fail: {code: DATA_LOSS, message: they differ}}
  - id: another
    switch:
      - {when: "${inputs.quick}", goto: choose}
      - {default: gone}
  - {id: gone, fail: {message: no backup is good}}
  - {id: tell, when: "${steps.choose.output.loud}", action: test.look}
)";

class Planned {
 public:
  explicit Planned(const std::string& yaml, Value inputs, const std::string& other = "") {
    registry_.Add(std::make_unique<Scripted>("test.look", RepeatClass::kReadOnly));
    auto loaded = definition::LoadWorkflow(yaml, &registry_,
                                           [&](std::string_view) { return std::optional(other); });
    if (loaded.workflow == nullptr) FAIL(loaded.Report("test.yaml"));
    workflow = loaded.workflow;
    state.inputs = std::move(inputs);
  }

  // "choose, [rehearse], confirm, ?differs": skipped ones in brackets, conditional ones with a
  // mark.
  std::string Path(int first = 0, bool past_approvals = true) {
    path = PathFrom({*workflow, state, Time(), first, past_approvals});
    std::string text;
    for (const PathStep& at : path) {
      const std::string& id = workflow->steps[static_cast<std::size_t>(at.step)].id;
      text += text.empty() ? "" : ", ";
      text += at.reach == Reach::kSkipped       ? "[" + id + "]"
              : at.reach == Reach::kConditional ? "?" + id
                                                : id;
    }
    return text;
  }
  const PathStep& At(std::string_view id) const {
    for (const PathStep& at : path) {
      if (at.step == workflow->FindStep(id)) return at;
    }
    FAIL("not on the path: " << id);
    return path.front();
  }

  std::shared_ptr<const definition::Workflow> workflow;
  machine::RunState state;
  std::vector<PathStep> path;

 private:
  Registry registry_;
};

TEST_CASE("a plan follows the way on which all goes well, and shows the others as conditional",
          "[runtime]") {
  Planned run(kRestore, Value::Object({{"quick", false}}));
  CHECK(run.Path() ==
        "choose, rehearse, confirm, restore, compare, tell, ?differs, ?another, ?gone");
  CHECK(run.At("another").ways == std::vector<std::string>{"rehearse fails with DATA_LOSS"});
  CHECK(run.At("differs").ways == std::vector<std::string>{"compare finds none of its cases true"});
  CHECK(run.At("compare").goes_to.size() == 2);
}

TEST_CASE("what the inputs decide is no longer open in a plan", "[runtime]") {
  Planned run(kRestore, Value::Object({{"quick", true}}));
  // What is skipped cannot fail either.
  CHECK(run.Path() == "choose, [rehearse], confirm, restore, compare, tell, ?differs");
}

TEST_CASE("a condition on what steps find is not known before they have run", "[runtime]") {
  Planned run(kRestore, Value::Object({{"quick", false}}));
  run.Path();
  CHECK(run.At("tell").when == std::nullopt);
  const auto before = Before(run.path, run.At("tell"));
  const PathRequest request{*run.workflow, run.state, Time()};
  const int tell = run.At("tell").step;
  CHECK(Unknown(request, run.workflow->steps[std::size_t(tell)].when->References(), tell, before) ==
        "what choose finds");
}

TEST_CASE("what a run has found already is known to the plan of what follows", "[runtime]") {
  Planned run(kRestore, Value::Object({{"quick", false}}));
  const int choose = *run.workflow->FindStep("choose");
  run.state.steps[choose].succeeded = true;
  run.state.steps[choose].output = Value::Object({{"rows", 3}, {"loud", false}});
  CHECK(run.Path(*run.workflow->FindStep("restore"), false) ==
        "restore, compare, [tell], ?differs");
}

TEST_CASE("the plan that an approval shows ends with the next approval", "[runtime]") {
  Planned run(kRestore, Value::Object({{"quick", false}}));
  CHECK(run.Path(0, false) == "choose, rehearse, confirm, ?another, ?gone");
}

TEST_CASE("a plan ends where its way comes back to itself", "[runtime]") {
  Planned run(R"(
name: circle
inputs: {}
steps:
  - {id: look, action: test.look}
  - id: enough
    switch:
      - {when: "${steps.look.output.done}", goto: done}
      - {default: look}
  - {id: done, succeed: true}
)",
              Value(Value::Map()));
  CHECK(run.Path() == "look, enough, ?done");
}

TEST_CASE("a plan goes through the steps that stand inside of others, and through what comes last",
          "[runtime]") {
  Planned run(R"(
name: nested
steps:
  - {id: look, action: test.look}
  - id: all
    parallel:
      branches:
        a: [{id: a1, action: test.look}, {id: a2, action: test.look}]
        b: [{id: b1, action: test.look}]
  - {id: sub, workflow: other, with: {path: "/x"}}
  - {id: last, action: test.look}
on_finish:
  - {id: tidy, action: test.look}
)",
              Value(Value::Map()), R"(
name: other
inputs: {path: {type: string}}
steps:
  - {id: inner, when: "${inputs.path == '/y'}", action: test.look}
  - {id: more, action: test.look}
)");
  CHECK(run.Path() == "look, all, a1, a2, b1, sub, sub/inner, sub/more, last, tidy");
  // With what the sub-workflow is given, which is known.
  run.state = WithKnownInputs({*run.workflow, run.state, Time()});
  CHECK(run.Path() == "look, all, a1, a2, b1, sub, [sub/inner], sub/more, last, tidy");
}

}  // namespace
TEST_CASE("what the target or the inputs rule out is no part of a plan", "[runtime]") {
  Planned plan(R"(
name: triage
inputs: {target: {type: target}}
steps:
  - {id: look, action: test.look, on_error: {"*": {goto: which}}}
  - {id: well, succeed: true}
  - id: which
    switch:
      - {when: "${has(inputs.target.cache)}", goto: cache}
      - {default: disk}
  - {id: cache, action: test.look, next: end}
  - {id: disk, when: "${has(inputs.target.disk)}", action: test.look}
  - {id: tell, action: test.look}
)",
               Value::Object({{"target", Value::Object({{"name", "shop"}})}}));
  CHECK(plan.Path() == "look, well, ?which, ?tell");
}

// As a run stands at `b`: `a` has failed with NOT_FOUND.
constexpr const char* kFailedBefore = R"(
name: failed-before
steps:
  - {id: a, action: test.look, on_error: {"*": {goto: b}}}
  - {id: well, succeed: true}
  - {id: b, approval: {prompt: "Go on?", approvers: [dba]}}
  - {id: c, action: test.look, on_error: {"*": {goto: sw}}}
  - {id: done, succeed: true}
  - id: sw
    switch:
      - {when: "${error.code == 'NOT_FOUND'}", goto: harmless}
      - {default: dangerous}
  - {id: harmless, action: test.look, next: end}
  - {id: dangerous, when: "${error.code != 'NOT_FOUND'}", action: test.look}
)";

TEST_CASE("the error of a failure that is past decides no way behind a failure to come",
          "[runtime]") {
  Planned run(kFailedBefore, Value(Value::Map()));
  run.state.error = Error{Code::kNotFound, "there is no file"};
  run.state.error_at = machine::StepRef{*run.workflow->FindStep("a"), -1};
  CHECK(run.Path(*run.workflow->FindStep("c"), false) == "c, done, ?sw, ?harmless, ?dangerous");
  CHECK(run.At("sw").goes_to.size() == 2);
  CHECK(run.At("dangerous").when == std::nullopt);
}

TEST_CASE(
    "the error by which a run has come to an approval decides at the next step, unless it comes "
    "again",
    "[runtime]") {
  const std::string yaml = R"(
name: asks-first
steps:
  - {id: a, action: test.look, on_error: {"*": {goto: b}}}
  - {id: well, succeed: true}
  - {id: b, approval: {prompt: "Go on?", approvers: [dba]}}
  - id: sw
    switch:
      - {when: "${error.code == 'NOT_FOUND'}", goto: harmless}
      - {default: dangerous}
  - {id: harmless, action: test.look, on_error: {"*": {goto: BACK}}, next: end}
  - {id: dangerous, action: test.look}
)";
  const auto path = [&](const std::string& back) {
    std::string text = yaml;
    Planned run(text.replace(text.find("BACK"), 4, back), Value(Value::Map()));
    run.state.error = Error{Code::kNotFound, "there is no file"};
    run.state.error_at = machine::StepRef{*run.workflow->FindStep("a"), -1};
    return run.Path(*run.workflow->FindStep("sw"), false);
  };
  CHECK(path("well") == "sw, harmless, ?well");
  CHECK(path("b") == "sw, harmless, ?b");  // asks again, with another plan
  CHECK(path("sw") == "sw, dangerous, ?harmless");
}

TEST_CASE("the time at which a plan is made decides none of its ways", "[runtime]") {
  Planned run(R"(
name: by-night
steps:
  - {id: late, when: "${now > timestamp('2020-01-01T00:00:00Z')}", action: test.look}
  - id: hour
    switch:
      - {when: "${now < timestamp('2020-01-01T00:00:00Z')}", goto: early}
      - {default: other}
  - {id: early, action: test.look, next: end}
  - {id: other, workflow: other, with: {since: "${string(now)}"}}
)",
              Value(Value::Map()), R"(
name: other
inputs: {since: {type: string}}
steps:
  - {id: inner, when: "${inputs.since > '2020'}", action: test.look}
)");
  run.state = WithKnownInputs({*run.workflow, run.state, Time()});
  CHECK(run.Path() == "late, hour, other, other/inner, ?early");
}

}  // namespace recourse::runtime
