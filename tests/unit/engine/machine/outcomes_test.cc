#include <catch2/catch.hpp>

#include "player.h"

namespace recourse::machine {
namespace {

std::string One(std::string_view action, std::string_view more = "") {
  return "name: t\non_failure: pause\nsteps:\n  - {id: a, action: " + std::string(action) +
         std::string(more) + "}\n";
}

}  // namespace

TEST_CASE("a failed attempt is tried again after a back-off that grows", "[machine]") {
  Player player(One("do.it", ", retry: {attempts: 3, delay: 10s, backoff: 2, on: [UNAVAILABLE]}"));
  player.Start();
  player.Fail(Code::kUnavailable);
  CHECK(player.status() == RunStatus::kWaiting);
  // Jitter, drawn by the caller, takes off up to a fifth: here half of that.
  const Time first = player.now;
  player.Fire(TimerKind::kRetry);
  CHECK(player.now - first == std::chrono::seconds(9));
  CHECK(player.started() == "apply a/2");
  player.Fail(Code::kUnavailable);
  const Time second = player.now;
  player.Fire(TimerKind::kRetry);
  CHECK(player.now - second == std::chrono::seconds(18));
  player.Fail(Code::kUnavailable);
  CHECK(player.status() == RunStatus::kNeedsAttention);
  CHECK(player.why() == "a failed: UNAVAILABLE: broken on purpose");
}

TEST_CASE("a code that retry does not list fails at once", "[machine]") {
  Player player(One("do.it", ", retry: {attempts: 3, on: [UNAVAILABLE]}"));
  player.Start();
  player.Fail(Code::kPermissionDenied);
  CHECK(player.status() == RunStatus::kNeedsAttention);
}

TEST_CASE("the late outcome of an older attempt is refused", "[machine]") {
  Player player(One("do.it", ", retry: {attempts: 2, delay: 1s, on: [UNAVAILABLE]}"));
  player.Start();
  player.Fail(Code::kUnavailable);
  player.Fire(TimerKind::kRetry);
  CHECK(player.Refused(Applied{{0, -1}, 1, Value(), ""}).code == Code::kAborted);
}

TEST_CASE("after a crash the class says what is done with an intent without outcome", "[machine]") {
  SECTION("read_only and idempotent run again with the same key") {
    for (const auto* action : {"read.it", "do.it"}) {
      Player player(One(action));
      player.Start();
      player.Send(Restarted{});
      CHECK(player.started() == "apply a/1");
    }
  }
  SECTION("once asks a person") {
    Player player(One("once.it"));
    player.Start();
    player.Send(Restarted{});
    CHECK(player.started() == "nothing");
    CHECK(player.status() == RunStatus::kNeedsAttention);
    CHECK(player.why().find("may or may not have taken effect") != std::string::npos);
  }
  SECTION("a prepare runs again: it changes nothing") {
    Player player(One("undo.it"));
    player.Start();
    player.Send(Restarted{});
    CHECK(player.started() == "prepare a/1");
  }
}

TEST_CASE("after a crash a probed action is asked, and its answer decides", "[machine]") {
  Player player(One("undo.it"));
  player.Start();
  player.Prepare(Value::Object({{"before", 1}}));
  player.Send(Restarted{});
  REQUIRE(player.started() == "probe a/1");

  SECTION("applied: its output is recorded") {
    player.Probe(ProbeAnswer::Verdict::kApplied, Value::Object({{"rows", 5}}));
    CHECK(player.status() == RunStatus::kSucceeded);
    CHECK(player.state().steps.at(0).output["rows"] == Value(5));
  }
  SECTION("not applied: it is applied") {
    player.Probe(ProbeAnswer::Verdict::kNotApplied);
    CHECK(player.started() == "apply a/1");
  }
  SECTION("partial: it is put back, then applied") {
    player.Probe(ProbeAnswer::Verdict::kPartial);
    CHECK(player.started() == "compensate a/1");
    CHECK(std::get<StartPhase>(player.effects()[0]).undo["before"] == Value(1));
    player.Succeed();
    CHECK(player.started() == "apply a/1");
  }
  SECTION("partial, and it cannot be put back: a person") {
    player.Probe(ProbeAnswer::Verdict::kPartial);
    player.FailCompensation();
    CHECK(player.status() == RunStatus::kNeedsAttention);
  }
  SECTION("unknown: a person") {
    player.Probe(ProbeAnswer::Verdict::kUnknown);
    CHECK(player.status() == RunStatus::kNeedsAttention);
  }
  SECTION("repeatable: it is applied again, as the same attempt") {
    player.Probe(ProbeAnswer::Verdict::kRepeatable);
    CHECK(player.started() == "apply a/1");
  }
  SECTION("a second crash during the probe asks again") {
    player.Send(Restarted{});
    CHECK(player.started() == "probe a/1");
  }
}

TEST_CASE("a failure that leaves an unknown effect is never tried again by itself", "[machine]") {
  SECTION("once: a person is asked, though retry lists the code") {
    Player player(One("once.it", ", retry: {attempts: 5, on: [UNAVAILABLE]}"));
    player.Start();
    player.Fail(Code::kUnavailable, LeftBehind::kUnknown);
    CHECK(player.status() == RunStatus::kNeedsAttention);
    CHECK(TimersOf(player.state()).empty());
  }
  SECTION("probed: the probe tells that nothing happened, then retry counts") {
    Player player(One("probe.it", ", retry: {attempts: 2, on: [UNAVAILABLE]}"));
    player.Start();
    player.Fail(Code::kUnavailable, LeftBehind::kUnknown);
    REQUIRE(player.started() == "probe a/1");
    player.Probe(ProbeAnswer::Verdict::kNotApplied);
    CHECK(player.status() == RunStatus::kWaiting);
    player.Fire(TimerKind::kRetry);
    CHECK(player.started() == "apply a/2");
  }
  SECTION("probed: repeatable, but another attempt would have another key: a person") {
    Player player(One("probe.it", ", retry: {attempts: 2, on: [UNAVAILABLE]}"));
    player.Start();
    player.Fail(Code::kUnavailable, LeftBehind::kUnknown);
    player.Probe(ProbeAnswer::Verdict::kRepeatable);
    CHECK(player.status() == RunStatus::kNeedsAttention);
  }
  SECTION("probed: the probe tells that it happened") {
    Player player(One("probe.it"));
    player.Start();
    player.Fail(Code::kUnavailable, LeftBehind::kUnknown);
    player.Probe(ProbeAnswer::Verdict::kApplied);
    CHECK(player.status() == RunStatus::kSucceeded);
  }
}

TEST_CASE("a half-done probed attempt is not simply tried again", "[machine]") {
  Player player(One("undo.it", ", retry: {attempts: 5, on: [UNAVAILABLE]}"));
  player.Start();
  player.Prepare();
  player.Fail(Code::kUnavailable, LeftBehind::kPartial);
  CHECK(player.status() == RunStatus::kNeedsAttention);
}

TEST_CASE("an inconclusive verification goes to an operator, who may accept it", "[machine]") {
  Player player(One("do.it"));
  player.Start();
  player.Send(AttemptBroke{{0, -1},
                           1,
                           Phase::kApply,
                           Failure{{Code::kUnknown, "no answer"}, Value(), LeftBehind::kUnknown},
                           true,
                           Value::Object({{"rows", 9}})});
  CHECK(player.status() == RunStatus::kNeedsAttention);
  player.Send(Skip{"", Value(), "looked myself"}, "operator");
  CHECK(player.status() == RunStatus::kSucceeded);
  CHECK(player.state().steps.at(0).output["rows"] == Value(9));
}

TEST_CASE("on_error picks a path by code before on_failure is asked", "[machine]") {
  static constexpr std::string_view kYaml = R"(
name: t
on_failure: fail
steps:
  - id: a
    action: do.it
    on_error: {DATA_LOSS: {goto: repair}, ABORTED: continue}
  - {id: b, action: do.it, next: end}
  - id: repair
    action: do.it
    with: {code: "${error.code}", step: "${error.step}"}
)";
  Player player(kYaml);
  player.Start();
  SECTION("goto, with the error in sight") {
    player.Fail(Code::kDataLoss);
    CHECK(player.started() == "apply repair/1");
    CHECK(std::get<StartPhase>(player.effects()[0]).inputs["code"] == Value("DATA_LOSS"));
    CHECK(std::get<StartPhase>(player.effects()[0]).inputs["step"] == Value("a"));
  }
  SECTION("continue") {
    player.Fail(Code::kAborted);
    CHECK(player.started() == "apply b/1");
  }
  SECTION("no rule: on_failure") {
    player.Fail(Code::kInternal);
    CHECK(player.status() == RunStatus::kFailed);
  }
}

