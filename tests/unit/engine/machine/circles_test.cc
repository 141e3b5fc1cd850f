// Paths that lead back to where they came from.
#include <catch2/catch.hpp>

#include "player.h"

namespace recourse::machine {

TEST_CASE("a step that is reached in turn or by next counts its visits too", "[machine]") {
  Player player(
      "name: t\non_failure: fail\nsteps:\n"
      "  - {id: check, action: read.it, on_error: {NOT_FOUND: {goto: fin}}}\n"
      "  - {id: rest, wait: {for: 1s}, max_visits: 3, next: check}\n"
      "  - {id: fin, succeed: true}\n");
  player.Start();
  for (int round = 0; round < 3; ++round) {
    player.Succeed();
    player.Fire(TimerKind::kWait);
  }
  CHECK(player.state().steps.at(0).visits == 4);
  player.Succeed();
  CHECK(player.status() == RunStatus::kFailed);
  CHECK(player.state().error->code == Code::kResourceExhausted);
}

TEST_CASE("an item of a for_each is no visit of its step", "[machine]") {
  Player player("name: t\nsteps:\n  - {id: a, action: do.it, for_each: \"${[1, 2, 3]}\"}\n");
  player.Start();
  for (int item = 0; item < 3; ++item) player.Succeed();
  CHECK(player.state().steps.at(0).visits == 1);
}

TEST_CASE("a circle of steps that take no time ends by itself", "[machine]") {
  Player player(R"(
name: t
inputs:
  n: {type: int, default: 0}
steps:
  - {id: a, checkpoint: true}
  - {id: b, action: do.it, when: "${inputs.n > 0}", next: a, on_error: {"*": {goto: fin}}}
  - {id: fin, succeed: true}
)");
  player.Start(Value::Object({{"n", 0}}));
  CHECK(player.status() == RunStatus::kRolledBack);
  CHECK(player.state().error->code == Code::kResourceExhausted);
}

TEST_CASE("the end of a circle is a failure that no rule of the path leads round again",
          "[machine]") {
  SECTION("on_error") {
    Player player(
        "name: t\nsteps:\n"
        "  - {id: a, action: do.it, max_visits: 2, on_error: {\"*\": {goto: a}}}\n");
    player.Start();
    player.Fail(Code::kInternal);
    CHECK(player.started() == "apply a/2");
    player.Fail(Code::kInternal);
    CHECK(player.status() == RunStatus::kRolledBack);
  }
  SECTION("on_failure: continue, for which a person decides") {
    Player player(
        "name: t\non_failure: continue\nsteps:\n"
        "  - {id: a, action: do.it, max_visits: 2, on_error: {\"*\": {goto: a}}}\n");
    player.Start();
    player.Fail(Code::kInternal);
    player.Fail(Code::kInternal);
    CHECK(player.status() == RunStatus::kNeedsAttention);
    CHECK(player.why().find("max_visits") != std::string::npos);
  }
}

TEST_CASE("a decision that finds no end asks a person before it fills the memory", "[machine]") {
  Player player(R"(
name: t
inputs:
  n: {type: int, default: 0}
steps:
  - {id: a, checkpoint: true, max_visits: 1000000}
  - {id: b, action: do.it, when: "${inputs.n > 0}", max_visits: 1000000, next: a,
     on_error: {"*": {goto: fin}}}
  - {id: fin, succeed: true}
)");
  player.Start(Value::Object({{"n", 0}}));
  CHECK(player.status() == RunStatus::kNeedsAttention);
  CHECK(player.why().find("circle") != std::string::npos);
  CHECK(player.names().size() < 10'100);
}

}  // namespace recourse::machine
