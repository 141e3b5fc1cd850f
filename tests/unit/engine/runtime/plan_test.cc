#include <catch2/catch.hpp>
#include <stdexcept>

#include "engine/base/json.h"
#include "engine/runtime/plan_maker.h"
#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {

TEST_CASE_METHOD(EngineFixture, "an approval shows what each step after it would do", "[runtime]") {
  AddAction("test.look", RepeatClass::kReadOnly).apply = [](const Context&) {
    return Value::Object({{"path", "/backups/7"}});
  };
  Scripted& restore = AddAction("test.restore");
  restore.spec.has_plan = true;
  restore.spec.can_compensate = true;
  restore.plan = [](const Context& context) -> Result<ActionPlan> {
    return ActionPlan{{"restore " + context.inputs.StringOr("from", "?")}, 4096, {"loses 3 rows"}};
  };
  Scripted& stop = AddAction("test.stop");
  stop.spec.has_plan = true;
  stop.plan = [](const Context& context) -> Result<ActionPlan> {
    return ActionPlan{{"stop " + context.inputs.StringOr("service", "?")}, 0, {}};
  };
  Scripted& broken = AddAction("test.broken");
  broken.spec.has_plan = true;
  broken.plan = [](const Context&) -> Result<ActionPlan> { throw std::runtime_error("no"); };
  AddAction("test.purge");
  AddAction("test.keep").spec.without_compensation = "none needed: it only adds copies";
  AddWorkflow(R"(
name: planned
steps:
  - {id: choose, action: test.look}
  - {id: confirm, approval: {prompt: "Restore?", approvers: [dba]}}
  - {id: halt, action: test.stop, for_each: "${['web', 'worker']}", with: {service: "${item}"}}
  - id: restore
    summary: Put the backup in place
    action: test.restore
    with: {from: "${steps.choose.output.path}"}
    expect: 2m
  - {id: again, action: test.restore, with: {from: "${steps.restore.output.copy}"}}
  - {id: broken, action: test.broken}
  - {id: purge, action: test.purge, irreversible: true}
  - {id: look, action: test.look}
  - {id: keep, action: test.keep}
  - {id: last, approval: {prompt: "Done?", approvers: [dba]}}
  - {id: after, action: test.look}
)");
  StartEngine();
  const RunId run = Begin("planned");
  Settle(run);
  const auto approval = OpenReader()->FindApproval(ApprovalId{1});
  REQUIRE(approval);
  REQUIRE(approval->has_value());
  const auto plan = ParseJson((*approval)->plan);
  REQUIRE(plan);
  const auto& steps = (*plan)["steps"].as_list();
  REQUIRE(steps.size() == 8);  // up to the next approval
  const auto lines = [&](std::size_t step) { return ToJson(steps[step]["lines"]); };

  CHECK(lines(0) == R"(["for each of 2 items","stop web","stop worker"])");
  CHECK(steps[0]["undo"] == Value("none: a rollback leaves what it did"));
  CHECK(steps[1]["step"] == Value("restore"));
  CHECK(steps[1]["summary"] == Value("Put the backup in place"));
  CHECK(steps[1]["action"] == Value("test.restore"));
  CHECK(lines(1) == R"(["restore /backups/7"])");
  CHECK(steps[1]["expect"] == Value("2m"));
  CHECK(steps[1]["undo"] == Value("compensated by test.restore"));
  CHECK(lines(2).find("not known yet") != std::string::npos);
  CHECK(ToJson(steps[3]["problems"]).find("could not be planned") != std::string::npos);
  CHECK(steps[4]["undo"] == Value("none: irreversible"));
  CHECK(steps[5]["undo"] == Value("changes nothing"));
  CHECK(steps[6]["undo"] == Value("none needed: it only adds copies"));
  CHECK(steps[7]["approval"]["prompt"] == Value("Done?"));
  CHECK((*plan)["bytes_needed"] == Value(4096));
  CHECK(ToJson((*plan)["irreversible"]) == R"(["loses 3 rows","purge cannot be undone"])");
}

TEST_CASE_METHOD(EngineFixture, "an approval says what a rejection and its expiry lead to",
                 "[runtime]") {
  AddAction("test.look", RepeatClass::kReadOnly);
  AddWorkflow(R"(
name: asks
on_failure: pause
steps:
  - id: confirm
    approval: {prompt: "Go on?", approvers: [dba], expires: 1h, on_expiry: reject}
    on_error: {PERMISSION_DENIED: {goto: tell}}
  - {id: look, action: test.look, next: end}
  - {id: tell, action: test.look}
)");
  StartEngine();
  Settle(Begin("asks"));
  const auto approval = OpenReader()->FindApproval(ApprovalId{1});
  REQUIRE((approval && *approval));
  const auto plan = ParseJson((*approval)->plan);
  REQUIRE(plan);
  CHECK((*plan)["if_rejected"] == Value("the run goes on at tell"));
  CHECK((*plan)["if_expired"] ==
        Value("the run waits for an operator; nothing is undone by itself"));
  CHECK((*approval)->digest == PlanDigest(Value(Value::Map()), *plan, "Go on?"));
}

TEST_CASE_METHOD(EngineFixture,
                 "an approval before actions that plan nothing is asked in the start's commit",
                 "[runtime]") {
  AddAction("test.look", RepeatClass::kReadOnly);
  AddWorkflow(R"(
name: asks
steps:
  - {id: confirm, approval: {prompt: "Go on?", approvers: [dba]}}
  - {id: look, action: test.look}
)");
  StartEngine();
  const auto started = Start("asks").Get();
  REQUIRE(started);
  CHECK(started->status == static_cast<int>(machine::RunStatus::kWaiting));
  CHECK(EventsOf(started->run) ==
        std::vector<std::string>{"RunStarted", "PlanStarted", "ApprovalRequested"});
  const auto approval = OpenReader()->FindApproval(ApprovalId{1});
  REQUIRE((approval && *approval));
  const auto plan = ParseJson((*approval)->plan);
  REQUIRE(plan);
  CHECK((*plan)["steps"].as_list().front()["step"] == Value("look"));
}

}  // namespace recourse::runtime
