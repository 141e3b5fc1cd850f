#include <catch2/catch.hpp>

#include "player.h"

namespace recourse::machine {
namespace {

constexpr std::string_view kTwo =
    "name: t\non_failure: pause\nsteps:\n  - {id: a, action: undo.it}\n  - {id: b, action: "
    "once.it}\n";

Player AtB() {
  Player player(kTwo);
  player.Start();
  player.Prepare();
  player.Succeed();
  return player;
}

void Stopped(Player& player, LeftBehind left = LeftBehind::kNothing) {
  player.Send(AttemptBroke{
      {1, -1}, 1, Phase::kApply, Failure{{Code::kCancelled, "stopped"}, {}, left}, false, Value()});
}

}  // namespace

TEST_CASE("pause lets the attempt at work finish and starts no other", "[machine]") {
  Player player(kTwo);
  player.Start();
  player.Send(Pause{"look first"}, "operator");
  CHECK(player.why() == "paused by operator: look first");
  player.Send(Prepared{{0, -1}, 1, Value()});
  player.Succeed();
  CHECK(player.status() == RunStatus::kPaused);
  CHECK(player.started() == "nothing");
  player.Send(Resume{}, "operator");
  CHECK(player.started() == "apply b/1");
}

TEST_CASE("a failure under pause is handled when the run is resumed", "[machine]") {
  Player player("name: t\nsteps:\n  - {id: a, action: undo.it}\n  - {id: b, action: once.it}\n");
  player.Start();
  player.Prepare();
  player.Succeed();
  player.Send(Pause{}, "operator");
  Stopped(player);
  CHECK(player.status() == RunStatus::kPaused);
  player.Send(Resume{}, "operator");
  CHECK(player.started() == "compensate a/1");
}

TEST_CASE("a retry that came due under pause starts at the resume", "[machine]") {
  Player player(
      "name: t\nsteps:\n"
      "  - {id: a, action: do.it, retry: {attempts: 2, delay: 5s, on: [UNAVAILABLE]}}\n");
  player.Start();
  player.Fail(Code::kUnavailable);
  player.Send(Pause{}, "operator");
  CHECK(TimersOf(player.state()).empty());
  player.now += std::chrono::minutes(1);
  player.Send(Resume{}, "operator");
  CHECK(player.started() == "apply a/2");
}

TEST_CASE("cancel stops the attempt at work and waits for its outcome", "[machine]") {
  Player player = AtB();
  SECTION("without rollback what was done stays") {
    player.Send(Cancel{"wrong target", false, {}}, "operator");
    REQUIRE(player.effects().size() == 1);
    CHECK(std::holds_alternative<StopAttempt>(player.effects()[0]));
    CHECK(player.status() == RunStatus::kRunning);
    Stopped(player);
    CHECK(player.status() == RunStatus::kCancelled);
    CHECK(player.started() == "nothing");
  }
  SECTION("with rollback what was done is undone") {
    player.Send(Cancel{"wrong target", true, {}}, "operator");
    Stopped(player);
    CHECK(player.started() == "compensate a/1");
    player.Succeed();
    CHECK(player.status() == RunStatus::kCancelled);
  }
  SECTION("the attempt may succeed all the same; the run still ends") {
    player.Send(Cancel{"wrong target", false, {}}, "operator");
    player.Send(Applied{{1, -1}, 1, Value(), ""});
    CHECK(player.status() == RunStatus::kCancelled);
  }
  SECTION("a crash in between does not forget it") {
    player.Send(RollBack{"", "wrong target", {}}, "operator");
    player.Send(Restarted{});
    CHECK(player.status() == RunStatus::kNeedsAttention);  // b is once: nobody knows
  }
}

TEST_CASE("cancel of a waiting run voids its approval", "[machine]") {
  Player player("name: t\nsteps:\n  - {id: ask, approval: {prompt: x, approvers: [dba]}}\n");
  player.Start();
  player.Fresh();
  player.Send(Cancel{}, "operator");
  CHECK(player.Fresh() == std::vector<std::string>{"ApprovalSettled", "RunCancelled"});
}

TEST_CASE("retry and skip answer a failed step", "[machine]") {
  Player player = AtB();
  player.Fail(Code::kInternal);
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  SECTION("retry is a new attempt with a new key") {
    player.Send(Retry{"fixed"}, "operator");
    CHECK(player.started() == "apply b/2");
  }
  SECTION("skip goes on, with the output that the step should have had") {
    player.Send(Skip{"b", Value::Object({{"rows", 1}}), "done by hand"}, "operator");
    CHECK(player.status() == RunStatus::kSucceeded);
    CHECK(player.state().steps.at(1).output["rows"] == Value(1));
  }
  SECTION("skip of another step is refused by name") {
    const Error error = player.Refused(Skip{"a", Value(), ""}, "operator");
    CHECK(error.code == Code::kInvalidArgument);
    CHECK(error.message == "step: R-7 is at b, not at a");
  }
}

TEST_CASE("an unknown effect must be told before a rollback", "[machine]") {
  Player player = AtB();
  player.Send(Restarted{});
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  CHECK(player.Refused(RollBack{}, "operator").code == Code::kFailedPrecondition);
  CHECK(player.Refused(Cancel{"", true, {}}, "operator").code == Code::kFailedPrecondition);
  player.Fresh();
  SECTION("not applied: nothing of it is undone") {
    player.Send(RollBack{"", "", Finding::kNotApplied}, "operator");
    CHECK(player.Fresh() ==
          std::vector<std::string>{"EffectResolved", "RollbackStarted", "CompensationStarted"});
  }
  SECTION("applied: it is part of what would be undone") {
    player.Send(RollBack{"", "", Finding::kApplied}, "operator");
    CHECK(player.Fresh() == std::vector<std::string>{"EffectResolved", "RollbackStarted",
                                                     "CompensationSkipped", "CompensationStarted"});
  }
  SECTION("skip says that it took effect") {
    player.Send(Skip{"", Value(), "saw it"}, "operator");
    CHECK(player.status() == RunStatus::kSucceeded);
  }
}

TEST_CASE("annotations are kept in every status", "[machine]") {
  Player player = AtB();
  player.Send(Annotate{"called the owner"}, "operator");
  CHECK(player.Refused(Annotate{}, "operator").code == Code::kInvalidArgument);
  player.Send(Applied{{1, -1}, 1, Value(), ""});
  player.Send(Annotate{"all well"}, "operator");
  CHECK(player.status() == RunStatus::kSucceeded);
}

TEST_CASE("of the places that tell of a run the newest fifty are kept, each once", "[machine]") {
  Player player = AtB();
  for (int i = 1; i <= 52; ++i) {
    player.Send(Annotate{"", Reference{"slack", "R-1", std::to_string(i)}}, "bot");
  }
  player.Send(Annotate{"", Reference{"slack", "R-1", "52"}}, "bot");
  REQUIRE(player.state().references.size() == 50);
  CHECK(player.state().references.front().place == "3");
  CHECK(player.state().references.back().place == "52");
}

TEST_CASE("a stop leaves alone what finds out or puts back what an attempt did", "[machine]") {
  Player player("name: t\nsteps:\n  - {id: a, action: undo.it}\n");
  player.Start();
  player.Prepare();
  player.Send(Restarted{});
  REQUIRE(player.started() == "probe a/1");
  SECTION("a probe") {
    player.Send(Cancel{"", true, {}}, "operator");
    CHECK(player.effects().empty());
  }
  SECTION("the same after another crash") {
    player.Send(Cancel{"", true, {}}, "operator");
    player.Send(Restarted{});
    CHECK(player.started() == "probe a/1");
    CHECK(player.effects().size() == 1);
  }
  SECTION("a compensation in place") {
    player.Probe(ProbeAnswer::Verdict::kPartial);
    REQUIRE(player.started() == "compensate a/1");
    player.Send(Cancel{"", true, {}}, "operator");
    CHECK(player.effects().empty());
  }
}

TEST_CASE("a cancel that meets an unknown effect goes on when a person has told it", "[machine]") {
  const auto cancelled = [] {
    Player player(
        "name: w\nsteps:\n  - {id: a, action: undo.it}\n  - {id: b, action: once.it}\n"
        "  - {id: c, action: do.it}\n");
    player.Start();
    player.Prepare();
    player.Succeed();
    player.Send(Cancel{"wrong host", true, {}}, "operator");
    player.Send(AttemptBroke{{1, -1},
                             1,
                             Phase::kApply,
                             Failure{{Code::kCancelled, "killed"}, Value(), LeftBehind::kUnknown},
                             false,
                             Value()});
    REQUIRE(player.status() == RunStatus::kNeedsAttention);
    return player;
  };

  SECTION("it took effect: both steps are on the way back, and nothing goes forward") {
    Player player = cancelled();
    CHECK(player.why().find("wrong host: that goes on once the effect is known") !=
          std::string::npos);
    player.Send(Skip{{}, Value::Map(), "it did"}, "operator");
    CHECK(player.status() == RunStatus::kRollingBack);
    CHECK(player.started() == "compensate a/1");
    player.Succeed();
    CHECK(player.status() == RunStatus::kCancelled);
  }
  SECTION("it did not: the step is not tried again") {
    Player player = cancelled();
    player.Send(Retry{"it did not"}, "operator");
    CHECK(player.status() == RunStatus::kRollingBack);
    CHECK(player.started() == "compensate a/1");
  }
}

}  // namespace recourse::machine
