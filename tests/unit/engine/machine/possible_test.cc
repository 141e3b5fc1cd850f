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

std::string Who(const Player& player) {
  return WhyItWaits(player.workflow(), player.state())->who;
}

}  // namespace

TEST_CASE("a run that waits for an approval is not said to be one to skip or to retry",
          "[machine]") {
  Player player("name: t\nsteps:\n"
                "  - {id: ask, approval: {prompt: \"ok?\", approvers: [dba], exclude_requester: true}}\n"
                "  - {id: do, action: do.it}\n");
  player.Start();
  player.Send(PlanMade{0, Value::Map()});
  CHECK(Possible(player) == "approve reject rollback cancel pause");
  player.Send(Pause{}, "operator");
  CHECK(Possible(player) == "approve reject rollback cancel resume");
}

TEST_CASE("an approval that is over by the clock is not said to be one to approve", "[machine]") {
  Player player("name: t\nsteps:\n"
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
  Player player("name: t\non_failure: pause\nsteps:\n"
                "  - {id: a, action: once.it, irreversible: true}\n  - {id: b, action: once.it}\n");
  player.Start();
  player.Succeed();
  player.Fail(Code::kInternal);
  player.Send(RollBack{}, "operator");
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  CHECK(Possible(player) == "retry rollback cancel");
  CHECK(Who(player).find("skip") == std::string::npos);
}

}  // namespace recourse::machine
