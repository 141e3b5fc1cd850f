// What happens in one lane leaves the others right.
#include <catch2/catch.hpp>

#include "player.h"

namespace recourse::machine {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

Time At(std::chrono::microseconds of_day) { return Time(24h * 365 * 56) + of_day; }

AttemptBroke Broken(StepRef at, Code code, LeftBehind left = LeftBehind::kNothing) {
  return {at, 1, Phase::kApply, Failure{{code, "broken"}, {}, left}, false, {}};
}
Applied AppliedAt(StepRef at) { return {at, 1, Value::Map(), ""}; }

constexpr std::string_view kDaily = "window: {cron: \"0 2 * * *\", duration: 2h}\n";

std::string Branches(const std::string& a, const std::string& b, const std::string& head = "") {
  return "name: t\n" + head + "steps:\n  - id: both\n    parallel:\n      branches:\n        a: [" +
         a + "]\n        b: [" + b + "]\n";
}

}  // namespace

TEST_CASE("an item that a window keeps from beginning can be asked about and answered",
          "[machine]") {
  Player player(
      "name: t\n" + std::string(kDaily) +
      "on_window_closing: pause\nwindow_override: [boss]\nsteps:\n"
      "  - {id: f, action: do.it, expect: 30m, for_each: \"${[1, 2, 3]}\", max_parallel: 2}\n");
  player.now = At(3h + 10min);
  player.Start();
  player.now = At(3h + 50min);
  player.Send(AppliedAt({0, 0}));
  CHECK(player.status() == RunStatus::kNeedsAttention);
  player.Send(AppliedAt({0, 1}));
  SECTION("tried again in the next window") {
    player.now = At(26h);
    player.Send(Retry{"it is open"}, "ada");
    CHECK(player.started() == "apply f[2]/1");
    player.Send(AppliedAt({0, 2}));
    CHECK(player.status() == RunStatus::kSucceeded);
  }
  SECTION("skipped") {
    player.Send(Skip{"", Value::Map(), "done by hand"}, "ada");
    CHECK(player.status() == RunStatus::kSucceeded);
  }
  SECTION("let through") {
    player.Send(OverrideWindow{"it must"}, "ada");
    player.Vote("grace", Vote::kApprove, {"boss"});
    CHECK(player.started() == "apply f[2]/1");
  }
}

TEST_CASE("an item's failure is judged by its own error, whatever others came to since",
          "[machine]") {
  Player player(
      "name: t\non_failure: fail\nsteps:\n  - {id: f, action: do.it, for_each: \"${[1, 2]}\", "
      "max_parallel: 2, retry: {attempts: 1}, on_error: {ABORTED: continue}}\n");
  player.Start();
  player.Send(Pause{}, "ada");
  player.Send(Broken({0, 0}, Code::kAborted));
  player.Send(AppliedAt({0, 1}));
  player.Send(Resume{}, "ada");
  CHECK(player.status() == RunStatus::kSucceeded);
}

TEST_CASE("items that are done stay done when a stopped step goes on", "[machine]") {
  Player player(
      "name: t\ndeadline: 10m\non_failure: pause\nsteps:\n"
      "  - {id: f, action: do.it, for_each: \"${[1, 2, 3]}\", max_parallel: 2}\n");
  player.Start();
  player.Fire(TimerKind::kDeadline);
  player.Send(AppliedAt({0, 0}));
  player.Send(AppliedAt({0, 1}));
  CHECK(player.status() == RunStatus::kNeedsAttention);
  player.Send(Retry{}, "ada");
  CHECK(player.started() == "apply f[2]/1");
}

TEST_CASE("a run that waits for the next window outlives the end of this one", "[machine]") {
  Player player("name: t\n" + std::string(kDaily) +
                "steps:\n  - {id: look, action: read.it}\n"
                "  - {id: change, action: undo.it, expect: 40m}\n");
  player.now = At(3h + 1min);
  player.Start();
  player.Succeed();
  CHECK(TimersOf(player.state()) == std::vector<Timer>{{TimerKind::kWindowOpens, At(26h)}});
}

TEST_CASE("a rollback begins in time for what all lanes are at", "[machine]") {
  Player player(Branches("{id: x, action: undo.it, expect: 40m}",
                         "{id: y, action: undo.it, expect: 1m}", std::string(kDaily)));
  player.now = At(2h);
  player.Start();
  CHECK(*player.state().rollback_by == At(4h - 41min));
}

TEST_CASE("a step that does not fit is no reason to wait a day beside one that changes something",
          "[machine]") {
  Player player(Branches("{id: x, action: undo.it, expect: 1m}",
                         "{id: y, action: do.it, expect: 30m}",
                         std::string(kDaily) + "on_window_closing: pause\n"));
  player.now = At(3h + 50min);
  player.Start();
  CHECK(player.status() == RunStatus::kNeedsAttention);
  CHECK(player.why().find("y takes 30m") != std::string::npos);
}

TEST_CASE("a step's deadline counts from the window's opening", "[machine]") {
  Player player("name: t\n" + std::string(kDaily) +
                "steps:\n  - {id: a, action: do.it, deadline: 10m}\n");
  player.now = At(1h);
  player.Start();
  player.Fire(TimerKind::kWindowOpens);
  CHECK(player.started() == "apply a/1");
  CHECK(std::get<StartPhase>(player.effects()[0]).deadline > player.now);
}

