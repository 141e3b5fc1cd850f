// Definitions that change while the engine runs.
#include <catch2/catch.hpp>

#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {
namespace {

std::string Asks(const std::string& step) {
  return "name: asks\nsteps:\n"
         "  - {id: confirm, approval: {prompt: \"Go on?\", approvers: [dba]}}\n"
         "  - {id: " +
         step + ", action: test.act}\n";
}

TEST_CASE_METHOD(EngineFixture, "a run that has begun keeps its definition when that is reloaded",
                 "[runtime]") {
  AddAction("test.act");
  AddWorkflow(Asks("old"));
  StartEngine();
  const RunId before = Begin("asks");
  Settle(before);

  AddWorkflow(Asks("fresh"));
  REQUIRE(Reload());
  const RunId after = Begin("asks");
  Settle(after);
  REQUIRE(Decide(ApprovalId{1}, machine::Vote::kApprove).Get());
  REQUIRE(Decide(ApprovalId{2}, machine::Vote::kApprove).Get());
  Settle(before);
  Settle(after);
  CHECK(KeyOf(before, "old").find("/old/1") != std::string::npos);
  CHECK(KeyOf(after, "fresh").find("/fresh/1") != std::string::npos);
  CHECK(Row(before).digest != Row(after).digest);
  CHECK(engine().DefinitionOf(Row(before).digest));
}

TEST_CASE_METHOD(EngineFixture, "targets are those of the last reload, and of the start for a run",
                 "[runtime]") {
  AddAction("test.act");
  AddWorkflow("name: one\ninputs: {target: {type: target}}\nsteps: [{id: a, action: test.act}]\n");
  StartEngine();
  const Value shop = Value::Object({{"target", "shop"}});
  CHECK(Start("one", shop).Get().error().code == Code::kNotFound);
  AddTarget("name: shop\nsummary: The shop\n");
  REQUIRE(Reload());
  CHECK(Row(Begin("one", shop)).target == "shop");
}

TEST_CASE_METHOD(EngineFixture, "schedules follow a reload, and keep what they have come to",
                 "[runtime]") {
  AddAction("test.act");
  AddWorkflow("name: one\nsteps: [{id: a, action: test.act}]\n");
  AddSchedule("name: hourly\nworkflow: one\ncron: \"0 * * * *\"\n");
  StartEngine();
  clock.Advance(std::chrono::hours(1));
  Tick();
  Settle(RunId{1});

  // Another expression: what it would have started before the reload is not made up for.
  AddSchedule("name: hourly\nworkflow: one\ncron: \"30 * * * *\"\n");
  AddSchedule("name: added\nworkflow: one\ncron: \"15 * * * *\"\n");
  REQUIRE(Reload());
  CHECK(OpenReader()->ListSchedules()->size() == 2);
  CHECK(engine().catalogue()->schedules.size() == 2);
  clock.Advance(std::chrono::minutes(15));
  Tick();
  CHECK(Settle(RunId{2}).requester == "schedule:added");

  DropSchedule("hourly");
  REQUIRE(Reload());
  clock.Advance(std::chrono::minutes(15));
  Tick();
  CHECK_FALSE(*OpenReader()->FindRun(RunId{3}));
}

TEST_CASE_METHOD(EngineFixture, "an engine that has stopped refuses a reload", "[runtime]") {
  AddAction("test.act");
  StartEngine();
  engine().Stop(std::chrono::milliseconds(0));
  CHECK(Reload().error().code == Code::kUnavailable);
}

}  // namespace
}  // namespace recourse::runtime
