#include <catch2/catch.hpp>

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
  AddWorkflow(kConfirmed);
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

}  // namespace recourse::runtime
