#include <catch2/catch.hpp>

#include "player.h"

namespace recourse::machine {
namespace {

using History = std::vector<std::string>;

// Finishes step after step until `step` is being applied.
void RunTo(Player& player, const std::string& step) {
  player.Start();
  while (player.started() != "apply " + step + "/1") {
    if (player.started().starts_with("prepare")) {
      player.Prepare(Value::Object({{"undo_of", player.started()}}));
    } else {
      player.Succeed();
    }
  }
}

constexpr std::string_view kThree = R"(
name: t
steps:
  - {id: a, action: undo.it}
  - {id: look, action: read.it}
  - {id: b, action: undo.it}
  - {id: c, action: once.it}
)";

}  // namespace

TEST_CASE("rollback undoes what was done in reverse order, and nothing else", "[machine]") {
  Player player(kThree);
  RunTo(player, "c");
  player.Fail(Code::kInternal);
  CHECK(player.status() == RunStatus::kRollingBack);
  CHECK(player.started() == "compensate b/1");
  CHECK(std::get<StartPhase>(player.effects()[0]).undo["undo_of"] == Value("prepare b/1"));
  player.Succeed();
  CHECK(player.started() == "compensate a/1");
  player.Succeed();
  CHECK(player.status() == RunStatus::kRolledBack);
}

TEST_CASE("what a failed attempt left half done is undone first", "[machine]") {
  Player player(kThree);
  RunTo(player, "b");
  player.Fail(Code::kInternal, LeftBehind::kPartial);
  CHECK(player.started() == "compensate b/1");
  player.Succeed();
  CHECK(player.started() == "compensate a/1");
}

TEST_CASE("a step that cannot be undone is said to stay", "[machine]") {
  Player player(
      "name: t\nsteps:\n  - {id: a, action: undo.it}\n  - {id: b, action: do.it}\n"
      "  - {id: c, action: do.it}\n");
  RunTo(player, "c");
  player.Fresh();
  player.Fail(Code::kInternal);
  CHECK(player.Fresh() ==
        History{"AttemptFailed", "RollbackStarted", "CompensationSkipped", "CompensationStarted"});
}

TEST_CASE("a failed compensation is tried again, then a person is asked", "[machine]") {
  Player player(kThree);
  RunTo(player, "c");
  player.Fail(Code::kInternal);
  for (int attempt = 1; attempt < 3; ++attempt) {
    player.FailCompensation();
    CHECK(player.status() == RunStatus::kRollingBack);
    player.Fire(TimerKind::kCompensationRetry);
  }
  player.FailCompensation();
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  CHECK(player.why() == "b could not be undone: INTERNAL: cannot undo");

  SECTION("retry tries it again") {
    player.Send(Retry{"fixed the disk"}, "operator");
    CHECK(player.started() == "compensate b/1");
    player.Succeed();
    CHECK(player.started() == "compensate a/1");
  }
  SECTION("skip says it was undone by hand, and the rollback goes on") {
    player.Send(Skip{"", Value(), "put it back myself"}, "operator");
    CHECK(player.started() == "compensate a/1");
  }
  SECTION("cancel ends the run") {
    player.Send(Cancel{"enough", false, {}}, "operator");
    CHECK(player.status() == RunStatus::kCancelled);
  }
}

TEST_CASE("a crash in a rollback repeats the compensation that was at work", "[machine]") {
  Player player(kThree);
  RunTo(player, "c");
  player.Fail(Code::kInternal);
  player.Succeed();
  player.Send(Restarted{});
  CHECK(player.started() == "compensate a/1");
  player.Succeed();
  CHECK(player.status() == RunStatus::kRolledBack);
}

TEST_CASE("a rollback to a checkpoint stops there and takes another path", "[machine]") {
  Player player(R"(
name: t
steps:
  - {id: a, action: undo.it}
  - {id: safe, checkpoint: true}
  - {id: b, action: undo.it}
  - id: c
    action: do.it
    on_error: {DATA_LOSS: {rollback_to: safe, goto: other}}
    next: end
  - {id: other, action: do.it}
)");
  RunTo(player, "c");
  player.Fail(Code::kDataLoss);
  CHECK(player.started() == "compensate b/1");
  player.Succeed();
  CHECK(player.started() == "apply other/1");
  CHECK(player.status() == RunStatus::kRunning);
  // A later failure still undoes a, which lies before the checkpoint.
  player.Fail(Code::kInternal);
  CHECK(player.started() == "compensate a/1");
}

