// Runs that people hold: paused, asked something meanwhile, put aside; and what their clocks do.
#include <catch2/catch.hpp>

#include "player.h"

namespace recourse::machine {
namespace {

using std::chrono::minutes;

std::optional<Time> DueOf(const Player& player, TimerKind kind) {
  for (const Timer& timer : TimersOf(player.state())) {
    if (timer.kind == kind) return timer.due;
  }
  return std::nullopt;
}

Player AskedFor(const std::string& step_more) {
  Player player(
      "name: t\nsteps:\n  - {id: ask, approval: {prompt: 'Go on?', approvers: [dba], expires: "
      "15m}" +
      step_more + "}\n  - {id: b, action: do.it}\n");
  player.Start();
  player.Send(PlanMade{0, Value()});
  return player;
}

}  // namespace

TEST_CASE("a paused run that comes to ask is paused again once it is answered", "[machine]") {
  Player player(
      "name: t\non_failure: pause\nsteps:\n  - {id: a, action: do.it}\n  - {id: b, action: "
      "do.it}\n");
  player.Start();
  player.Send(Pause{"look first"}, "ada");
  player.Send(AttemptBroke{
      {0, -1}, 1, Phase::kApply, {Internal("broken"), {}, LeftBehind::kNothing}, false, {}});
  CHECK(player.status() == RunStatus::kPaused);
  player.Send(Resume{}, "ada");
  CHECK(player.status() == RunStatus::kNeedsAttention);
  player.Send(Skip{"a", {}, "by hand"}, "ada");
  CHECK(player.started() == "apply b/1");

  Player expires = AskedFor("");
  expires.Send(Pause{"look first"}, "ada");
  expires.Fire(TimerKind::kApprovalExpiry);
  REQUIRE(expires.status() == RunStatus::kNeedsAttention);
  CHECK(expires.why().find("paused by ada: look first; ask expired undecided") == 0);
  expires.Send(Retry{}, "kim");
  CHECK(expires.status() == RunStatus::kPaused);
  CHECK(expires.started() == "nothing");
  expires.Send(Resume{}, "ada");
  CHECK(std::holds_alternative<MakePlan>(expires.effects()[0]));
}

TEST_CASE("a run that asks can be told to go on past its pause first", "[machine]") {
  Player player = AskedFor("");
  player.Send(Pause{}, "ada");
  player.Fire(TimerKind::kApprovalExpiry);
  player.Send(Resume{}, "ada");
  CHECK(player.status() == RunStatus::kNeedsAttention);
  CHECK(player.Refused(Resume{}, "ada").code == Code::kFailedPrecondition);
  player.Send(Retry{}, "ada");
  CHECK(std::holds_alternative<MakePlan>(player.effects()[0]));
}

TEST_CASE("pause stops the clock of an approval, a wait and a checklist that says so",
          "[machine]") {
  SECTION("an approval") {
    Player player = AskedFor(", pause_stops_clock: true");
    const Time due = *DueOf(player, TimerKind::kApprovalExpiry);
    player.Send(Pause{}, "ada");
    CHECK(TimersOf(player.state()).empty());
    player.now += minutes(60);
    player.Send(Resume{}, "ada");
    CHECK(*DueOf(player, TimerKind::kApprovalExpiry) == due + minutes(60));
    CHECK(*DueOf(player, TimerKind::kEscalation) == due - std::chrono::seconds(450) + minutes(60));
  }
  SECTION("votes count while it stands, however long") {
    Player player = AskedFor(", pause_stops_clock: true");
    player.Send(Pause{}, "ada");
    player.now += minutes(60);
    player.Vote("p1", Vote::kApprove);
    player.Send(Resume{}, "ada");
    CHECK(player.started() == "apply b/1");
  }
  SECTION("a wait") {
    Player player("name: t\nsteps:\n  - {id: w, wait: {for: 10m}, pause_stops_clock: true}\n");
    player.Start();
    player.now += minutes(4);
    player.Send(Pause{}, "ada");
    player.now += minutes(60);
    player.Send(Resume{}, "ada");
    CHECK(player.status() == RunStatus::kWaiting);
    CHECK(*DueOf(player, TimerKind::kWait) == player.now + minutes(6));
  }
  SECTION("a checklist") {
    Player player(
        "name: t\nsteps:\n  - {id: m, manual: {prompt: p, by: [dba], items: [{id: i, text: t}], "
        "expires: 10m}, pause_stops_clock: true}\n");
    player.Start();
    player.Send(Pause{}, "ada");
    player.now += minutes(60);
    player.Send(Resume{}, "ada");
    CHECK(*DueOf(player, TimerKind::kWait) == player.now + minutes(10));
  }
}

TEST_CASE("a run that is started on hold waits for a person before its first step", "[machine]") {
  Player player("name: t\ndeadline: 1h\nsteps:\n  - {id: a, action: do.it}\n");
  machine::Start start;
  start.inputs = Value::Map();
  start.hold = "too many today";
  player.Send(start, "alertmanager");
  CHECK(player.Fresh() == std::vector<std::string>{"RunStarted", "RunPaused"});
  CHECK(player.status() == RunStatus::kPaused);
  CHECK(player.why() == "started on hold by alertmanager: too many today");
  CHECK(player.started() == "nothing");
  const auto* told = std::get_if<Notify>(&player.effects()[0]);
  REQUIRE(told != nullptr);
  CHECK(told->text == "R-7 needs attention: it was started on hold: too many today");

  SECTION("however long that takes: the time for its work begins with its work") {
    CHECK(TimersOf(player.state()).empty());
    player.now += minutes(600);
    player.Send(Resume{}, "ada");
    CHECK(player.started() == "apply a/1");
    CHECK(*DueOf(player, TimerKind::kDeadline) == player.now + minutes(60));
  }
  SECTION("once resumed it is a run like any other") {
    player.Send(Resume{}, "ada");
    player.Send(Pause{}, "ada");
    CHECK(player.why() == "paused by ada");
    CHECK(DueOf(player, TimerKind::kDeadline).has_value());
  }
  SECTION("it can be put aside, and its time stands then too") {
    player.now += minutes(10);
    player.Send(Quarantine{"it looks wrong"}, "ada");
    player.now += minutes(10);
    player.Send(Resume{}, "ada");
    CHECK(*DueOf(player, TimerKind::kDeadline) == player.now + minutes(60));
  }
  SECTION("or ended") {
    player.Send(Cancel{"not needed", false, {}}, "ada");
    CHECK(player.status() == RunStatus::kCancelled);
  }
}

TEST_CASE("a run on hold takes its lock first, and is held when it has it", "[machine]") {
  Player player("name: t\nlock: k\nsteps:\n  - {id: a, action: do.it}\n");
  machine::Start start;
  start.inputs = Value::Map();
  start.lock = "k";
  start.lock_holder = RunId{3};
  start.hold = "look first";
  player.Send(start, "alertmanager");
  CHECK(player.status() == RunStatus::kQueued);
  player.Fresh();
  player.Send(LockGranted{});
  CHECK(player.Fresh() == std::vector<std::string>{"LockAcquired", "RunPaused"});
  CHECK(player.status() == RunStatus::kPaused);
  player.Send(Resume{}, "ada");
  CHECK(player.started() == "apply a/1");
}

TEST_CASE("who is to be told of what needs a person is told of a run on hold", "[machine]") {
  Player player("name: t\nsteps:\n  - {id: a, action: do.it}\n");
  machine::Start start;
  start.inputs = Value::Map();
  start.hold = "look first";
  start.policy = Value::Object({{"name", "site"}});
  player.Send(start, "alertmanager");
  CHECK(player.state().need.has_value());
  player.Send(Resume{}, "ada");
  CHECK_FALSE(player.state().need.has_value());
}

TEST_CASE("a run in quarantine has no timers, and takes nobody's word but to end or go on",
          "[machine]") {
  Player player(
      "name: t\ndeadline: 1h\nsteps:\n"
      "  - {id: ask, approval: {prompt: 'Go on?', approvers: [dba], expires: 15m}}\n"
      "  - {id: b, action: do.it}\n");
  player.Start();
  player.Send(PlanMade{0, Value()});
  const Time deadline = *DueOf(player, TimerKind::kDeadline);
  CHECK(player.Refused(Quarantine{}, "ada").code == Code::kInvalidArgument);
  player.Send(Quarantine{"it looks wrong"}, "ada");
  CHECK(player.status() == RunStatus::kPaused);
  CHECK(player.why() == "quarantined by ada: it looks wrong");
  CHECK(TimersOf(player.state()).empty());
  CastVote cast;
  cast.id = ApprovalId{381};
  cast.roles = {"dba"};
  CHECK(player.Refused(cast, "p1").code == Code::kFailedPrecondition);
  CHECK(player.Refused(RollBack{}, "ada").code == Code::kFailedPrecondition);
  player.now += minutes(120);
  player.Send(Resume{}, "ada");
  CHECK(*DueOf(player, TimerKind::kDeadline) == deadline + minutes(120));
  CHECK(*DueOf(player, TimerKind::kApprovalExpiry) == player.now + minutes(15));
  player.Vote("p1", Vote::kApprove);
  CHECK(player.started() == "apply b/1");
}

TEST_CASE("a run that asks is put aside with its question", "[machine]") {
  Player player("name: t\non_failure: pause\nsteps:\n  - {id: a, action: do.it}\n");
  player.Start();
  player.Fail(Code::kInternal);
  player.Send(Quarantine{"not now"}, "ada");
  CHECK(player.status() == RunStatus::kNeedsAttention);
  CHECK(player.Refused(Retry{}, "ada").code == Code::kFailedPrecondition);
  player.Send(Resume{}, "ada");
  player.Send(Retry{}, "ada");
  CHECK(player.started() == "apply a/2");
}

TEST_CASE("an attempt at work when its run is put aside is still recorded", "[machine]") {
  Player player("name: t\nsteps:\n  - {id: a, action: do.it}\n  - {id: b, action: do.it}\n");
  player.Start();
  player.Send(Quarantine{"it looks wrong"}, "ada");
  player.Send(Applied{{0, -1}, 1, Value(Value::Map()), {}});
  CHECK(player.status() == RunStatus::kPaused);
  player.Send(Resume{}, "ada");
  CHECK(player.started() == "apply b/1");
  player.Send(Quarantine{"again"}, "ada");
  player.Send(Cancel{"enough", false, {}}, "ada");
  player.Send(Applied{{1, -1}, 1, Value(Value::Map()), {}});
  CHECK(player.status() == RunStatus::kCancelled);
}

TEST_CASE("an approval that is asked during a pause has stood since it was asked only",
          "[machine]") {
  Player player(
      "name: t\nsteps:\n  - {id: ask, approval: {prompt: 'Go on?', approvers: [dba], expires: "
      "15m}, "
      "pause_stops_clock: true}\n  - {id: b, action: do.it}\n");
  player.Start();
  player.Send(Pause{}, "ada");
  player.now += minutes(60);
  player.Send(PlanMade{0, Value()});
  player.now += minutes(5);
  player.Send(Resume{}, "ada");
  CHECK(*DueOf(player, TimerKind::kApprovalExpiry) == player.now + minutes(15));
}

}  // namespace recourse::machine
