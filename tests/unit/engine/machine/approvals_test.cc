#include <catch2/catch.hpp>

#include "player.h"

namespace recourse::machine {
namespace {

std::string Asking(std::string_view more) {
  return "name: t\non_failure: fail\nsteps:\n"
         "  - {id: ask, approval: {prompt: 'Go on?', approvers: [dba, owner]" +
         std::string(more) + "}}\n  - {id: b, action: do.it}\n";
}

Player Asked(std::string_view more = "") {
  Player player(Asking(more));
  player.Start();
  player.Send(PlanMade{0, Value::Object({{"bytes_needed", 5}})});
  REQUIRE(player.status() == RunStatus::kWaiting);
  return player;
}

CastVote VoteBy(std::vector<std::string> roles, Vote vote = Vote::kApprove) {
  CastVote cast;
  cast.id = ApprovalId{381};
  cast.vote = vote;
  cast.roles = std::move(roles);
  return cast;
}

}  // namespace

TEST_CASE("an approval shows the plan of what follows, then waits", "[machine]") {
  Player player(Asking(""));
  player.Start();
  REQUIRE(player.effects().size() == 1);
  CHECK(std::get<MakePlan>(player.effects()[0]).step == 0);
  player.Send(PlanMade{0, Value::Object({{"bytes_needed", 5}})});
  CHECK(player.why() == "approval A-381: Go on?");
  const auto why = WhyItWaits(player.workflow(), player.state());
  CHECK(why->who == "dba or owner");
  CHECK(std::holds_alternative<Notify>(player.effects()[0]));
  player.Vote("p1", Vote::kApprove);
  CHECK(player.started() == "apply b/1");
}

TEST_CASE("quorum counts people, not votes", "[machine]") {
  Player player = Asked(", quorum: 2");
  player.Vote("p1", Vote::kApprove);
  player.Vote("p1", Vote::kApprove);
  CHECK(player.status() == RunStatus::kWaiting);
  player.Vote("p2", Vote::kApprove, {"owner"});
  CHECK(player.started() == "apply b/1");
}

TEST_CASE("deny wins, also after an approval, and fails the step with the reason", "[machine]") {
  Player player = Asked(", quorum: 2");
  player.Vote("p1", Vote::kApprove);
  player.Vote("p2", Vote::kReject);
  CHECK(player.status() == RunStatus::kFailed);
  CHECK(player.state().error->message == "rejected by p2: because");
  CHECK(player.started() == "nothing");
}

TEST_CASE("who may not decide is told why, and nothing happens", "[machine]") {
  SECTION("a role that is not asked") {
    Player player = Asked();
    CHECK(player.Refused(VoteBy({"viewer"}), "p1").code == Code::kPermissionDenied);
  }
  SECTION("the requester, where excluded") {
    Player player = Asked(", exclude_requester: true");
    CHECK(player.Refused(VoteBy({"dba"}), "operator").code == Code::kPermissionDenied);
    player.Vote("p1", Vote::kApprove);
    CHECK(player.started() == "apply b/1");
  }
  SECTION("an empty list of approvers means nobody") {
    Player player("name: t\nsteps:\n  - {id: ask, approval: {prompt: 'Go on?', approvers: []}}\n");
    player.Start();
    CHECK(player.Refused(VoteBy({"dba", "admin"}), "p1").code == Code::kPermissionDenied);
  }
  SECTION("a rejection without a reason") {
    Player player = Asked();
    CHECK(player.Refused(VoteBy({"dba"}, Vote::kReject), "p1").code == Code::kInvalidArgument);
  }
}

TEST_CASE("an approval is bound to the digest of what was shown", "[machine]") {
  Player player = Asked();
  CastVote cast = VoteBy({"dba"});
  cast.digest = "another";
  CHECK(player.Refused(cast, "p1").code == Code::kAborted);
  cast.digest = std::get<AwaitingApproval>(*ActivityOf(player.state())).request.digest;
  player.Send(cast, "p1");
  CHECK(player.started() == "apply b/1");

  Player other(Asking(""));
  other.Start();
  other.Send(PlanMade{0, Value::Object({{"bytes_needed", 6}})});
  CHECK(std::get<AwaitingApproval>(*ActivityOf(other.state())).request.digest != cast.digest);
}

TEST_CASE("expiry never approves", "[machine]") {
  SECTION("hold: the run asks an operator, and retry asks the approvers anew") {
    Player player = Asked(", expires: 15m");
    player.Fire(TimerKind::kApprovalExpiry);
    CHECK(player.status() == RunStatus::kNeedsAttention);
    CHECK(player.started() == "nothing");
    CHECK(player.Refused(VoteBy({"dba"}), "p1").code == Code::kFailedPrecondition);
    CHECK(player.Refused(Skip{}, "operator").code == Code::kFailedPrecondition);
    player.Send(Retry{}, "operator");
    player.Send(PlanMade{0, Value()});
    player.Vote("p1", Vote::kApprove);
    CHECK(player.started() == "apply b/1");
  }
  SECTION("reject: the step fails, as a time-out and not as a person's no") {
    Player player = Asked(", expires: 15m, on_expiry: reject");
    player.Fire(TimerKind::kApprovalExpiry);
    CHECK(player.status() == RunStatus::kFailed);
    CHECK(player.state().error->code == Code::kDeadlineExceeded);
  }
}

TEST_CASE("pause keeps the approval's clock and takes votes, but starts nothing", "[machine]") {
  Player player = Asked(", expires: 15m");
  player.Send(Pause{}, "operator");
  CHECK(TimersOf(player.state()) ==
        std::vector<Timer>{{TimerKind::kApprovalExpiry, player.now + std::chrono::minutes(15)},
                           {TimerKind::kEscalation, player.now + std::chrono::seconds(450)}});
  player.Vote("p1", Vote::kApprove);
  CHECK(player.status() == RunStatus::kPaused);
  CHECK(player.started() == "nothing");
  player.Send(Resume{}, "operator");
  CHECK(player.started() == "apply b/1");
}

TEST_CASE("a vote on an approval that is settled is told so", "[machine]") {
  Player player = Asked();
  player.Vote("p1", Vote::kApprove);
  CHECK(player.Refused(VoteBy({"dba"}), "p2").code == Code::kFailedPrecondition);
}

TEST_CASE("an approval that is not given is passed by nothing that lets failures pass",
          "[machine]") {
  Player player(
      "name: t\non_failure: continue\nsteps:\n"
      "  - {id: ask, approval: {prompt: x, approvers: [dba], expires: 1m, on_expiry: reject}}\n"
      "  - {id: wipe, action: once.it}\n");
  player.Start();
  player.Send(PlanMade{0, Value()});
  SECTION("rejected") { player.Vote("p1", Vote::kReject); }
  SECTION("expired") { player.Fire(TimerKind::kApprovalExpiry); }
  CHECK(player.status() == RunStatus::kNeedsAttention);
  CHECK(player.started() == "nothing");
}

TEST_CASE("an approval that was rejected is not skipped either", "[machine]") {
  Player player(
      "name: t\non_failure: pause\nsteps:\n"
      "  - {id: ask, approval: {prompt: x, approvers: [dba]}}\n  - {id: wipe, action: once.it}\n");
  player.Start();
  player.Send(PlanMade{0, Value()});
  player.Vote("p1", Vote::kReject);
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  CHECK(player.Refused(Skip{"", Value(), "go"}, "operator").code == Code::kFailedPrecondition);
  CHECK(WhyItWaits(player.workflow(), player.state())->who ==
        "an operator: retry (ask again), rollback or cancel");
  player.Send(Retry{"asked them"}, "operator");
  CHECK(std::holds_alternative<Planning>(*ActivityOf(player.state())));
}

TEST_CASE("a vote after the expiry does not count, though no timer has fired yet", "[machine]") {
  Player player = Asked(", expires: 15m");
  player.now += std::chrono::hours(1);
  const Error error = player.Refused(VoteBy({"dba"}), "p1");
  CHECK(error.code == Code::kAborted);
  CHECK(error.message.find("expired") != std::string::npos);
}

}  // namespace recourse::machine