TEST_CASE("an operator's rollback to a checkpoint asks what now", "[machine]") {
  Player player(
      "name: t\nsteps:\n  - {id: a, action: undo.it}\n  - {id: safe, checkpoint: true}\n"
      "  - {id: b, action: undo.it}\n  - {id: ask, approval: {prompt: 'x', approvers: [dba]}}\n");
  player.Start();
  player.Prepare();
  player.Succeed();
  player.Prepare();
  player.Succeed();
  REQUIRE(player.status() == RunStatus::kWaiting);
  CHECK(player.Refused(RollBack{"nowhere", "", {}}, "operator").code == Code::kInvalidArgument);
  player.Send(RollBack{"safe", "wrong backup", {}}, "operator");
  CHECK(player.started() == "compensate b/1");
  player.Succeed();
  CHECK(player.status() == RunStatus::kNeedsAttention);
  CHECK(player.why().find("safe is reached by the rollback") == 0);
  SECTION("retry goes forward from the checkpoint") {
    player.Send(Retry{}, "operator");
    CHECK(player.started() == "prepare b/2");
  }
  SECTION("a further rollback goes to the start") {
    player.Send(RollBack{}, "operator");
    CHECK(player.started() == "compensate a/1");
  }
}

TEST_CASE("past an irreversible step nothing is rolled back by itself", "[machine]") {
  Player player(
      "name: t\nsteps:\n  - {id: a, action: undo.it}\n"
      "  - {id: pivot, action: do.it, irreversible: true}\n"
      "  - {id: b, action: undo.it}\n  - {id: c, action: do.it}\n");
  RunTo(player, "c");
  player.Fail(Code::kInternal);
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  CHECK(player.why().find("past the point of no return") != std::string::npos);

  SECTION("retry goes forward") {
    player.Send(Retry{}, "operator");
    CHECK(player.started() == "apply c/2");
    player.Succeed();
    CHECK(player.status() == RunStatus::kSucceeded);
  }
  SECTION("an operator's rollback goes down to it, and asks again") {
    player.Send(RollBack{}, "operator");
    CHECK(player.started() == "compensate b/1");
    player.Succeed();
    REQUIRE(player.status() == RunStatus::kNeedsAttention);
    player.Send(Retry{}, "operator");
    CHECK(player.started() == "prepare b/2");
  }
}

TEST_CASE("each item of a for_each is undone by itself, the last first", "[machine]") {
  Player player(
      "name: t\ninputs:\n  names: {type: list}\nsteps:\n"
      "  - {id: a, action: undo.it, for_each: '${inputs.names}'}\n"
      "  - {id: b, action: do.it}\n");
  player.Start(Value::Object({{"names", Value::List{"x", "y"}}}));
  for (int item = 0; item < 2; ++item) {
    player.Prepare();
    player.Succeed();
  }
  player.Fail(Code::kInternal);
  CHECK(player.started() == "compensate a[1]/1");
  player.Succeed();
  CHECK(player.started() == "compensate a[0]/1");
}

TEST_CASE("compensate: none keeps a step from being undone", "[machine]") {
  Player player(
      "name: t\nsteps:\n  - {id: a, action: undo.it, compensate: none}\n"
      "  - {id: b, action: do.it}\n");
  RunTo(player, "b");
  player.Fail(Code::kInternal);
  CHECK(player.status() == RunStatus::kRolledBack);
  CHECK(player.history() == History{"prepare a/1", "apply a/1", "apply b/1"});
}

TEST_CASE("retry at a pivot that was left half done does it again", "[machine]") {
  Player player(
      "name: t\nsteps:\n  - {id: a, action: undo.it}\n"
      "  - {id: wipe, action: do.it, irreversible: true}\n  - {id: c, action: do.it}\n");
  RunTo(player, "wipe");
  player.Fail(Code::kInternal, LeftBehind::kPartial);
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  player.Send(RollBack{"", "try", {}}, "operator");
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  player.Send(Retry{"go on"}, "operator");
  CHECK(player.started() == "apply wipe/2");
}

