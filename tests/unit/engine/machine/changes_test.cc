// What people change of a run: an effect that they tell, another input, another definition; and who
// is told while it needs a person.
#include <catch2/catch.hpp>

#include "player.h"

namespace recourse::machine {
namespace {

using std::chrono::minutes;

const StartPhase& StartedIn(const Player& player) {
  for (const Effect& effect : player.effects()) {
    if (const auto* start = std::get_if<StartPhase>(&effect)) return *start;
  }
  FAIL("nothing was started");
  std::abort();
}

Value Levels(std::initializer_list<std::pair<minutes, const char*>> levels,
             bool may_decide = false) {
  definition::EscalationPolicy policy;
  policy.name = "site";
  for (const auto& [after, to] : levels) policy.levels.push_back({after, to, {}});
  policy.may_decide = may_decide;
  return definition::PolicyFor(policy, "high");
}

Player WithPolicy(const std::string& steps, Value levels) {
  Player player("name: t\non_failure: pause\nsteps:\n" + steps);
  machine::Start start;
  start.inputs = Value(Value::Map());
  start.policy = std::move(levels);
  player.Send(start, "operator");
  return player;
}

}  // namespace

TEST_CASE("a person tells an effect that is in doubt", "[machine]") {
  Player player("name: t\nsteps:\n  - {id: a, action: once.it}\n  - {id: b, action: do.it}\n");
  player.Start();
  player.Send(Restarted{});
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  CHECK(player.Refused(ResolveEffect{"a", Finding::kApplied, {}, ""}, "ada").code ==
        Code::kInvalidArgument);
  SECTION("applied, with the output that it should have had") {
    player.Send(ResolveEffect{"a", Finding::kApplied, Value("x"), "I looked"}, "ada");
    CHECK(player.started() == "apply b/1");
    CHECK(player.state().steps.at(0).output == Value("x"));
  }
  SECTION("not applied: it is done again, under a new key") {
    player.Send(ResolveEffect{"a", Finding::kNotApplied, {}, "I looked"}, "ada");
    CHECK(player.started() == "apply a/2");
  }
  SECTION("not applied has no output") {
    CHECK(player.Refused(ResolveEffect{"a", Finding::kNotApplied, Value("x"), "I looked"}, "ada")
              .code == Code::kInvalidArgument);
  }
}

TEST_CASE("what is not in doubt is not resolved", "[machine]") {
  Player player("name: t\non_failure: pause\nsteps:\n  - {id: a, action: do.it}\n");
  player.Start();
  player.Fail(Code::kInternal);
  CHECK(player.Refused(ResolveEffect{"", Finding::kApplied, {}, "I looked"}, "ada").code ==
        Code::kFailedPrecondition);
}

TEST_CASE("an overridden input is what the next attempt gets", "[machine]") {
  Player player(
      "name: t\non_failure: pause\nsteps:\n"
      "  - {id: a, action: do.it, with: {value: old}}\n");
  player.Start();
  player.Fail(Code::kInternal);
  CHECK(player.Refused(OverrideInput{"b", "value", Value("new"), "typing error"}, "ada").code ==
        Code::kInvalidArgument);
  player.Send(OverrideInput{"a", "value", Value("new"), "typing error"}, "ada");
  player.Send(Retry{}, "ada");
  CHECK(StartedIn(player).inputs["value"] == Value("new"));
}

TEST_CASE("an input of a step that is done or at work is not overridden", "[machine]") {
  Player player(
      "name: t\nsteps:\n  - {id: a, action: do.it}\n  - {id: b, action: do.it}\n"
      "  - {id: ask, approval: {prompt: 'Go on?', approvers: [dba]}}\n");
  player.Start();
  player.Succeed();
  player.Send(Pause{}, "ada");
  const OverrideInput done{"a", "value", Value("new"), "typing error"};
  const OverrideInput at_work{"b", "value", Value("new"), "typing error"};
  CHECK(player.Refused(done, "ada").code == Code::kFailedPrecondition);
  CHECK(player.Refused(at_work, "ada").code == Code::kFailedPrecondition);
}

TEST_CASE("an override while an approval is open voids it and asks anew", "[machine]") {
  Player player(
      "name: t\nsteps:\n  - {id: ask, approval: {prompt: 'Go on?', approvers: [dba]}}\n"
      "  - {id: b, action: do.it, with: {value: old}}\n");
  player.Start();
  player.Send(PlanMade{0, Value::Object({{"b", "old"}})});
  player.Send(OverrideInput{"b", "value", Value("new"), "typing error"}, "ada");
  CHECK(ApprovalsOf(player.state()).empty());
  CHECK(std::holds_alternative<MakePlan>(player.effects()[0]));
  player.Send(PlanMade{0, Value::Object({{"b", "new"}})});
  player.Vote("p1", Vote::kApprove);
  CHECK(StartedIn(player).inputs["value"] == Value("new"));
}

TEST_CASE("after an approval was given, an override is asked of those who gave it", "[machine]") {
  Player player(
      "name: t\non_failure: pause\nsteps:\n  - {id: ask, approval: {prompt: 'Go on?', approvers: "
      "[dba]}}\n"
      "  - {id: b, action: do.it, with: {value: old}}\n");
  player.Start();
  player.Send(PlanMade{0, Value()});
  player.Vote("p1", Vote::kApprove);
  player.Fail(Code::kInternal);
  player.Send(OverrideInput{"b", "value", Value("new"), "typing error"}, "ada");
  const auto open = ApprovalsOf(player.state());
  REQUIRE(open.size() == 1);
  CHECK(open[0]->request.prompt.find("ada says: typing error") != std::string::npos);
  CHECK(player.Refused(Retry{}, "ada").code == Code::kFailedPrecondition);
  CastVote cast;
  cast.id = open[0]->request.id;
  cast.roles = {"dba"};
  SECTION("approved: it holds, and the run is as it was") {
    CHECK(player.Refused(cast, "ada").code == Code::kPermissionDenied);
    player.Send(cast, "p1");
    CHECK(player.status() == RunStatus::kNeedsAttention);
    player.Send(Retry{}, "ada");
    CHECK(StartedIn(player).inputs["value"] == Value("new"));
  }
  SECTION("rejected, also by who asked: nothing changes") {
    cast.vote = Vote::kReject;
    cast.reason = "no need";
    cast.roles = {};
    player.Send(cast, "ada");
    player.Send(Retry{}, "ada");
    CHECK(StartedIn(player).inputs["value"] == Value("old"));
  }
  SECTION("the run ends: the question is void") {
    player.Send(Cancel{"enough", false, {}}, "ada");
    CHECK(ApprovalsOf(player.state()).empty());
  }
}

TEST_CASE("an override that needs an approval is asked of a run that does not go on meanwhile",
          "[machine]") {
  Player player(
      "name: t\nsteps:\n  - {id: ask, approval: {prompt: 'Go on?', approvers: [dba]}}\n"
      "  - {id: b, action: do.it, with: {value: old}, retry: {attempts: 3, delay: 1m, on: "
      "[UNAVAILABLE]}}\n");
  player.Start();
  player.Send(PlanMade{0, Value()});
  player.Vote("p1", Vote::kApprove);
  player.Fail(Code::kUnavailable);
  REQUIRE(player.status() == RunStatus::kWaiting);
  const OverrideInput change{"b", "value", Value("new"), "typing error"};
  CHECK(player.Refused(change, "ada").code == Code::kFailedPrecondition);
  player.Send(Pause{"hold it"}, "ada");
  player.Send(change, "ada");
  REQUIRE(ApprovalsOf(player.state()).size() == 1);
  player.Send(RollBack{"", "enough", {}}, "ada");
  CHECK(ApprovalsOf(player.state()).empty());
}

TEST_CASE("an input is not overridden while the plan of an approval is being made", "[machine]") {
  Player player(
      "name: t\nsteps:\n  - {id: ask, approval: {prompt: 'Go on?', approvers: [dba]}}\n"
      "  - {id: b, action: do.it, with: {value: old}}\n");
  player.Start();
  player.Send(Pause{}, "ada");
  const OverrideInput change{"b", "value", Value("new"), "typing error"};
  CHECK(player.Refused(change, "ada").code == Code::kFailedPrecondition);
}

TEST_CASE("a plan that was made for an earlier visit is not shown", "[machine]") {
  Player player(
      "name: t\nsteps:\n  - {id: ask, approval: {prompt: 'Go on?', approvers: [dba]}}\n"
      "  - {id: b, action: do.it}\n");
  player.Start();
  const auto made = std::get<MakePlan>(player.effects()[0]);
  PlanMade stale{0, Value(), made.of + 1};
  CHECK(player.Refused(stale).code == Code::kAborted);
  player.Send(PlanMade{0, Value(), made.of});
  CHECK(player.status() == RunStatus::kWaiting);
}

TEST_CASE("what was overridden changes the digest of every approval that follows", "[machine]") {
  Player player(
      "name: t\nsteps:\n  - {id: ask, approval: {prompt: 'Go on?', approvers: [dba]}}\n"
      "  - {id: b, action: do.it, with: {value: old}}\n");
  player.Start();
  player.Send(PlanMade{0, Value()});
  const std::string before = ApprovalsOf(player.state()).front()->request.digest;
  player.Send(OverrideInput{"b", "value", Value("new"), "typing error"}, "ada");
  player.Send(PlanMade{0, Value()});
  CHECK(ApprovalsOf(player.state()).front()->request.digest != before);
}

TEST_CASE(
    "who asked for an override is its author, not who allowed it; quarantine voids the question",
    "[machine]") {
  Player player(
      "name: t\non_failure: pause\nsteps:\n  - {id: ask, approval: {prompt: 'Go on?', approvers: "
      "[dba]}}\n"
      "  - {id: b, action: do.it, with: {value: old}}\n");
  player.Start();
  player.Send(PlanMade{0, Value()});
  player.Vote("p1", Vote::kApprove);
  player.Fail(Code::kInternal);
  player.Send(OverrideInput{"b", "value", Value("new"), "typing error"}, "ada");
  CastVote cast;
  cast.id = ApprovalsOf(player.state()).front()->request.id;
  cast.roles = {"dba"};
  SECTION("allowed") {
    player.Send(cast, "p1");
    CHECK(player.state().authors == std::set<std::string>{"ada"});
  }
  SECTION("put aside") {
    player.Send(Quarantine{"not now"}, "ada");
    CHECK(ApprovalsOf(player.state()).empty());
    player.Send(Resume{}, "ada");
    player.Send(Retry{}, "ada");
    CHECK(StartedIn(player).inputs["value"] == Value("old"));
  }
}

TEST_CASE("who has no part in a run does not silence its escalation", "[machine]") {
  Player player = WithPolicy("  - {id: a, action: do.it}\n", Levels({{minutes(5), "level-2"}}));
  player.Fail(Code::kInternal);
  CHECK(player.Refused(Acknowledge{"", {"viewer"}}, "eve").code == Code::kPermissionDenied);
  player.Send(Acknowledge{"", {"level-2"}}, "kim");
  CHECK(TimersOf(player.state()).empty());
}

TEST_CASE("a run takes another definition that is the same as far as it has come", "[machine]") {
  const std::string head =
      "name: t\non_failure: pause\nsteps:\n  - {id: a, action: do.it, with: {value: 1}}\n";
  Player player(head + "  - {id: b, action: do.it, with: {value: wrong}}\n");
  player.Start();
  player.Send(Pause{"the next one is wrong"}, "ada");
  player.Send(Applied{{0, -1}, 1, Value(Value::Map()), {}});
  const auto adopt = [](const std::string& yaml) {
    return AdoptDefinition{WorkflowOf(yaml), "the next step was wrong"};
  };
  SECTION("what comes next is what the new one says") {
    player.Send(
        adopt(head +
              "  - {id: b, action: do.it, with: {value: right}}\n  - {id: c, action: do.it}\n"),
        "ada");
    player.Send(Resume{}, "ada");
    CHECK(StartedIn(player).inputs["value"] == Value("right"));
    player.Succeed();
    CHECK(player.started() == "apply c/1");
  }
  SECTION("a step that is done is another") {
    const Error refused = player.Refused(
        adopt("name: t\non_failure: pause\nsteps:\n  - {id: a, action: do.it, with: {value: 2}}\n"
              "  - {id: b, action: do.it}\n"),
        "ada");
    CHECK(refused.message.find("step a is not the same") != std::string::npos);
  }
  SECTION("the inputs are others") {
    const AdoptDefinition other =
        adopt("inputs: {x: {type: string, default: y}}\n" + head + "  - {id: b, action: do.it}\n");
    CHECK(player.Refused(other, "ada").message.find("\"inputs\" is not the same") !=
          std::string::npos);
  }
  SECTION("the same one again") {
    const AdoptDefinition same = adopt(head + "  - {id: b, action: do.it, with: {value: wrong}}\n");
    CHECK(player.Refused(same, "ada").message.find("already") != std::string::npos);
  }
}

TEST_CASE("the levels of the policy are told in turn until somebody acknowledges", "[machine]") {
  Player player = WithPolicy(
      "  - {id: a, action: do.it}\n",
      Levels({{minutes(0), "level-1"}, {minutes(15), "level-2"}, {minutes(60), "level-3"}}));
  CHECK_FALSE(player.state().need);
  player.Fail(Code::kInternal);
  const Time since = player.now;
  player.Fire(TimerKind::kPolicyLevel);
  REQUIRE(player.effects().size() == 1);
  CHECK(std::get<Notify>(player.effects()[0]).text.find("level-1: R-7 (t, ") == 0);
  player.Fire(TimerKind::kPolicyLevel);
  CHECK(player.now == since + minutes(15));
  CHECK(TimersOf(player.state()) ==
        std::vector<Timer>{{TimerKind::kPolicyLevel, since + minutes(60)}});
  player.Send(Acknowledge{"I am on it", {"operator"}}, "ada");
  CHECK(TimersOf(player.state()).empty());
  const Error taken = player.Refused(Acknowledge{"", {"operator"}}, "kim");
  CHECK(taken.message.find("acknowledged by ada already") != std::string::npos);
  // What it asks next is a new need.
  player.Send(Retry{}, "ada");
  CHECK_FALSE(player.state().need);
  player.Fail(Code::kInternal);
  CHECK(TimersOf(player.state()).size() == 1);
}

TEST_CASE("a policy can let those it tells decide what is open", "[machine]") {
  Player player = WithPolicy(
      "  - {id: ask, approval: {prompt: 'Go on?', approvers: [dba]}}\n  - {id: b, action: do.it}\n",
      Levels({{minutes(5), "level-2"}}, true));
  player.Send(PlanMade{0, Value()});
  player.Fire(TimerKind::kPolicyLevel);
  player.Vote("p1", Vote::kApprove, {"level-2"});
  CHECK(player.started() == "apply b/1");
}

TEST_CASE("a run that needs nobody has nothing to acknowledge", "[machine]") {
  Player player = WithPolicy("  - {id: a, action: do.it}\n", Levels({{minutes(0), "level-1"}}));
  CHECK(player.Refused(Acknowledge{}, "ada").code == Code::kFailedPrecondition);
  Player without("name: t\non_failure: pause\nsteps:\n  - {id: a, action: do.it}\n");
  without.Start();
  without.Fail(Code::kInternal);
  CHECK(without.Refused(Acknowledge{}, "ada").message.find("has no policy") != std::string::npos);
}

}  // namespace recourse::machine
