// The plan of a run that nobody has started, by a real engine.
#include <catch2/catch.hpp>

#include "engine/base/json.h"
#include "engine/base/text.h"
#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {
namespace {

using Catch::Contains;

constexpr const char* kMend = R"(
name: mend
inputs: {target: {type: target, requires: [database]}}
lock: "database/${inputs.target.name}"
steps:
  - {id: stop, action: test.stop, expect: 10s}
  - id: confirm
    approval: {prompt: "Mend ${inputs.target.name}?", approvers: [dba], quorum: 2, expires: 15m}
  - {id: purge, action: test.purge, irreversible: true, expect: 1m}
  - {id: restore, action: test.restore, with: {path: "${inputs.target.database.path}"}, expect: 2m}
  - {id: check, action: test.check, with: {path: "${steps.restore.output.path}"}}
)";

class PlanFixture : public EngineFixture {
 public:
  PlanFixture() {
    AddTarget("name: shop\nsummary: The shop\ndatabase: {kind: sqlite, path: /tmp/shop.db}\n");
    AddAction("test.stop").spec.can_compensate = true;
    AddAction("test.purge");
    restore = &AddAction("test.restore");
    restore->spec.has_plan = true;
    restore->spec.has_prepare = true;
    restore->spec.can_compensate = true;
    restore->plan = [](const Context& context) -> Result<ActionPlan> {
      return ActionPlan{
          {"restore " + context.inputs.StringOr("path", "?")}, 4096, {}, "/tmp/shop.db"};
    };
    Scripted& check = AddAction("test.check", RepeatClass::kReadOnly);
    check.spec.has_plan = true;
    AddWorkflow(kMend);
  }

  Result<RunPlan> Plan(const std::string& workflow = "mend",
                       Value inputs = Value::Object({{"target", "shop"}})) {
    return engine().PlanRun({workflow, std::move(inputs), ""}, caller, *OpenReader(), {});
  }

  Scripted* restore = nullptr;
};

TEST_CASE_METHOD(PlanFixture, "a run is planned to its end, and nothing is started", "[runtime]") {
  int applied = 0;
  restore->apply = [&](const Context&) {
    ++applied;
    return Value();
  };
  StartEngine();
  const auto made = Plan();
  REQUIRE(made);
  const Value& plan = made->plan;
  const auto& steps = plan["steps"].as_list();
  REQUIRE(steps.size() == 5);
  CHECK(steps[1]["approval"]["prompt"] == Value("Mend shop?"));
  CHECK(steps[1]["approval"]["quorum"] == Value(2));
  CHECK(steps[1]["approval"]["expires"] == Value("15m"));
  CHECK(steps[1]["approval"]["if_rejected"] ==
        Value("what was done is undone in reverse order, and the run ends"));
  CHECK(ToJson(steps[3]["lines"]) ==
        R"(["restore /tmp/shop.db","its preconditions hold as things are now"])");
  CHECK(ToJson(steps[4]["lines"]) == R"(["not known yet: it depends on what restore finds"])");
  CHECK(ToJson(plan["irreversible"]) == R"(["purge cannot be undone"])");
  CHECK(plan["expect"] == Value("3m10s"));
  CHECK(ToJson(plan["expect_not_said"]) == R"(["check"])");
  CHECK(ToJson(plan["not_asked"]) == R"(["stop","purge"])");
  const Value& space = plan["space"].as_list().front();
  CHECK(space["needed"] == Value(4096));
  CHECK(space.IntOr("free", 0) > 0);
  // A rollback stops at the pivot.
  CHECK(ToJson(plan["rollback"]) == R"([{"step":"restore","undo":"compensated by test.restore"},)"
                                    R"({"step":"purge","undo":"none: irreversible"}])");
  CHECK(made->digest.size() == 64);
  CHECK(applied == 0);
  CHECK(OpenReader()->ListRuns({})->empty());
}

TEST_CASE_METHOD(PlanFixture, "a plan shows what would fail, and what may change that",
                 "[runtime]") {
  restore->prepare = [](const Context&) -> Outcome { return Aborted("process 7 has it open"); };
  StartEngine();
  const auto made = Plan();
  REQUIRE(made);
  CHECK(ToJson(made->plan["steps"].as_list()[3]["problems"]) ==
        R"(["would fail as things are now: ABORTED: process 7 has it open; but purge comes before )"
        R"(it, and may change that"])");
}

