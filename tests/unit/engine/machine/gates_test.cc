// What an approval holds back, and what stays with it: nobody passes it by another way.
#include <catch2/catch.hpp>

#include "engine/definition/escalation_policy.h"
#include "player.h"

namespace recourse::machine {
namespace {

using namespace std::chrono_literals;

// Answers every plan that is asked for.
void MakePlans(Player& player) {
  std::vector<MakePlan> wanted;
  for (const Effect& effect : player.effects()) {
    if (const auto* make = std::get_if<MakePlan>(&effect)) wanted.push_back(*make);
  }
  for (const MakePlan& make : wanted) {
    player.Send(PlanMade{make.step, Value(), make.of});
    MakePlans(player);
  }
}

// Two approvals at once in the branches d and o, and a step after them.
Player BothAsked(const std::string& more = "") {
  Player player(
      "name: t\non_failure: pause\nsteps:\n  - id: both\n    parallel:\n      branches:\n"
      "        d:\n          - {id: by_dba, approval: {prompt: 'dba?', approvers: [dba]" +
      more +
      "}}\n"
      "        o:\n          - {id: by_owner, approval: {prompt: 'owner?', approvers: [owner]}}\n"
      "  - {id: after, action: do.it}\n");
  player.Start();
  MakePlans(player);
  REQUIRE(ApprovalsOf(player.state()).size() == 2);
  return player;
}

CastVote Ballot(ApprovalId id, machine::Vote vote, std::vector<std::string> roles) {
  CastVote cast;
  cast.id = id;
  cast.vote = vote;
  cast.reason = "because";
  cast.roles = std::move(roles);
  return cast;
}

ApprovalId AskedBy(const Player& player, const std::string& role) {
  for (const AwaitingApproval* open : ApprovalsOf(player.state())) {
    if (open->request.approvers.front() == role) return open->request.id;
  }
  FAIL("nobody asks " << role);
  return {};
}

}  // namespace

TEST_CASE("a step is not skipped over an approval inside that was not given", "[machine]") {
  Player player = BothAsked();
  player.Send(Ballot(AskedBy(player, "dba"), Vote::kApprove, {"dba"}), "p1");
  player.Send(Ballot(AskedBy(player, "owner"), Vote::kReject, {"owner"}), "p2");
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  const Error refused = player.Refused(Skip{"", Value(), "go on"}, "ada");
  CHECK(refused.code == Code::kFailedPrecondition);
  CHECK(refused.message.find("approval") != std::string::npos);
  CHECK(player.history().empty());
}

TEST_CASE("a decision is taken back while its branch waits for another", "[machine]") {
  Player player = BothAsked();
  const ApprovalId dba = AskedBy(player, "dba");
  player.Send(Ballot(dba, Vote::kApprove, {"dba"}), "p1");
  player.Send(Ballot(dba, Vote::kWithdraw, {"dba"}), "p1");
  MakePlans(player);
  player.Send(Ballot(AskedBy(player, "owner"), Vote::kApprove, {"owner"}), "p2");
  CHECK(player.history().empty());  // the branch asks anew
  player.Send(Ballot(AskedBy(player, "dba"), Vote::kApprove, {"dba"}), "p1");
  CHECK(player.started() == "apply after/1");
}

TEST_CASE("a decision is taken back while the next step waits for the window", "[machine]") {
  Player player(
      "name: t\nwindow: {cron: \"0 2 * * *\", duration: 2h}\nsteps:\n"
      "  - {id: ask, approval: {prompt: 'Go on?', approvers: [dba]}}\n"
      "  - {id: change, action: do.it, expect: 10m}\n");
  player.now = Time(24h * 365 * 56) + 1h;
  player.Start();
  MakePlans(player);
  const ApprovalId id = AskedBy(player, "dba");
  player.Vote("p1", Vote::kApprove);
  REQUIRE(player.why().find("change waits for the window") != std::string::npos);
  player.Send(Ballot(id, Vote::kWithdraw, {"dba"}), "p1");
  MakePlans(player);
  CHECK(player.status() == RunStatus::kWaiting);
  CHECK(ApprovalsOf(player.state()).size() == 1);
  for (const Timer& timer : TimersOf(player.state())) CHECK(timer.kind != TimerKind::kWindowOpens);
}

TEST_CASE("what was approved before a checkpoint is not forgotten by a rollback to it",
          "[machine]") {
  Player player(
      "name: t\non_failure: pause\nsteps:\n"
      "  - {id: begin, switch: [{default: confirm}]}\n"
      "  - {id: cp, checkpoint: true}\n"
      "  - {id: hit, action: do.it, with: {value: approved}}\n"
      "  - {id: done, succeed: true}\n"
      "  - {id: confirm, approval: {prompt: 'Hit?', approvers: [dba], exclude_requester: true}, "
      "next: cp}\n");
  player.Start();
  MakePlans(player);
  player.Vote("p1", Vote::kApprove);
  player.Fail(Code::kInternal);
  player.Send(RollBack{"cp", "again", {}}, "ada");
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  OverrideInput change;
  change.step = "hit";
  change.input = "value";
  change.value = Value("another");
  change.reason = "better";
  player.Send(change, "ada");
  // It is asked of those who allowed the plan, and nothing begins by it before.
  REQUIRE(player.state().override_asked);
  CHECK(player.state().override_asked->request.approvers == std::vector<std::string>{"dba"});
  CHECK(player.state().overrides.empty());
}

TEST_CASE("who says what a step has come to does not approve what follows from it", "[machine]") {
  const std::string ask =
      "  - {id: confirm, approval: {prompt: 'Go?', approvers: [dba], exclude_requester: true}}\n  "
      "- {id: b, action: do.it}\n";
  SECTION("by the output of a step that is skipped") {
    Player player("name: t\non_failure: pause\nsteps:\n  - {id: choose, action: do.it}\n" + ask);
    player.Start();
    player.Fail(Code::kInternal);
    player.Send(Skip{"", Value("evil.db"), "I know it"}, "bob");
    MakePlans(player);
    CHECK(player.Refused(Ballot(AskedBy(player, "dba"), Vote::kApprove, {"dba"}), "bob").code ==
          Code::kPermissionDenied);
    player.Vote("p1", Vote::kApprove);
    CHECK(player.started() == "apply b/1");
  }
  SECTION("by what a signal brings") {
    Player player("name: t\nsteps:\n  - {id: choose, wait: {signal: file}}\n" + ask);
    player.Start();
    player.Send(SendSignal{"file", Value("evil.db")}, "bob");
    MakePlans(player);
    CHECK(player.Refused(Ballot(AskedBy(player, "dba"), Vote::kApprove, {"dba"}), "bob").code ==
          Code::kPermissionDenied);
  }
  SECTION("a signal that brings nothing makes nobody an author") {
    Player player("name: t\nsteps:\n  - {id: choose, wait: {signal: file}}\n" + ask);
    player.Start();
    player.Send(SendSignal{"file", Value()}, "bob");
    MakePlans(player);
    player.Send(Ballot(AskedBy(player, "dba"), Vote::kApprove, {"dba"}), "bob");
    CHECK(player.started() == "apply b/1");
  }
}

TEST_CASE("what is asked while something else is open is told too", "[machine]") {
  definition::EscalationPolicy policy;
  policy.name = "site";
  policy.levels.push_back({std::chrono::minutes(0), "level-1", {}});
  policy.levels.push_back({std::chrono::minutes(15), "level-2", {}});
  policy.may_decide = true;
  Player player(
      "name: t\nsteps:\n  - id: both\n    parallel:\n      branches:\n"
      "        d:\n          - {id: one, approval: {prompt: 'one?', approvers: [dba]}}\n"
      "          - {id: two, approval: {prompt: 'two?', approvers: [dba]}}\n"
      "        o:\n          - {id: three, approval: {prompt: 'three?', approvers: [owner]}}\n");
  machine::Start start;
  start.inputs = Value(Value::Map());
  start.policy = definition::PolicyFor(policy, "high");
  player.Send(start, "operator");
  MakePlans(player);
  player.Fire(TimerKind::kPolicyLevel);
  player.Fire(TimerKind::kPolicyLevel);
  SECTION("to all whose time has come") {
    player.Send(Ballot(AskedBy(player, "dba"), Vote::kApprove, {"level-2"}), "lev");
    MakePlans(player);
    player.Fire(TimerKind::kPolicyLevel);
    player.Fire(TimerKind::kPolicyLevel);
    player.Send(Ballot(AskedBy(player, "dba"), Vote::kApprove, {"level-2"}), "lev");
    CHECK(ApprovalsOf(player.state()).size() == 1);
  }
  SECTION("anew when somebody had taken care of the other") {
    player.Send(Acknowledge{"", {"operator"}}, "ada");
    player.Send(Ballot(AskedBy(player, "dba"), Vote::kApprove, {"dba"}), "p1");
    MakePlans(player);
    REQUIRE(player.state().need);
    CHECK_FALSE(player.state().need->acknowledged);
    CHECK(player.state().need->since == player.now);
  }
}

TEST_CASE("who a policy tells takes no place of an approval that counts each role", "[machine]") {
  definition::EscalationPolicy policy;
  policy.name = "site";
  policy.levels.push_back({std::chrono::minutes(0), "level-1", {}});
  policy.levels.push_back({std::chrono::minutes(15), "level-2", {}});
  policy.may_decide = true;
  const auto asked = [&policy](const std::string& approvers) {
    Player player(
        "name: t\nsteps:\n  - {id: ask, approval: {prompt: 'Lose all of it?', approvers: " +
        approvers + "}}\n  - {id: after, action: do.it}\n");
    machine::Start start;
    start.inputs = Value(Value::Map());
    start.policy = definition::PolicyFor(policy, "critical");
    player.Send(start, "operator");
    MakePlans(player);
    player.Fire(TimerKind::kPolicyLevel);
    player.Fire(TimerKind::kPolicyLevel);
    return player;
  };
  Player counted = asked("{dba: 1, owner: 1}");
  const ApprovalId id = AskedBy(counted, "dba");
  for (const char* role : {"level-1", "level-2"}) {
    CHECK(counted.Refused(Ballot(id, Vote::kApprove, {role}), role).code ==
          Code::kPermissionDenied);
  }
  CHECK(counted.history().empty());
  counted.Vote("p1", Vote::kApprove, {"dba"});
  counted.Vote("p2", Vote::kApprove, {"owner"});
  CHECK(counted.started() == "apply after/1");

  // Of one that takes anybody of a list only those decide who came in later.
  Player listed = asked("[dba]");
  CHECK(listed.Refused(Ballot(AskedBy(listed, "dba"), Vote::kApprove, {"level-1"}), "one").code ==
        Code::kPermissionDenied);
  listed.Vote("two", Vote::kApprove, {"level-2"});
  CHECK(listed.started() == "apply after/1");
}

TEST_CASE("a definition whose next step stands at another place is not adopted", "[machine]") {
  const auto yaml = [](const std::string& wipe, const std::string& keep) {
    return "name: t\nwindow: {cron: \"0 2 * * *\", duration: 1h}\non_window_closing: "
           "pause\nsteps:\n"
           "  - {id: look, action: read.it}\n  - {id: change, action: do.it, expect: 10m}\n"
           "  - {id: pick, switch: [{when: '${size(steps.look.output) == 1}', goto: wipe}, "
           "{default: keep}]}\n"
           "  - {id: " +
           wipe +
           ", action: do.it, expect: 2h}\n"
           "  - {id: " +
           keep + ", action: do.it, expect: 2h}\n";
  };
  Player player(yaml("wipe", "keep"));
  player.now = Time(24h * 365 * 56) + 2h;
  player.Start();
  player.Succeed();
  player.Succeed();
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  const AdoptDefinition turned{WorkflowOf(yaml("keep", "wipe")), "the order was wrong"};
  CHECK(player.Refused(turned, "ada").message.find("keep, which is next, is at another place") !=
        std::string::npos);
  const AdoptDefinition shorter{
      WorkflowOf("name: t\nwindow: {cron: \"0 2 * * *\", duration: 1h}\n"
                 "on_window_closing: pause\nsteps:\n  - {id: look, action: read.it}\n"
                 "  - {id: change, action: do.it, expect: 10m}\n"
                 "  - {id: pick, switch: [{default: keep}]}\n"
                 "  - {id: keep, action: do.it, expect: 2h}\n"),
      "no wiping"};
  CHECK(player.Refused(shorter, "ada").code == Code::kFailedPrecondition);
}

}  // namespace recourse::machine