TEST_CASE("a rollback undoes what a former attempt did that could not be verified", "[machine]") {
  Player player("name: t\nsteps:\n  - {id: a, action: undo.it}\n");
  player.Start();
  player.Prepare();
  player.Send(AttemptBroke{{0, -1},
                           1,
                           Phase::kApply,
                           Failure{{Code::kUnknown, "no proof"}, {}, LeftBehind::kUnknown},
                           true,
                           Value()});
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  player.Send(Retry{"again"}, "operator");
  CHECK(player.started() == "prepare a/2");
  player.Fail(Code::kInternal);
  CHECK(player.started() == "compensate a/1");
}

TEST_CASE("after a rollback to a checkpoint the steps behind it are as if they had not run",
          "[machine]") {
  Player player(R"(
name: t
on_failure: pause
steps:
  - {id: before, action: read.it}
  - {id: safe, checkpoint: true}
  - id: choose
    action: read.it
    with: {which: "${has(steps.choose) && has(steps.choose.output) ? 'older' : 'latest'}"}
    on_error: {NOT_FOUND: {goto: none}}
  - id: try
    action: do.it
    with: {before: "${steps.before.output.value}"}
    on_error: {DATA_LOSS: {goto: choose}}
    next: end
  - {id: none, fail: {message: "none"}}
)");
  const auto inputs = [&] { return std::get<StartPhase>(player.effects()[0]).inputs; };
  player.Start();
  player.Succeed(Value::Object({{"value", 1}}));
  CHECK(inputs()["which"] == Value("latest"));
  player.Succeed();
  player.Fail(Code::kDataLoss);
  CHECK(inputs()["which"] == Value("older"));  // a way forward sees what was chosen
  player.Succeed();
  player.Fail(Code::kInternal);
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  player.Send(RollBack{"safe", "the wrong one", {}}, "operator");
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  player.Send(Retry{"now"}, "operator");
  CHECK(player.started() == "apply choose/3");
  CHECK(inputs()["which"] == Value("latest"));
  // Nor does it come back while the step is tried once more.
  player.Fail(Code::kInternal);
  player.Send(Retry{"again"}, "operator");
  CHECK(inputs()["which"] == Value("latest"));
  player.Succeed();
  CHECK(inputs()["before"] == Value(1));  // it ran before the checkpoint
}

TEST_CASE("a way that the definition takes after a rollback knows what was found", "[machine]") {
  Player player(R"(
name: t
steps:
  - {id: safe, checkpoint: true}
  - {id: look, action: read.it}
  - id: b
    action: do.it
    on_error: {DATA_LOSS: {rollback_to: safe, goto: other}}
    next: end
  - {id: other, action: do.it, with: {found: "${has(steps.look) && has(steps.look.output) ? steps.look.output.value : 0}"}}
)");
  player.Start();
  player.Succeed(Value::Object({{"value", 7}}));
  player.Fail(Code::kDataLoss);
  REQUIRE(player.started() == "apply other/1");
  CHECK(std::get<StartPhase>(player.effects()[0]).inputs["found"] == Value(7));
}

TEST_CASE("forward again from a pivot, what was only read behind it is read anew", "[machine]") {
  Player player(R"(
name: t
steps:
  - {id: pivot, action: do.it, irreversible: true}
  - id: look
    action: read.it
    with: {again: "${has(steps.look) && has(steps.look.output)}"}
  - {id: c, action: do.it}
)");
  RunTo(player, "c");
  player.Fail(Code::kInternal);
  player.Send(RollBack{}, "operator");
  REQUIRE(player.status() == RunStatus::kNeedsAttention);
  player.Send(Retry{}, "operator");
  REQUIRE(player.started() == "apply look/2");
  CHECK(std::get<StartPhase>(player.effects()[0]).inputs["again"] == Value(false));
}

}  // namespace recourse::machine