TEST_CASE_METHOD(PlanFixture, "a plan names who holds the lock, and how long past runs took",
                 "[runtime]") {
  AddWorkflow(R"(
name: hold
inputs: {target: {type: target}}
lock: "database/${inputs.target.name}"
steps:
  - {id: stop, action: test.stop}
  - {id: confirm, approval: {prompt: "Go on?", approvers: [dba]}}
)");
  StartEngine();
  const Value shop = Value::Object({{"target", "shop"}});
  CHECK(Plan()->plan["lock"]["holder"] == Value(""));
  CHECK(Plan("hold")->plan["past_runs"]["runs"] == Value(0));
  for (int run = 1; run <= 3; ++run) {
    Settle(Begin("hold", shop));
    clock.Advance(std::chrono::minutes(run));
    REQUIRE(Decide(ApprovalId{run}, machine::Vote::kApprove).Get());
    Settle(RunId{run});
  }
  const RunId holder = Begin("hold", shop);
  Settle(holder);
  const auto made = Plan("hold");
  REQUIRE(made);
  CHECK(made->plan["lock"]["key"] == Value("database/shop"));
  CHECK(made->plan["lock"]["holder"] == Value(holder.ToString()));
  CHECK(made->plan["lock"]["on_locked"] == Value("queue"));
  CHECK(made->plan["past_runs"]["runs"] == Value(3));
  CHECK(made->plan["past_runs"]["median"] == Value("2m"));
  CHECK(made->plan["past_runs"]["longest"] == Value("3m"));
}

TEST_CASE_METHOD(PlanFixture, "a plan says whether the window is open, and until or from when",
                 "[runtime]") {
  const auto window = [&](const std::string& name, const std::string& cron) {
    AddWorkflow("name: " + name + "\ninputs: {target: {type: target}}\nwindow: {cron: '" + cron +
                "', duration: 1h}\nsteps:\n  - {id: a, action: test.work}\n");
  };
  AddAction("test.work");
  window("always", "0 * * * *");
  window("seldom", "0 3 1 7 *");
  AddWorkflow(
      "name: free\ninputs: {target: {type: target}}\nsteps:\n  - {id: a, action: test.work}\n");
  StartEngine();
  const auto always = Plan("always");
  INFO((always ? std::string() : always.error().ToString()));
  REQUIRE(always);
  CHECK(always->plan["window"].StringOr("closes", "") != "");
  const Value closed = Plan("seldom")->plan["window"];
  CHECK(closed["closes"] == Value(""));
  CHECK(closed.StringOr("opens", "").find("-07-01T03:00:00Z") != std::string::npos);
  CHECK(Plan("free")->plan["window"].is_null());
}

TEST_CASE_METHOD(PlanFixture, "a plan is refused for the inputs that a start is refused for",
                 "[runtime]") {
  StartEngine();
  CHECK_THAT(Plan("mnd").error().ToString(), Contains("did you mean \"mend\"?"));
  CHECK(Plan("mend", Value::Object({{"target", "shpo"}})).error().code == Code::kNotFound);
  CHECK(Plan("mend", Value::Object({{"tagret", "shop"}})).error().code == Code::kInvalidArgument);
}

TEST_CASE_METHOD(PlanFixture, "a plan that is stopped says which actions were not asked",
                 "[runtime]") {
  std::stop_source stop;
  restore->plan = [&](const Context& context) -> Result<ActionPlan> {
    stop.request_stop();
    // The action's own token follows the caller's.
    return context.stop.stop_requested() ? Result<ActionPlan>(context.StopError())
                                         : Result<ActionPlan>(ActionPlan{});
  };
  StartEngine();
  const auto made = engine().PlanRun({"mend", Value::Object({{"target", "shop"}}), ""}, caller,
                                     *OpenReader(), stop.get_token());
  REQUIRE(made);
  const Value& step = made->plan["steps"].as_list()[3];
  CHECK_THAT(ToJson(step["problems"]), Contains("CANCELLED"));
  CHECK_THAT(ToJson(step["lines"]), Contains("its preconditions were not checked"));
}

}  // namespace
}  // namespace recourse::runtime
