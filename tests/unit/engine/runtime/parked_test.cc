#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {
namespace {

using machine::RunStatus;
using machine::Vote;

constexpr const char* kConfirmed = R"(
name: confirmed
steps:
  - {id: look, action: test.work}
  - id: confirm
    approval: {prompt: "Go on?", approvers: [dba], quorum: 2}
  - {id: act, action: test.work}
)";

}  // namespace

TEST_CASE_METHOD(EngineFixture, "a run that waits leaves memory and comes back when it is decided",
                 "[runtime]") {
  AddAction("test.work");
  AddWorkflow(kConfirmed);
  StartEngine();
  std::vector<RunId> runs;
  for (int i = 0; i < 5; ++i) runs.push_back(Begin("confirmed"));
  for (const RunId run : runs) {
    const auto row = Settle(run);
    CHECK(row.status == static_cast<int>(RunStatus::kWaiting));
    CHECK(row.waits_for.find("Go on?") != std::string::npos);
  }
  Tick();
  CHECK(engine().info().runs_in_memory == 0);

  const auto open = OpenReader()->ListApprovals(true, runs[2], {}, 10);
  REQUIRE(open);
  REQUIRE(open->size() == 1);
  const ApprovalId id = open->front().approval;
  const auto one = Decide(id, Vote::kApprove, "ann").Get();
  REQUIRE(one);
  CHECK(one->run == runs[2]);
  CHECK(one->prompt == "Go on?");
  CHECK(one->settlement == 0);
  CHECK(one->votes.find("ann") != std::string::npos);

  // Said again it changes nothing, and the row is answered as it is.
  const auto again = Decide(id, Vote::kApprove, "ann").Get();
  REQUIRE(again);
  CHECK(*again == *one);

  const auto two = Decide(id, Vote::kApprove, "bob").Get();
  REQUIRE(two);
  CHECK(two->settlement == static_cast<int>(machine::Settlement::kApproved));
  CHECK(Settle(runs[2]).status == static_cast<int>(RunStatus::kSucceeded));
  CHECK(Row(runs[1]).status == static_cast<int>(RunStatus::kWaiting));
  Tick();
  CHECK(engine().info().runs_in_memory == 0);
}

TEST_CASE_METHOD(EngineFixture, "a vote that cannot count is refused", "[runtime]") {
  AddAction("test.work");
  AddWorkflow(kConfirmed);
  StartEngine();
  const RunId run = Begin("confirmed");
  Settle(run);
  CHECK(Decide(ApprovalId{99}, Vote::kApprove).Get().error().code == Code::kNotFound);
  Answer<journal::ApprovalRow> outsider;
  engine().Vote({ApprovalId{1}, Vote::kApprove, "", "", {"dba"}, ""}, {"eve", {"viewer"}, "test"},
                outsider.Callback());
  // The roles are the caller's, not those that the vote claims.
  CHECK(outsider.Get().error().code == Code::kPermissionDenied);
  REQUIRE(Decide(ApprovalId{1}, Vote::kReject, "bob").Get());
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kRolledBack));
  CHECK(Decide(ApprovalId{1}, Vote::kApprove).Get().error().code != Code{});
}

TEST_CASE_METHOD(EngineFixture, "who waits for a run hears when it is over or asks a person",
                 "[runtime]") {
  Gate gate;
  AddAction("test.work").apply = [&](const Context& context) {
    gate.Pass(context.stop);
    return Value();
  };
  AddWorkflow(R"(
name: confirmed
steps:
  - {id: look, action: test.work}
  - {id: look_again, action: test.work}
  - {id: confirm, approval: {prompt: "Go on?", approvers: [dba]}}
)");
  StartEngine();
  const RunId run = Begin("confirmed");
  auto one = Settled(run);
  auto two = Settled(run);
  Tick();
  CHECK_FALSE(one.IsThere());

  SECTION("asks for an approval") {
    gate.Open();
    CHECK(one.Get()->status == static_cast<int>(RunStatus::kWaiting));
    CHECK(two.Get()->status == static_cast<int>(RunStatus::kWaiting));
    CHECK(Settled(run).Get()->status == static_cast<int>(RunStatus::kWaiting));
  }
  SECTION("is paused, with an attempt still at work") {
    REQUIRE(Send(run, machine::Pause{"lunch"}).Get());
    CHECK(one.Get()->status == static_cast<int>(RunStatus::kPaused));
    CHECK(two.Get()->status == static_cast<int>(RunStatus::kPaused));
    gate.Open();
  }
  SECTION("the engine stops first") {
    StopEngine();
    CHECK(one.Get().error().code == Code::kUnavailable);
    CHECK(two.Get().error().code == Code::kUnavailable);
  }
  gate.Open();
  StopEngine();
}

TEST_CASE_METHOD(EngineFixture, "of a thousand decisions at once exactly one settles the approval",
                 "[runtime]") {
  AddWorkflow(
      "name: ask\non_failure: fail\nsteps:\n  - {id: ask, approval: {prompt: 'Go on?', approvers: "
      "[dba]}}\n");
  StartEngine();
  const RunId run = Begin("ask");
  Settle(run);
  constexpr int kThreads = 8;
  constexpr int kEach = 125;
  std::vector<std::vector<Answer<journal::ApprovalRow>>> answers(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const machine::Vote vote =
            (t + i) % 2 == 0 ? machine::Vote::kApprove : machine::Vote::kReject;
        answers[std::size_t(t)].push_back(
            Decide(ApprovalId{1}, vote, "p" + std::to_string(t * kEach + i)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int taken = 0;
  for (auto& of_thread : answers) {
    for (auto& answer : of_thread) taken += answer.Get() ? 1 : 0;
  }
  CHECK(taken == 1);
  Settle(run);
  const auto events = EventsOf(run);
  CHECK(std::count(events.begin(), events.end(), "ApprovalSettled") == 1);
  CHECK(std::count(events.begin(), events.end(), "VoteCast") == 1);
  StopEngine();
}

}  // namespace recourse::runtime
