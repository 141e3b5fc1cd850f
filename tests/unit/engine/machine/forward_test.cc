#include <catch2/catch.hpp>

#include "player.h"

namespace recourse::machine {
namespace {
using Names = std::vector<std::string>;
}

TEST_CASE("the outcome of a step and the intent of the next are one decision", "[machine]") {
  Player player("name: t\nsteps:\n  - {id: a, action: do.it}\n  - {id: b, action: do.it}\n");
  player.Start();
  CHECK(player.Fresh() == Names{"RunStarted", "AttemptStarted"});
  CHECK(player.started() == "apply a/1");
  player.Succeed();
  CHECK(player.Fresh() == Names{"AttemptSucceeded", "AttemptStarted"});
  CHECK(player.started() == "apply b/1");
  player.Succeed();
  CHECK(player.Fresh() == Names{"AttemptSucceeded", "RunSucceeded"});
  CHECK(player.status() == RunStatus::kSucceeded);
}

TEST_CASE("an action with a prepare journals its undo record before it applies", "[machine]") {
  Player player("name: t\nsteps:\n  - {id: a, action: undo.it}\n");
  player.Start();
  CHECK(player.started() == "prepare a/1");
  player.Prepare(Value::Object({{"before", 1}}));
  CHECK(player.started() == "apply a/1");
  const auto* apply = std::get_if<StartPhase>(&player.effects()[0]);
  REQUIRE(apply != nullptr);
  CHECK(apply->undo["before"] == Value(1));
  const auto started = player.state().started.time_since_epoch().count();
  CHECK(apply->key == "R-7@" + std::to_string(started) + "/a/1");
}

TEST_CASE("the same run id of another journal has other keys", "[machine]") {
  constexpr std::string_view kYaml = "name: t\nsteps:\n  - {id: a, action: do.it}\n";
  Player one(kYaml);
  one.Start();
  Player other(kYaml);
  other.now += std::chrono::microseconds(1);
  other.Start();
  CHECK(std::get<StartPhase>(one.effects()[0]).key != std::get<StartPhase>(other.effects()[0]).key);
}

TEST_CASE("inputs are resolved from inputs and earlier outputs", "[machine]") {
  Player player(R"(
name: t
inputs:
  size: {type: int}
steps:
  - id: a
    action: do.it
    with: {n: "${inputs.size + 1}"}
  - id: b
    action: do.it
    with: {from: "${steps.a.output.path}", text: "at ${steps.a.output.path}!"}
)");
  player.Start(Value::Object({{"size", 2}}));
  CHECK(std::get<StartPhase>(player.effects()[0]).inputs["n"] == Value(3));
  player.Succeed(Value::Object({{"path", "/x"}}));
  CHECK(std::get<StartPhase>(player.effects()[0]).inputs["from"] == Value("/x"));
  CHECK(std::get<StartPhase>(player.effects()[0]).inputs["text"] == Value("at /x!"));
}

TEST_CASE("a step whose condition is false is skipped, and says so", "[machine]") {
  Player player(R"(
name: t
inputs:
  deep: {type: bool}
steps:
  - {id: a, action: do.it, when: "${inputs.deep}"}
  - {id: b, action: do.it}
)");
  player.Start(Value::Object({{"deep", false}}));
  CHECK(player.Fresh() == Names{"RunStarted", "StepSkipped", "AttemptStarted"});
  CHECK(player.started() == "apply b/1");
}

TEST_CASE("a switch takes the first case that is true, else its default", "[machine]") {
  static constexpr std::string_view kYaml = R"(
name: t
inputs:
  n: {type: int}
steps:
  - id: choose
    switch:
      - {when: "${inputs.n > 10}", goto: large}
      - {when: "${inputs.n > 5}", goto: medium}
      - {default: small}
  - {id: small, action: do.it, next: end}
  - {id: medium, action: do.it, next: end}
  - {id: large, action: do.it}
)";
  for (const auto& [n, step] : {std::pair{3, "small"}, {7, "medium"}, {12, "large"}}) {
    Player player(kYaml);
    player.Start(Value::Object({{"n", n}}));
    CHECK(player.started() == "apply " + std::string(step) + "/1");
    player.Succeed();
    CHECK(player.status() == RunStatus::kSucceeded);
  }
}

TEST_CASE("for_each runs one item after the other and collects the outputs", "[machine]") {
  Player player(R"(
name: t
inputs:
  names: {type: list}
steps:
  - id: a
    action: do.it
    for_each: "${inputs.names}"
    with: {name: "${item}", position: "${index}"}
  - id: b
    action: do.it
    with: {all: "${steps.a.output}"}
)");
  SECTION("two items") {
    player.Start(Value::Object({{"names", Value::List{"x", "y"}}}));
    CHECK(player.started() == "apply a[0]/1");
    CHECK(std::get<StartPhase>(player.effects()[0]).inputs["name"] == Value("x"));
    player.Succeed(Value(1));
    CHECK(player.started() == "apply a[1]/1");
    CHECK(std::get<StartPhase>(player.effects()[0]).inputs["position"] == Value(1));
    player.Succeed(Value(2));
    CHECK(player.started() == "apply b/1");
    CHECK(std::get<StartPhase>(player.effects()[0]).inputs["all"] == Value(Value::List{1, 2}));
  }
  SECTION("an empty list is done at once") {
    player.Start(Value::Object({{"names", Value::List()}}));
    CHECK(player.started() == "apply b/1");
  }
}