TEST_CASE("progress is kept for the attempt that resumes", "[machine]") {
  Player player(One("do.it"));
  player.Start();
  player.Send(Progressed{{0, -1}, 1, Value::Object({{"batch", 4}})});
  player.Send(Restarted{});
  CHECK(std::get<StartPhase>(player.effects()[0]).checkpoint["batch"] == Value(4));
}

TEST_CASE("what was put back is not gone on from", "[machine]") {
  Player player("name: t\nsteps:\n  - {id: a, action: undo.it}\n");
  player.Start();
  player.Prepare();
  player.Send(Progressed{{0, -1}, 1, Value::Object({{"copied", 50}})});
  player.Send(Restarted{});
  player.Probe(ProbeAnswer::Verdict::kPartial);
  REQUIRE(player.started() == "compensate a/1");
  player.Succeed();
  REQUIRE(player.started() == "apply a/1");
  CHECK(std::get<StartPhase>(player.effects().back()).checkpoint.is_null());
}

TEST_CASE("an apply that begins again after a crash says that it may have had effects",
          "[machine]") {
  const auto resumed = [](const Player& player) {
    return std::get<StartPhase>(player.effects().front()).resumed;
  };
  SECTION("repeated") {
    Player player("name: t\nsteps:\n  - {id: a, action: do.it}\n");
    player.Start();
    CHECK_FALSE(resumed(player));
    player.Send(Restarted{});
    CHECK(player.started() == "apply a/1");
    CHECK(resumed(player));
  }
  SECTION("not when a probe has found nothing of it") {
    Player player("name: t\nsteps:\n  - {id: a, action: probe.it}\n");
    player.Start();
    player.Send(Restarted{});
    player.Probe(ProbeAnswer::Verdict::kNotApplied);
    CHECK(player.started() == "apply a/1");
    CHECK_FALSE(resumed(player));
  }
}

TEST_CASE("only the output of an attempt is taken for the step's output", "[machine]") {
  Player player("name: t\nsteps:\n  - {id: a, action: once.it}\n  - {id: b, action: do.it}\n");
  player.Start();
  player.Send(AttemptBroke{{0, -1},
                           1,
                           Phase::kApply,
                           Failure{{Code::kUnknown, "?"},
                                   Value::Object({{"exit_code", 1}, {"output", "some text"}}),
                                   LeftBehind::kUnknown},
                           false,
                           Value()});
  player.Send(Skip{"", Value(), "it took"}, "operator");
  CHECK(player.started() == "apply b/1");
  CHECK(player.state().steps.at(0).output.is_null());
}

}  // namespace recourse::machine
