// Steps that stand inside others, and what the kinds of step that people and branches need may say.
#include <catch2/catch.hpp>
#include <map>

#include "tests/unit/engine/definition/support.h"

namespace recourse::definition {
namespace {

using Catch::Matchers::Contains;
using Others = std::map<std::string, std::string, std::less<>>;

OtherWorkflows From(const Others& others) {
  return [&others](std::string_view name) -> std::optional<std::string> {
    const auto found = others.find(name);
    if (found == others.end()) return std::nullopt;
    return found->second;
  };
}

std::shared_ptr<const Workflow> LoadWith(std::string_view yaml, const Others& others) {
  const Loaded loaded = LoadWorkflow(yaml, &TestActions(), From(others));
  INFO(loaded.Report("w.yaml"));
  REQUIRE(loaded.workflow != nullptr);
  return loaded.workflow;
}

std::string RefusalWith(std::string_view yaml, const Others& others) {
  const Loaded loaded = LoadWorkflow(yaml, &TestActions(), From(others));
  REQUIRE(loaded.workflow == nullptr);
  return loaded.Report("w.yaml");
}

// The step stands in line 7, column 9.
std::string InBranch(const std::string& step) {
  return "name: w\nsteps:\n- id: p\n  parallel:\n    branches:\n      one:\n      - " + step +
         "\n      two:\n      - {id: other, action: do.it}\n- {id: after, action: do.it}\n";
}

// The step stands in line 5, column 3.
std::string InFinish(const std::string& step) {
  return "name: w\nsteps:\n- {id: a, action: do.it}\non_finish:\n- " + step + "\n";
}

// The step `x` runs the workflow `inner` and stands in line 5.
std::string Running(const std::string& with, const std::string& more = "") {
  return "name: w\ninputs:\n  text: {type: string}\nsteps:\n- {id: x, workflow: inner" + with +
         "}\n" + more;
}

const Others kInner = {{"inner", R"(name: inner
on_failure: pause
inputs:
  rows: {type: int, description: how many}
  name: {type: string, default: shop}
steps:
- {id: i1, action: do.it, with: {rows: '${inputs.rows}'}}
- {id: i2, switch: [{when: '${inputs.rows > 3}', goto: done}]}
- {id: i3, action: do.it, with: {before: '${steps.i1.output}'}}
- {id: done, succeed: true}
outputs:
  twice: '${inputs.rows * 2}'
)"}};

void CheckRefused(const std::string& yaml, const std::string& expected, const Others& others = {}) {
  CAPTURE(yaml);
  CHECK_THAT(RefusalWith(yaml, others), Contains(expected));
}

}  // namespace

TEST_CASE("steps inside a step follow it, and know the block that they stand in", "[definition]") {
  const auto workflow = LoadWith(
      "name: w\nsteps:\n- id: p\n  parallel:\n    when_one_fails: collect\n    branches:\n"
      "      one:\n      - {id: a, action: do.it}\n      - {id: x, workflow: inner, with: {rows: "
      "1}}\n"
      "      two:\n      - {id: b, action: do.it}\n- {id: after, action: do.it}\n"
      "on_finish:\n- {id: last, action: do.it}\n",
      kInner);
  std::string ids;
  for (const Step& step : workflow->steps) ids += step.id + " ";
  CHECK(ids == "p a x x/i1 x/i2 x/i3 x/done b after last ");
  const int end = static_cast<int>(workflow->steps.size());
  CHECK(workflow->After(0) == 8);    // past what stands inside
  CHECK(workflow->After(6) == end);  // the end of its block
  CHECK(workflow->After(7) == end);
  CHECK(workflow->After(8) == end);  // on_finish is no part of the way
  CHECK(workflow->on_finish == 9);
  CHECK(std::get<ParallelStep>(workflow->steps[0].kind).collect);
  CHECK(std::get<ParallelStep>(workflow->steps[0].kind).branches.size() == 2);
  CHECK(workflow->FindStep("x/i2") == 4);
  CHECK(workflow->NameIn(workflow->steps[4]) == "i2");
  // A sub-workflow says of its steps what it says of them alone; what runs at last goes on.
  CHECK(workflow->steps[3].on_failure == OnFailure::kPause);
  CHECK(workflow->steps[9].on_failure == OnFailure::kContinue);
}

TEST_CASE("what would reach beyond a branch cannot stand in one", "[definition]") {
  CheckRefused(InBranch("{id: c, checkpoint: true}"),
               "w.yaml:7:9: a checkpoint cannot stand in a branch: what else is done at the same "
               "time would not be undone with it");
  CheckRefused(InBranch("{id: c, succeed: true}"),
               "w.yaml:7:9: succeed cannot stand in a branch; \"next: end\" ends it");
  CheckRefused(InBranch("{id: c, action: undo.it, irreversible: true}"),
               "w.yaml:7:9: irreversible: what cannot be undone cannot stand in a branch");
  CheckRefused(
      "name: w\nsteps:\n- {id: safe, checkpoint: true}\n- id: p\n  parallel:\n    branches:\n"
      "      one:\n      - {id: a, action: do.it, on_error: {\"*\": {rollback_to: safe, goto: "
      "a}}}\n"
      "      two:\n      - {id: b, action: do.it}\n",
      "w.yaml:8:62: rollback_to: no path leads from here to the step \"safe\"");
  Load(InBranch("{id: c, fail: {message: enough}}"));
  Load(InBranch("{id: c, action: do.it, next: end}"));
  Load(InBranch("{id: c, approval: {prompt: p, approvers: [dba]}}"));
}

TEST_CASE("no path leads into a branch or out of one", "[definition]") {
  CheckRefused(
      InBranch("{id: c, action: do.it, next: after}"),
      "w.yaml:7:38: next: no path leads from here to the step \"after\": one of them stands "
      "inside a branch, or in on_finish, and the other does not");
  CheckRefused(InBranch("{id: c, action: do.it, on_error: {\"*\": {goto: other}}}"),
               "goto: no path leads from here to the step \"other\"");
  CheckRefused(InBranch("{id: c, action: do.it}") + "- {id: back, action: do.it, next: c}\n",
               "w.yaml:11:35: next: no path leads from here to the step \"c\"");
  CheckRefused(InFinish("{id: last, action: do.it, next: a}"),
               "w.yaml:5:35: next: no path leads from here to the step \"a\"");
}

TEST_CASE("a parallel step has branches with names and steps", "[definition]") {
  const std::string head = "name: w\nsteps:\n- id: p\n  parallel: ";
  CheckRefused(head + "{branches: {one: [{id: a, action: do.it}]}}\n",
               "w.yaml:4:24: branches: expected a map of at least two names, each with its list of "
               "steps");
  CheckRefused(head + "{branches: {one: [{id: a, action: do.it}], two: []}}\n",
               "w.yaml:4:61: steps: expected a list of at least one step");
  CheckRefused(
      head + "{branches: {One: [{id: a, action: do.it}], two: [{id: b, action: do.it}]}}\n",
      "w.yaml:4:25: branch");
  CheckRefused(head + "{when_one_fails: wait, branches: {}}\n", "when_one_fails");
  CheckRefused(head + "{}\n", "\"branches\" is missing");
  CheckRefused(InBranch("{id: p, action: do.it}"),
               "w.yaml:7:14: id: a step \"p\" is there already");
}

TEST_CASE("on_finish has steps that run whatever the end was", "[definition]") {
  CheckRefused(
      InFinish("{id: ask, approval: {prompt: p, approvers: [dba]}}"),
      "w.yaml:5:3: an approval cannot stand in on_finish, which runs whatever the end was");
  CheckRefused(InFinish("{id: c, checkpoint: true}"),
               "w.yaml:5:3: a checkpoint cannot stand in on_finish");
  CheckRefused(InFinish("{id: c, succeed: true}"), "w.yaml:5:3: succeed cannot stand in on_finish");
  CheckRefused(InFinish("{id: c, action: do.it, irreversible: true}"),
               "w.yaml:5:3: irreversible: what cannot be undone cannot stand in on_finish");
  CheckRefused(InFinish("{id: c, action: do.it, with: {x: '${steps.a.output}'}}"),
               "the step \"a\" may not have succeeded before the step \"c\"");
  Load(InFinish("{id: c, action: do.it, with: {x: '${has(steps.a) && has(steps.a.output)}'}}"));
  CheckRefused("name: w\nsteps: [{id: a, action: do.it}]\non_finish: []\n",
               "w.yaml:3:12: steps: expected a list of at least one step");
}

TEST_CASE("a sub-workflow is found, and does not run itself", "[definition]") {
  CheckRefused(Running(", with: {rows: 1}"),
               "w.yaml:5:21: workflow: \"inner\" is no workflow that can be found here");
  CheckRefused(Running(""),
               "workflow: \"inner\" has 1 problem of its own, first in line 3: workflow: "
               "\"w\" would run itself",
               {{"inner", "name: inner\nsteps:\n- {id: i, workflow: w}\n"}, {"w", Running("")}});
  CheckRefused("name: w\nsteps:\n- {id: x, workflow: w}\n",
               "w.yaml:3:21: workflow: \"w\" would run itself", {{"w", ""}});
  CheckRefused("name: w\nsteps:\n- {id: x, workflow: 5}\n", "workflow: expected a workflow's name");
  CheckRefused(
      Running(""), "has an on_finish, which only the workflow that a run is of can have",
      {{"inner",
        "name: inner\nsteps: [{id: a, action: do.it}]\non_finish: [{id: b, action: do.it}]\n"}});
}

TEST_CASE("workflows stand in workflows eight deep, and no deeper", "[definition]") {
  Others others;
  for (int i = 1; i <= 9; ++i) {
    const std::string next = i < 9 ? "workflow: n" + std::to_string(i + 1) : "action: do.it";
    others["n" + std::to_string(i)] =
        "name: n" + std::to_string(i) + "\nsteps:\n- {id: s, " + next + "}\n";
  }
  const auto workflow = LoadWith("name: w\nsteps:\n- {id: s, workflow: n2}\n", others);
  CHECK(workflow->steps.back().id == "s/s/s/s/s/s/s/s/s");
  CheckRefused("name: w\nsteps:\n- {id: s, workflow: n1}\n",
               "\"n9\" stands in 8 others already, which is the limit", others);
}

TEST_CASE("a workflow that stands in others many times is read as often as it stands there at most",
          "[definition]") {
  Others others = {{"n8", "name: n8\nsteps:\n- {id: a, action: do.it}\n"}};
  for (int i = 1; i < 8; ++i) {
    const std::string next = "n" + std::to_string(i + 1);
    others["n" + std::to_string(i)] = "name: n" + std::to_string(i) +
                                      "\nsteps:\n- {id: l, workflow: " + next +
                                      "}\n- {id: r, workflow: " + next + "}\n";
  }
  int found = 0;
  const auto count = [&](std::string_view name) {
    ++found;
    return From(others)(name);
  };
  const Loaded loaded =
      LoadWorkflow("name: w\nsteps:\n- {id: s, workflow: n1}\n", &TestActions(), count);
  REQUIRE(loaded.workflow != nullptr);
  CHECK(loaded.workflow->steps.size() == 1 + 254 + 128);
  CHECK(found < 1'000);  // each once as a whole, and once for each place: 2^8 twice over
}

TEST_CASE("a sub-workflow gets the inputs that it has, and no others", "[definition]") {
  CheckRefused(Running(""), "w.yaml:5:21: with: the input \"rows\" is missing (int: how many)",
               kInner);
  CheckRefused(Running(", with: {rows: 1, nmae: a}"),
               "w.yaml:5:44: unknown input \"nmae\"; did you mean \"name\"?", kInner);
  CheckRefused(Running(", with: {rows: many}"), "w.yaml:5:41: rows: ", kInner);
  CheckRefused(Running(", with: all"), "with: expected a map of the workflow's inputs", kInner);
  CheckRefused(Running(", with: {rows: '${inputs.rows}'}"), "unknown input \"rows\"", kInner);
  CheckRefused(
      Running(", with: {t: health}"),
      "w.yaml:5:38: t: expected an expression that answers a target, such as ${inputs.target}",
      {{"inner", "name: inner\ninputs: {t: {type: target}}\nsteps: [{id: a, action: do.it}]\n"}});
  LoadWith(Running(", with: {rows: '${size(inputs.text)}', name: other}"), kInner);
}

TEST_CASE("problems of a sub-workflow are told where it is run", "[definition]") {
  CheckRefused(
      Running(""),
      "w.yaml:5:21: workflow: \"inner\" has 2 problems of its own, first in line 3: unknown "
      "action \"do.ti\"",
      {{"inner", "name: inner\nsteps:\n- {id: a, action: do.ti, nxet: end}\n"}});
  const Others pivot = {
      {"inner",
       "name: inner\nsteps:\n- {id: a, action: do.it}\n\n\n\n\n\n- {id: b, action: do.it, "
       "irreversible: true}\n"}};
  LoadWith(Running(""), pivot);
  CheckRefused(InBranch("{id: x, workflow: inner}"),
               "w.yaml:7:9: x/b: irreversible: what cannot be undone cannot stand in a branch",
               pivot);
}

TEST_CASE("the steps of a sub-workflow have names of their own", "[definition]") {
  const std::string after = "- {id: i1, action: do.it, with: {n: '${steps.x.output.twice}'}}\n";
  const auto workflow = LoadWith(Running(", with: {rows: 1}", after), kInner);
  CHECK(workflow->FindStep("i1") == 5);
  CHECK(workflow->FindStep("x/i1") == 1);
  const auto naming = [&](const std::string& expression) {
    return Running(", with: {rows: 1}",
                   "- {id: y, action: do.it, with: {n: '${" + expression + "}'}}\n");
  };
  CheckRefused(naming("steps.x.output.twcie"),
               "unknown member of steps.x.output \"twcie\"; did you "
               "mean \"twice\"?",
               kInner);
  CheckRefused(naming("steps.i1.output"), "unknown step \"i1\"", kInner);
  CheckRefused(naming("inputs.rows"), "unknown input \"rows\"", kInner);
  CheckRefused(Running(", with: {rows: 1}", "- {id: y, action: do.it, next: i1}\n"),
               "unknown step \"i1\"", kInner);
}

TEST_CASE("what branches answer is known after them, and in no other branch", "[definition]") {
  const auto after = [](const std::string& more) {
    return InBranch("{id: c, action: do.it" + more + "}") +
           "- {id: use, action: do.it, with: {x: '${steps.c.output}'}}\n";
  };
  Load(after(""));
  CheckRefused(after(", on_failure: continue"),
               "the step \"c\" may not have succeeded before the step \"use\"");
  CheckRefused(after(", when: '${now < now}'"),
               "the step \"c\" may not have succeeded before the step \"use\"");
  CheckRefused(InBranch("{id: c, action: do.it, with: {x: '${steps.other.output}'}}"),
               "the step \"other\" may not have succeeded before the step \"c\"");
  CheckRefused(InBranch("{id: c, action: do.it}") +
                   "- {id: use, action: do.it, with: {x: '${steps.p.output}'}}\n",
               "the step \"p\" is parallel, which has no output");
}

TEST_CASE("a stored definition carries the ones that it runs, and is the same again",
          "[definition]") {
  Others others = kInner;
  others["outer"] = "name: outer\nsteps:\n- {id: deep, workflow: inner, with: {rows: 2}}\n";
  const std::string yaml =
      "name: w\nsteps:\n- {id: x, workflow: outer}\n- id: y\n  manual:\n"
      "    prompt: p\n    by: [operator]\n    items: [{id: a, text: t}]\n";
  const auto workflow = LoadWith(yaml, others);
  const Loaded stored = LoadStoredWorkflow(workflow->canonical, &TestActions());
  INFO(stored.Report("stored"));
  REQUIRE(stored.workflow != nullptr);
  CHECK(stored.workflow->canonical == workflow->canonical);
  CHECK(stored.workflow->digest == workflow->digest);
  REQUIRE(stored.workflow->steps.size() == workflow->steps.size());
  CHECK(stored.workflow->steps[2].id == "x/deep/i1");

  others["inner"] += "  more: 1\n";
  CHECK_FALSE(LoadWith(yaml, others)->digest == workflow->digest);
  CheckRefused("name: w\nworkflows: {}\nsteps: [{id: a, action: do.it}]\n",
               "w.yaml:2:1: unknown key \"workflows\"");
}

TEST_CASE("a checklist has items, each with a name of its own", "[definition]") {
  const auto list = [](const std::string& items, const std::string& by = "by: [operator], ") {
    return "name: w\nsteps:\n- {id: m, manual: {prompt: p, " + by + "items: " + items + "}}\n";
  };
  CheckRefused(list("[{id: a, text: t}, {id: a, text: u}]"),
               "w.yaml:3:73: id: an item \"a\" is there already");
  CheckRefused(list("[{id: a, text: t, check: {action: do.it}}]"),
               "check: do.it changes something; only an action that reads can answer an item");
  CheckRefused(list("[]"), "items: expected a list of {id: name, text: what to do}");
  CheckRefused(list("[{id: a}]"), "\"text\" is missing");
  CheckRefused(list("[{id: a, text: t}]", ""), "\"by\" is missing");
  CheckRefused(list("[{id: a, text: t, tset: u}]"), "unknown key \"tset\"");
  Load(list(
      "[{id: a, text: t, check: {action: read.it, timeout: 5s}}, {id: b, text: '${run.id}'}]"));
  CheckRefused(list("[{id: a, text: t}]") +
                   "- {id: u, action: do.it, with: {x: '${steps.m.output.rows}'}}\n",
               "unknown member of steps.m.output \"rows\"");
}

TEST_CASE("an approval is escalated in order, and to somebody", "[definition]") {
  const auto ask = [](const std::string& more) {
    return "name: w\nsteps:\n- {id: a, approval: {prompt: p, approvers: [dba], " + more + "}}\n";
  };
  CheckRefused(ask("escalate: [{after: 5m, to: b}, {after: 5m, to: c}]"),
               "w.yaml:3:82: escalate: each comes later than the one before it");
  CheckRefused(ask("expires: 5m, escalate: [{after: 5m, to: b}]"),
               "escalate: the approval has expired by then");
  CheckRefused(ask("expires: 5m, on_expiry: escalate"),
               "on_expiry: the approval has no \"escalate\" to say to whom");
  CheckRefused(ask("on_expiry: hold"), "on_expiry: the approval has no \"expires\"");
  CheckRefused(ask("escalate: []"), "escalate: expected a list of {after: time, to: role}");
  Load(ask("expires: 9m, on_expiry: escalate, escalate: [{after: 5m, to: b}, {after: 6m, to: c}]"));
}

TEST_CASE("several items at once take a for_each whose action can be undone", "[definition]") {
  CheckRefused("name: w\nsteps:\n- {id: a, action: do.it, max_parallel: 2}\n",
               "w.yaml:3:40: max_parallel: the step has no \"for_each\"");
  const std::string each =
      "name: w\nsteps:\n- {id: a, action: do.it, for_each: '${[1]}', max_parallel: ";
  CheckRefused(each + "2, irreversible: true}\n",
               "max_parallel: what cannot be undone is done one after the other");
  CheckRefused(each + "65}\n", "max_parallel");
  Load(each + "64}\n");
}

TEST_CASE("another action undoes a step where that can be repeated", "[definition]") {
  const auto step = [](const std::string& compensate) {
    return "name: w\nsteps:\n- id: a\n  action: do.it\n  compensate: " + compensate +
           "\n- {id: b, action: do.it}\n";
  };
  CheckRefused(step("{action: once.it}"),
               "w.yaml:5:24: compensate: once.it can neither be repeated nor asked whether it took "
               "effect; what undoes a step must be one of these");
  CheckRefused(step("{action: undo.it}"),
               "compensate: undo.it keeps a record of its own of what it found, and can only be a "
               "step");
  CheckRefused(step("{action: do.ti}"), "unknown action \"do.ti\"");
  CheckRefused(step("{with: {}}"), "\"action\" is missing");
  CheckRefused(step("all"),
               "compensate: expected none or {action: name, with: inputs}, found \"all\"");
  CheckRefused(step("{action: do.it, with: {x: '${steps.b.output}'}}"),
               "the step \"b\" may not have succeeded before the step \"a\"");
  CheckRefused(step("{action: do.it, with: {x: '${item}'}}"), "\"item\" is known in");
  Load(step("{action: do.it, with: {x: '${has(steps.a.output)}'}}"));
  CheckRefused(
      "name: w\nsteps:\n- {id: a, action: do.it, for_each: '${[1]}', "
      "compensate: {action: do.it, with: {x: '${steps.a.output}'}}}\n",
      "the step \"a\" may not have succeeded before the step \"a\"");
  const auto workflow = Load(step("{action: do.it, timeout: 9s, with: {x: '${steps.a.output}'}}"));
  const auto& action = std::get<ActionStep>(workflow->steps[0].kind);
  REQUIRE(action.compensation != nullptr);
  CHECK(action.can_compensate);
  CHECK(action.compensation->timeout == std::chrono::seconds(9));
}

TEST_CASE("a wait is for one thing, and values have names", "[definition]") {
  const auto with = [](const std::string& kind) {
    return "name: w\nsteps:\n- {id: a, " + kind + "}\n";
  };
  CheckRefused(with("wait: {for: 5s, signal: go}"),
               "w.yaml:3:17: wait: expected one of \"for\", \"until\" and \"signal\"");
  CheckRefused(with("wait: {for: 5s, timeout: 9s}"),
               "w.yaml:3:36: timeout: only a wait for a signal has one");
  CheckRefused(with("wait: {signal: Go now}"), "signal");
  CheckRefused(with("set: {}"), "set: expected a map from names to values");
  CheckRefused(with("set: {No: 1}"), "w.yaml:3:17: value");
  CheckRefused(with("set: {n: 1}") + "- {id: b, action: do.it, with: {x: '${steps.a.output.m}'}}\n",
               "unknown member of steps.a.output \"m\"");
  CheckRefused(with("set: {n: 1}, deadline: 5m"),
               "the key \"deadline\" has no meaning in the set step \"a\"");
  CheckRefused(
      with("wait: {for: 5s}") + "- {id: b, action: do.it, with: {x: '${steps.a.output}'}}\n",
      "the step \"a\" is wait, which has no output");
  Load(with("wait: {signal: go, timeout: 9s}") +
       "- {id: b, action: do.it, deadline: 5m, with: {x: '${steps.a.output.payload}'}}\n");
}

}  // namespace recourse::definition