TEST_CASE("a wait parks the run until its time", "[machine]") {
  Player player("name: t\nsteps:\n  - {id: w, wait: {for: 90s}}\n  - {id: b, action: do.it}\n");
  player.Start();
  CHECK(player.status() == RunStatus::kWaiting);
  CHECK(player.why() == "w waits for a time");
  const Time start = player.now;
  player.Fire(TimerKind::kWait);
  CHECK(player.now - start == std::chrono::seconds(90));
  CHECK(player.started() == "apply b/1");
}

TEST_CASE("a circle of gotos ends with an error that says so", "[machine]") {
  Player player(R"(
name: t
inputs:
  again: {type: bool}
on_failure: fail
steps:
  - {id: a, action: do.it, max_visits: 3}
  - id: choose
    switch:
      - {when: "${inputs.again}", goto: a}
      - {default: b}
  - {id: b, action: do.it}
)");
  player.Start(Value::Object({{"again", true}}));
  for (int visit = 0; visit < 3; ++visit) player.Succeed();
  CHECK(player.status() == RunStatus::kFailed);
  CHECK(player.state().error->code == Code::kResourceExhausted);
  CHECK(player.state().error->message.find("max_visits") != std::string::npos);
}

TEST_CASE("fail ends the run as on_failure says, with its code and message", "[machine]") {
  Player player(R"(
name: t
on_failure: fail
inputs:
  why: {type: string}
steps:
  - {id: a, fail: {code: DATA_LOSS, message: "gone: ${inputs.why}"}}
)");
  player.Start(Value::Object({{"why", "fire"}}));
  CHECK(player.status() == RunStatus::kFailed);
  CHECK(player.state().error == Error{Code::kDataLoss, "gone: fire"});
}

TEST_CASE("an expression that cannot be computed fails its step, not the engine", "[machine]") {
  Player player(R"(
name: t
on_failure: pause
inputs:
  n: {type: int}
steps:
  - {id: a, action: do.it, with: {x: "${10 / inputs.n}"}}
)");
  player.Start(Value::Object({{"n", 0}}));
  CHECK(player.status() == RunStatus::kNeedsAttention);
  CHECK(player.started() == "nothing");
}

TEST_CASE("a queued run starts when the lock is granted, with the event's position as token",
          "[machine]") {
  Player player("name: t\nlock: database/x\nsteps:\n  - {id: a, action: do.it}\n");
  player.Start(Value::Map(), "database/x", RunId{3});
  CHECK(player.status() == RunStatus::kQueued);
  CHECK(player.why() == "the lock database/x is held by R-3");
  player.Send(LockGranted{});
  CHECK(player.started() == "apply a/1");
  CHECK(player.state().fencing_token == 103);
  player.Succeed();
  REQUIRE(player.effects().size() == 2);  // and the end is told
  CHECK(std::get<ReleaseLock>(player.effects()[0]).lock == "database/x");
}

TEST_CASE("on_locked: reject refuses and names the holder", "[machine]") {
  Player player("name: t\nlock: l\non_locked: reject\nsteps:\n  - {id: a, action: do.it}\n");
  const Error error = player.Refused(Start{"", Value::Map(), "l", RunId{3}}, "operator");
  CHECK(error.code == Code::kAborted);
  CHECK(error.message.find("R-3") != std::string::npos);
}

TEST_CASE("the run's deadline stops the attempt at work, then follows on_failure", "[machine]") {
  Player player("name: t\ndeadline: 10s\nsteps:\n  - {id: a, action: do.it}\n");
  player.Start();
  player.Fire(TimerKind::kDeadline);
  REQUIRE(player.effects().size() == 1);
  CHECK(std::holds_alternative<StopAttempt>(player.effects()[0]));
  player.Send(AttemptBroke{
      {0, -1}, 1, Phase::kApply, Failure{{Code::kCancelled, "stopped"}, {}, {}}, false, Value()});
  CHECK(player.status() == RunStatus::kRolledBack);
}

TEST_CASE("an item that failed leaves its place in the list of outputs empty", "[machine]") {
  Player player(
      "name: t\non_failure: continue\nsteps:\n"
      "  - {id: a, action: do.it, for_each: \"${[1, 2, 3]}\"}\n  - {id: b, action: do.it}\n");
  player.Start();
  player.Fail(Code::kInternal);
  player.Succeed(Value(2));
  player.Fail(Code::kInternal);
  CHECK(player.started() == "apply b/1");
  CHECK(player.state().steps.at(0).succeeded);
  CHECK(player.state().steps.at(0).output == Value(Value::List{Value(), Value(2), Value()}));
}

TEST_CASE("a for_each over too many items is refused before the first", "[machine]") {
  Player player(
      "name: t\non_failure: pause\ninputs:\n  names: {type: list}\nsteps:\n"
      "  - {id: a, action: do.it, for_each: \"${inputs.names}\"}\n");
  player.Start(Value::Object({{"names", Value(Value::List(10'001))}}));
  CHECK(player.started() == "nothing");
  CHECK(player.why().find("10001 items; at most 10000") != std::string::npos);
}

TEST_CASE("an attempt whose inputs are too large is not started", "[machine]") {
  Player player(
      "name: t\non_failure: pause\ninputs:\n  text: {type: string}\nsteps:\n"
      "  - {id: a, action: do.it, with: {x: \"${inputs.text}\"}}\n");
  player.Start(Value::Object({{"text", std::string(300 * 1024, 'x')}}));
  CHECK(player.started() == "nothing");
  CHECK(player.why().find("with: the inputs are larger than") != std::string::npos);
}

}  // namespace recourse::machine
