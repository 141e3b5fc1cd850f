// What the end of a run's time does, and what people may still do after it.
#include <catch2/catch.hpp>

#include "player.h"

namespace recourse::machine {
namespace {

// The deadline has passed while the last step was at work, which succeeds all the same.
void EndLate(Player& player, StepRef at) {
  player.Fire(TimerKind::kDeadline);
  player.Send(Applied{at, 1, Value::Object({{"v", 1}}), ""});
}

}  // namespace

TEST_CASE("past a pivot a missed deadline asks about the step where the run stands", "[machine]") {
  Player player(
      "name: t\ndeadline: 10m\nsteps:\n"
      "  - {id: a, action: do.it, retry: {attempts: 2, delay: 1s, on: [UNAVAILABLE]}}\n"
      "  - {id: wipe, action: once.it, irreversible: true}\n"
      "  - {id: c, action: do.it}\n  - {id: d, action: do.it}\n");
  player.Start();
  player.Fail(Code::kUnavailable);
  player.Fire(TimerKind::kRetry);
  player.Succeed();
  player.Succeed();
  EndLate(player, {2, -1});
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  CHECK(player.why().starts_with("c is past the point of no return"));
  SECTION("skip goes on after it, and repeats nothing") {
    player.Send(Skip{"", Value(), "go on"}, "operator");
    CHECK(player.started() == "apply d/1");
    CHECK(player.state().steps.at(2).output["v"] == Value(1));
  }
  SECTION("retry does the same") {
    player.Send(Retry{"go on"}, "operator");
    CHECK(player.started() == "apply d/1");
  }
}

TEST_CASE("skip at a step that is done leaves its output alone", "[machine]") {
  Player player(
      "name: t\ndeadline: 10m\non_failure: pause\nsteps:\n  - {id: a, action: do.it}\n"
      "  - {id: b, action: do.it, with: {x: \"${steps.a.output.v}\"}}\n");
  player.Start();
  EndLate(player, {0, -1});
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  CHECK(player.why() == "stopped after a: DEADLINE_EXCEEDED: the run's deadline is over");
  const Error error = player.Refused(Skip{"", Value::Object({{"v", 2}}), "go on"}, "operator");
  CHECK(error.message.starts_with("output: a is done"));
  player.Send(Skip{"a", Value(), "go on"}, "operator");
  CHECK(player.started() == "apply b/1");
  CHECK(std::get<Attempting>(*ActivityOf(player.state())).inputs["x"] == Value(1));
}

TEST_CASE("the deadline does not replace what an operator has asked for", "[machine]") {
  Player player(
      "name: t\ndeadline: 10m\non_failure: fail\nsteps:\n"
      "  - {id: a, action: undo.it}\n  - {id: b, action: do.it}\n");
  player.Start();
  player.Prepare();
  player.Succeed();
  player.Send(Cancel{"wrong target", true, {}}, "operator");
  CHECK(TimersOf(player.state()).empty());
  player.now += std::chrono::hours(1);
  player.Send(AttemptBroke{
      {1, -1}, 1, Phase::kApply, Failure{{Code::kCancelled, "stopped"}, {}, {}}, false, Value()});
  CHECK(player.started() == "compensate a/1");
  player.Succeed();
  CHECK(player.status() == RunStatus::kCancelled);
}

TEST_CASE("an operator who answers after the deadline takes the run past it", "[machine]") {
  Player player(
      "name: t\ndeadline: 10m\non_failure: pause\nsteps:\n  - {id: a, action: do.it}\n"
      "  - {id: b, action: do.it}\n");
  player.Start();
  player.Fail(Code::kInternal);
  player.now += std::chrono::hours(1);
  SECTION("with a retry") { player.Send(Retry{"fixed"}, "operator"); }
  SECTION("with a skip") { player.Send(Skip{"", Value(), "by hand"}, "operator"); }
  CHECK(player.status() == RunStatus::kRunning);
  CHECK(TimersOf(player.state()).empty());
}

TEST_CASE("an answer before the deadline leaves it as it is", "[machine]") {
  Player player("name: t\ndeadline: 10m\non_failure: pause\nsteps:\n  - {id: a, action: do.it}\n");
  player.Start();
  player.Fail(Code::kInternal);
  player.now += std::chrono::minutes(1);
  player.Send(Retry{"fixed"}, "operator");
  CHECK(TimersOf(player.state()).size() == 1);
}

TEST_CASE("the deadline fails no step of a paused run that is between two", "[machine]") {
  Player player(
      "name: t\ndeadline: 10m\nsteps:\n  - {id: a, action: undo.it}\n"
      "  - {id: b, action: do.it}\n");
  player.Start();
  player.Prepare();
  player.Send(Pause{}, "operator");
  player.Send(Applied{{0, -1}, 1, Value(), ""});
  player.Fresh();
  player.Fire(TimerKind::kDeadline);
  CHECK(player.Fresh() ==
        std::vector<std::string>{"StopRequested", "RollbackStarted", "CompensationStarted"});
}

}  // namespace recourse::machine
