#include "engine/machine/possible.h"

#include <catch2/catch.hpp>
#include <string>

#include "player.h"

namespace recourse::machine {
namespace {

std::string Possible(const Player& player) {
  Facts facts;
  facts.now = player.now;
  std::string verbs;
  for (const auto verb : PossibleVerbs(player.workflow(), player.state(), facts)) {
    verbs += (verbs.empty() ? "" : " ") + std::string(verb);
  }
  return verbs;
}

std::string Who(const Player& player) { return WhyItWaits(player.workflow(), player.state())->who; }

}  // namespace

TEST_CASE("a run that waits for an approval is not said to be one to skip or to retry",
          "[machine]") {
  Player player(
      "name: t\nsteps:\n"
      "  - {id: ask, approval: {prompt: \"ok?\", approvers: [dba], exclude_requester: true}}\n"
      "  - {id: do, action: do.it}\n");
  player.Start();
  player.Send(PlanMade{0, Value::Map()});
  CHECK(Possible(player) == "approve reject rollback cancel pause");
  player.Send(Pause{}, "operator");
  CHECK(Possible(player) == "approve reject rollback cancel resume");
}

TEST_CASE("an approval that is over by the clock is not said to be one to approve", "[machine]") {
  Player player(
      "name: t\nsteps:\n"
      "  - {id: ask, approval: {prompt: \"ok?\", approvers: [dba], expires: 1m}}\n"
      "  - {id: do, action: do.it}\n");
  player.Start();
  player.Send(PlanMade{0, Value::Map()});
  player.now += std::chrono::minutes(2);
  CHECK(Possible(player) == "rollback cancel pause");
}

TEST_CASE("a failed step can be answered in every way, a run that is over in none", "[machine]") {
  Player player("name: t\non_failure: pause\nsteps:\n  - {id: a, action: once.it}\n");
  player.Start();
  player.Fail(Code::kInternal);
  CHECK(Possible(player) == "retry skip rollback cancel");
  player.Send(Cancel{}, "operator");
  CHECK(Possible(player).empty());
}

TEST_CASE("past a pivot that a rollback has met, who answers is told nothing that is refused",
          "[machine]") {
  Player player(
      "name: t\non_failure: pause\nsteps:\n"
      "  - {id: a, action: once.it, irreversible: true}\n  - {id: b, action: once.it}\n");
  player.Start();
  player.Succeed();
  player.Fail(Code::kInternal);
  player.Send(RollBack{}, "operator");
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  CHECK(Possible(player) == "retry rollback cancel");
  CHECK(Who(player).find("skip") == std::string::npos);
}

namespace {

// What the run says to who answers it is among what is possible.
void CheckAnswers(const Player& player) {
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  const std::string possible = Possible(player);
  int named = 0;
  for (const std::string verb : {"retry", "skip", "rollback", "cancel"}) {
    if (Who(player).find(verb) == std::string::npos) continue;
    ++named;
    INFO(verb << " of: " << Who(player));
    CHECK(possible.find(verb) != std::string::npos);
  }
  CHECK(named >= 3);
}

}  // namespace

TEST_CASE("whatever a run asks, the answers that it names are possible", "[machine]") {
  SECTION("an effect that is not known, or not proved") {
    Player player("name: t\nsteps:\n  - {id: a, action: once.it}\n");
    player.Start();
    SECTION("not known") { player.Send(Restarted{}); }
    SECTION("not proved") {
      player.Send(
          AttemptBroke{{0, -1},
                       1,
                       Phase::kApply,
                       Failure{{Code::kUnknown, "no answer"}, Value(), LeftBehind::kUnknown},
                       true,
                       Value()});
    }
    CheckAnswers(player);
  }
  SECTION("a compensation that failed") {
    Player player("name: t\nsteps:\n  - {id: a, action: undo.it}\n  - {id: b, action: once.it}\n");
    player.Start();
    player.Prepare();
    player.Succeed();
    player.Fail(Code::kInternal);
    for (int attempt = 1; attempt < 3; ++attempt) {
      player.FailCompensation();
      player.Fire(TimerKind::kCompensationRetry);
    }
    player.FailCompensation();
    CheckAnswers(player);
  }
  SECTION("a pivot that a rollback by itself does not pass") {
    Player player(
        "name: t\nsteps:\n  - {id: a, action: once.it, irreversible: true}\n"
        "  - {id: b, action: once.it}\n");
    player.Start();
    player.Succeed();
    player.Fail(Code::kInternal);
    CheckAnswers(player);
  }
  SECTION("an approval that expired") {
    Player player(
        "name: t\nsteps:\n"
        "  - {id: ask, approval: {prompt: Ok, approvers: [dba], expires: 1m}}\n"
        "  - {id: do, action: do.it}\n");
    player.Start();
    player.Send(PlanMade{0, Value::Map()});
    player.Fire(TimerKind::kApprovalExpiry);
    CheckAnswers(player);
  }
  SECTION("a checkpoint that a rollback has come to") {
    Player player(
        "name: t\non_failure: pause\nsteps:\n  - {id: safe, checkpoint: true}\n"
        "  - {id: a, action: once.it}\n");
    player.Start();
    player.Fail(Code::kInternal);
    player.Send(RollBack{"safe", "", {}}, "operator");
    CheckAnswers(player);
  }
}

}  // namespace recourse::machine
