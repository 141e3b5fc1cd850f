// Several lanes of a run that want the same thing at once: the journal takes it. The fixture checks
// the whole journal after each test.
#include <catch2/catch.hpp>

#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {
namespace {

using machine::RunStatus;
using std::chrono::seconds;

}  // namespace

TEST_CASE_METHOD(EngineFixture, "two branches wait for times of their own", "[runtime]") {
  AddAction("test.work");
  AddWorkflow(R"(
name: waits
steps:
  - {id: first, action: test.work}
  - id: both
    parallel:
      branches:
        a: [{id: short, wait: {for: 20s}}]
        b: [{id: long, wait: {for: 30s}}]
)");
  StartEngine();
  const RunId run = Begin("waits");
  const auto settled = Settled(run);
  while (static_cast<RunStatus>(Row(run).status) != RunStatus::kWaiting) std::this_thread::yield();
  CHECK(OpenReader()->TimersOfRun(run)->size() == 2);
  clock.Advance(seconds(20));
  Tick();
  CHECK_FALSE(settled.IsThere());
  clock.Advance(seconds(10));
  Tick();
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
}

TEST_CASE_METHOD(EngineFixture, "two branches that failed are tried again", "[runtime]") {
  Scripted& action = AddAction("test.work");
  std::atomic<int> tries = 0;
  action.apply = [&](const Context&) -> Outcome {
    if (++tries <= 2) return Error{Code::kUnavailable, "not yet"};
    return Value();
  };
  AddWorkflow(R"(
name: retries
steps:
  - id: both
    parallel:
      branches:
        a: [{id: one, action: test.work, retry: {attempts: 3, delay: 5s, on: [UNAVAILABLE]}}]
        b: [{id: two, action: test.work, retry: {attempts: 3, delay: 5s, on: [UNAVAILABLE]}}]
)");
  StartEngine();
  const RunId run = Begin("retries");
  while (OpenReader()->TimersOfRun(run)->size() != 2) std::this_thread::yield();
  clock.Advance(seconds(5));
  Tick();
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
  StopEngine();
}

TEST_CASE_METHOD(EngineFixture, "two approvals are asked for by one decision, and each is told",
                 "[runtime]") {
  options.route = [](const machine::Notify&, const journal::RunRow&) {
    return std::vector<std::string>{"mail"};
  };
  AddWorkflow(R"(
name: asks
steps:
  - id: both
    parallel:
      branches:
        a: [{id: one, approval: {prompt: "One?", approvers: [dba], expires: 10m}}]
        b: [{id: two, approval: {prompt: "Two?", approvers: [dba], expires: 20m}}]
)");
  StartEngine();
  const RunId run = Begin("asks");
  while (OpenReader()->ListApprovals(true, run, {}, 10)->size() != 2) std::this_thread::yield();
  CHECK(OpenReader()->UnsentNotifications("mail", 10)->size() == 2);
  CHECK(OpenReader()->TimersOfRun(run)->size() >= 2);
}

TEST_CASE_METHOD(EngineFixture,
                 "two attempts that may have taken effect are both asked about after a crash",
                 "[runtime]") {
  options.route = [](const machine::Notify&, const journal::RunRow&) {
    return std::vector<std::string>{"mail"};
  };
  Scripted& action = AddAction("test.once", RepeatClass::kOnce);
  std::atomic<int> at_work = 0;
  std::atomic<bool> go_on = false;
  action.apply = [&](const Context&) -> Outcome {
    ++at_work;
    while (!go_on) std::this_thread::yield();
    return Value();
  };
  AddWorkflow(R"(
name: twice
steps:
  - {id: each, action: test.once, for_each: "${[1, 2]}", max_parallel: 2}
)");
  StartEngine();
  const RunId run = Begin("twice");
  while (at_work < 2) std::this_thread::yield();
  journal().RefuseWith([](auto) { return Unavailable("the process is gone"); });
  go_on = true;
  Crash();
  journal().RefuseWith({});
  StartEngine();
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kNeedsAttention));
}

TEST_CASE_METHOD(
    EngineFixture,
    "an approval that is given and taken back while its clock stands is indexed as it is",
    "[runtime]") {
  AddAction("test.work");
  AddWorkflow(R"(
name: clock
on_failure: pause
steps:
  - {id: confirm, pause_stops_clock: true, approval: {prompt: "Sure?", approvers: [dba], expires: 10m}}
  - {id: work, action: test.work}
)");
  StartEngine();
  const RunId run = Begin("clock");
  while (OpenReader()->ListApprovals(true, run, {}, 10)->empty()) std::this_thread::yield();
  const ApprovalId id = OpenReader()->ListApprovals(true, run, {}, 10)->front().approval;
  REQUIRE(Send(run, machine::Pause{"wait"}).Get());
  REQUIRE(Decide(id, machine::Vote::kApprove).Get());
  machine::CastVote back;
  back.id = id;
  back.vote = machine::Vote::kWithdraw;
  back.reason = "oops";
  Answer<journal::ApprovalRow> withdrawn;
  engine().Vote(back, caller, withdrawn.Callback());
  CHECK(withdrawn.Get());
}

}  // namespace recourse::runtime