TEST_CASE("nothing is applied in a run that is being cancelled while a person is asked",
          "[machine]") {
  Player player(Branches("{id: x, action: once.it}", "{id: y, action: undo.it}"));
  player.Start();
  player.Send(Cancel{"wrong one", true, {}}, "ada");
  player.Send(Broken({1, -1}, Code::kUnknown, LeftBehind::kUnknown));
  CHECK(player.status() == RunStatus::kNeedsAttention);
  player.Send(Prepared{{2, -1}, 1, Value::Map()});
  CHECK(player.started() == "nothing");
}

TEST_CASE("no retry begins in a branch that is being stopped", "[machine]") {
  Player player(
      Branches("{id: f, action: do.it, for_each: \"${[1, 2]}\", max_parallel: 2, "
               "retry: {attempts: 3, delay: 1s, on: [ABORTED]}}",
               "{id: y, action: do.it, retry: {attempts: 1}}"));
  player.Start();
  player.Send(Broken({1, 1}, Code::kAborted));
  player.Send(Broken({2, -1}, Code::kInternal));
  CHECK(TimersOf(player.state()).empty());
  player.Send(Broken({1, 0}, Code::kCancelled));
  CHECK(player.status() == RunStatus::kRolledBack);
}

TEST_CASE("a branch that was stopped with the run goes on with it", "[machine]") {
  Player player(Branches("{id: x, action: do.it}", "{id: y, action: do.it}",
                         "deadline: 10m\non_failure: pause\n"));
  player.Start();
  player.Fire(TimerKind::kDeadline);
  player.Send(Broken({1, -1}, Code::kCancelled));
  player.Send(Broken({2, -1}, Code::kCancelled));
  player.Send(Retry{}, "ada");
  Names again;
  for (const Effect& effect : player.effects()) {
    if (const auto* start = std::get_if<StartPhase>(&effect))
      again.push_back(NameOf(player.workflow(), start->at));
  }
  CHECK(again == Names{"x", "y"});
}

TEST_CASE("each visit of a sub-workflow is undone with the inputs that it had", "[machine]") {
  // See definition::LoadStoredWorkflow: a definition that carries what it runs.
  const auto child =
      "name: c\ninputs:\n  v: {type: int}\nsteps:\n"
      "  - {id: x, action: do.it, compensate: {action: do.it, with: {v: \"${inputs.v}\"}}}\n";
  static const TestCatalogue catalogue;
  const auto loaded = definition::LoadWorkflow(
      "name: t\nsteps:\n"
      "  - {id: s, workflow: c, with: {v: \"${has(steps.g) ? 2 : 1}\"}}\n"
      "  - {id: g, action: do.it, retry: {attempts: 1}, on_error: {ABORTED: {goto: s}}}\n",
      &catalogue, [&](std::string_view) { return std::string(child); });
  INFO(loaded.Report("t.yaml"));
  REQUIRE(loaded.workflow != nullptr);
  Player player(loaded.workflow);
  player.Start();
  player.Succeed();
  player.Fail(Code::kAborted);
  player.Succeed();
  player.Fail(Code::kInternal);
  CHECK(std::get<StartPhase>(player.effects()[0]).inputs["v"] == Value(2));
  player.Succeed();
  CHECK(std::get<StartPhase>(player.effects()[0]).inputs["v"] == Value(1));
}

TEST_CASE("an answer says which checklist it is of, where several are open", "[machine]") {
  const std::string list = "manual: {prompt: p, by: [dba], items: [{id: one, text: t}]}}";
  Player player(Branches("{id: m, " + list, "{id: n, " + list));
  player.Start();
  const Error refused = player.Refused(AnswerItem{"", "one", true, "", {"dba"}}, "ada");
  CHECK(refused.code == Code::kInvalidArgument);
  CHECK(refused.message.find("m and n") != std::string::npos);
  player.Send(AnswerItem{"n", "one", true, "", {"dba"}}, "ada");
  player.Send(AnswerItem{"", "one", true, "", {"dba"}}, "ada");
  CHECK(player.status() == RunStatus::kSucceeded);
}

TEST_CASE("what an item was answered with stays, and another note is not lost without a word",
          "[machine]") {
  Player player(
      "name: t\nsteps:\n- id: m\n"
      "  manual: {prompt: p, by: [dba], items: [{id: one, text: t}, {id: two, text: t}]}\n");
  player.Start();
  player.Send(AnswerItem{"", "one", true, "first", {"dba"}}, "ada");
  player.Send(AnswerItem{"", "one", true, "first", {"dba"}},
              "ada");  // sent again: its answer was lost
  player.Send(AnswerItem{"", "one", true, "", {"dba"}}, "bob");
  const Error refused = player.Refused(AnswerItem{"", "one", true, "second", {"dba"}}, "bob");
  CHECK(refused.code == Code::kFailedPrecondition);
  CHECK(refused.message.find("the item one was answered by ada: first") == 0);
}

}  // namespace recourse::machine
