#include <catch2/catch.hpp>

#include "tests/simulation/cells.h"

namespace recourse::simulation {

using machine::RunStatus;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

// Goes left the first time and right when it comes again.
const char* const kSwitch = R"(- {id: safe, checkpoint: true}
- id: x
  switch:
  - {when: '${!has(steps.left)}', goto: left}
  - {default: right}
- id: left
  action: keep.it
  next: after
  on_error: {DATA_LOSS: {rollback_to: safe, goto: x}}
- {id: right, action: keep.it}
)";
const char* const kInputs = "inputs:\n  zero: {type: int, default: 0}\n  text: {type: string}\n";
const char* const kFor = "- {id: x, wait: {for: 30s}}\n";
const char* const kUntil = "- {id: x, wait: {until: \"${now + duration('60s')}\"}}\n";
const char* const kSet = "- {id: x, set: {at: '${now}', n: '${1 + 2}'}}\n";
const char* const kMid = "- {id: x, checkpoint: true}\n- {id: mid, action: keep.it}\n";

Value Inputs(const char* text) { return Value::Object({{"zero", 0}, {"text", text}}); }

World AtTheWait(const std::string& yaml) {
  World world(yaml);
  world.Start();
  world.Work();
  CHECK(world.status() == RunStatus::kWaiting);
  return world;
}

// Under pause `before` is finished, and nothing of the step after it begins.
void HoldsUnderPause(World& world) {
  world.Start();
  world.Pause();
  world.Succeed("before");
  CHECK(world.status() == RunStatus::kPaused);
  CHECK(world.state().steps.size() == 1);
  world.Resume();
}

// The run is cancelled while `before` is at work, and does not come further.
void NeverComesToIt(World& world) {
  world.Start();
  world.Cancel(true);
  world.Succeed("before");
  CHECK(world.at_work() == Names{"compensate before/1"});
  world.Work();
  CHECK(world.status() == RunStatus::kCancelled);
  CHECK(world.started() == Names{"apply before/1", "compensate before/1"});
}

void FailsAtOnce(World& world) {
  CHECK(world.at_work() == Names{"compensate before/1"});
  world.Work();
  CHECK(world.undone() == Names{"before"});
  CHECK(world.status() == RunStatus::kRolledBack);
}

}  // namespace

Cells FlowCells() {
  Cells cells;
  const std::string choice = "switch";
  cells.push_back({choice, "pause", "no case is taken under pause", [] {
                     World world(Around(kSwitch));
                     HoldsUnderPause(world);
                     CHECK(world.at_work() == Names{"apply left/1"});
                   }});
  cells.push_back({choice, "cancel", "no case is taken after a cancel", [] {
                     World world(Around(kSwitch));
                     NeverComesToIt(world);
                   }});
  cells.push_back({choice, "crash", "the case that was taken stays taken", [] {
                     World world(Around(kSwitch));
                     world.Start();
                     world.Succeed("before");
                     world.Crash();
                     CHECK(world.at_work() == Names{"apply left/1"});
                     CHECK(world.state().steps.at(2).visits == 1);
                   }});
  cells.push_back(
      {choice, "failure", "a condition that cannot be told fails it", [] {
         World world(Around("- {id: x, switch: [{when: '${1 / inputs.zero > 0}', goto: after}]}\n",
                            kInputs));
         world.Start(Inputs(""));
         world.Succeed("before");
         FailsAtOnce(world);
       }});
  cells.push_back({choice, "rollback", "after a rollback to a checkpoint it chooses anew", [] {
                     World world(Around(kSwitch));
                     world.Start();
                     world.WorkUntil("left");
                     world.Fail("left", Code::kDataLoss, LeftBehind::kPartial);
                     world.WorkUntil("right");
                     CHECK(world.undone() == Names{"left"});
                     world.Work();
                     CHECK(world.status() == RunStatus::kSucceeded);
                   }});

  const std::string span = "wait for a time";
  cells.push_back({span, "pause", "its time goes on, and what follows begins at resume", [] {
                     World world = AtTheWait(Around(kFor));
                     world.Pause();
                     world.Wait(minutes(1));
                     CHECK(world.at_work() == Names{});
                     world.Resume();
                     CHECK(world.at_work() == Names{"apply after/1"});
                   }});
  cells.push_back({span, "cancel", "it ends at once", [] {
                     World world = AtTheWait(Around(kFor));
                     world.Cancel(false);
                     CHECK(world.status() == RunStatus::kCancelled);
                     CHECK_FALSE(world.FireNext());
                   }});
  cells.push_back({span, "crash", "it ends when it would have ended", [] {
                     World world = AtTheWait(Around(kFor));
                     const auto timers = machine::TimersOf(world.state());
                     world.Wait(seconds(10));
                     world.Crash();
                     CHECK(machine::TimersOf(world.state()) == timers);
                     world.Wait(seconds(20));
                     CHECK(world.at_work() == Names{"apply after/1"});
                   }});
  cells.push_back({span, "failure", "a span that cannot be told fails it", [] {
                     World world(Around("- {id: x, wait: {for: '${inputs.text}'}}\n", kInputs));
                     world.Start(Inputs("soon"));
                     world.Succeed("before");
                     CHECK(world.code() == Code::kInvalidArgument);
                     FailsAtOnce(world);
                   }});
  cells.push_back({span, "rollback", "a person's rollback ends it", [] {
                     World world = AtTheWait(Around(kFor));
                     world.Send(machine::RollBack{"", "not today", {}});
                     FailsAtOnce(world);
                   }});

  const std::string moment = "wait until a moment";
  cells.push_back({moment, "pause", "a moment that comes under pause is not missed", [] {
                     World world = AtTheWait(Around(kUntil));
                     world.Pause();
                     world.Wait(minutes(2));
                     CHECK(world.status() == RunStatus::kPaused);
                     world.Resume();
                     CHECK(world.at_work() == Names{"apply after/1"});
                   }});
  cells.push_back({moment, "cancel", "it ends at once, and what came before it is undone", [] {
                     World world = AtTheWait(Around(kUntil));
                     world.Cancel(true);
                     world.Work();
                     CHECK(world.undone() == Names{"before"});
                     CHECK(world.status() == RunStatus::kCancelled);
                   }});
  cells.push_back({moment, "crash", "a moment that came while the server was down ends it", [] {
                     World world = AtTheWait(Around(kUntil));
                     world.now += minutes(5);
                     world.Crash();
                     CHECK(world.status() == RunStatus::kWaiting);
                     world.FireNext();
                     CHECK(world.at_work() == Names{"apply after/1"});
                   }});
  cells.push_back(
      {moment, "failure", "what is no moment fails it", [] {
         World world(Around("- {id: x, wait: {until: '${timestamp(inputs.text)}'}}\n", kInputs));
         world.Start(Inputs("soon"));
         world.Succeed("before");
         FailsAtOnce(world);
       }});
  cells.push_back({moment, "rollback", "after a rollback to a checkpoint it is another moment", [] {
                     World world = AtTheWait(FromCheckpoint(kUntil));
                     world.Wait(minutes(1));
                     AgainFromCheckpoint(world);
                     CHECK(world.status() == RunStatus::kWaiting);
                     CHECK(machine::TimersOf(world.state()).front().due == world.now + minutes(1));
                   }});

  const std::string set = "set";
  cells.push_back({set, "pause", "its values are not computed under pause", [] {
                     World world(Around(kSet));
                     HoldsUnderPause(world);
                     CHECK(world.at_work() == Names{"apply after/1"});
                   }});
  cells.push_back({set, "cancel", "its values are not computed after a cancel", [] {
                     World world(Around(kSet));
                     NeverComesToIt(world);
                   }});
  cells.push_back({set, "crash", "its values stay those of the moment at which it stood there", [] {
                     World world(Around(kSet));
                     world.Start();
                     world.Succeed("before");
                     const Value before = world.state().steps.at(1).output;
                     world.now += minutes(5);
                     world.Crash();
                     CHECK(world.state().steps.at(1).output == before);
                     CHECK(before["n"] == Value(3));
                   }});
  cells.push_back({set, "failure", "a value that cannot be computed fails it", [] {
                     World world(Around("- {id: x, set: {n: '${1 / inputs.zero}'}}\n", kInputs));
                     world.Start(Inputs(""));
                     world.Succeed("before");
                     FailsAtOnce(world);
                   }});
  cells.push_back({set, "rollback", "nothing is undone of it, and it is computed anew", [] {
                     World world(FromCheckpoint(kSet));
                     world.Start();
                     world.WorkUntil("after");
                     const Value before = world.state().steps.at(2).output;
                     world.now += minutes(5);
                     AgainFromCheckpoint(world);
                     CHECK(world.undone() == Names{});
                     CHECK_FALSE(world.state().steps.at(2).output == before);
                   }});

  const std::string checkpoint = "checkpoint";
  cells.push_back({checkpoint, "pause", "it is not reached under pause", [] {
                     World world(Around(kMid));
                     HoldsUnderPause(world);
                     CHECK(world.at_work() == Names{"apply mid/1"});
                   }});
  cells.push_back({checkpoint, "cancel", "a rollback to the start goes past it", [] {
                     World world(Around(kMid));
                     world.Start();
                     world.WorkUntil("after");
                     world.Cancel(true);
                     world.Fail("after", Code::kCancelled);
                     world.Work();
                     CHECK(world.undone() == Names{"mid", "before"});
                     CHECK(world.status() == RunStatus::kCancelled);
                   }});
  cells.push_back({checkpoint, "crash", "it is kept over a crash", [] {
                     World world(Around(kMid));
                     world.Start();
                     world.WorkUntil("after");
                     world.Crash();
                     world.Send(machine::RollBack{"x", "back", {}});
                     world.Fail("after", Code::kCancelled);
                     world.Work();
                     CHECK(world.undone() == Names{"mid"});
                     CHECK(world.status() == RunStatus::kNeedsAttention);
                   }});
  cells.push_back({checkpoint, "failure", "a later failure undoes what was done before it too", [] {
                     World world(Around(kMid));
                     world.Start();
                     world.WorkUntil("after");
                     world.Fail("after");
                     world.Work();
                     CHECK(world.undone() == Names{"mid", "before"});
                     CHECK(world.status() == RunStatus::kRolledBack);
                   }});
  cells.push_back({checkpoint, "rollback", "a person's rollback to it asks there how to go on", [] {
                     World world(Around(kMid));
                     world.Start();
                     world.WorkUntil("after");
                     world.Send(machine::RollBack{"x", "back", {}});
                     world.Fail("after", Code::kCancelled);
                     world.Work();
                     CHECK(
                         world.why() ==
                         "x is reached by the rollback: CANCELLED: rolled back by operator: back");
                     world.Send(machine::Retry{"on"});
                     CHECK(world.at_work() == Names{"apply mid/2"});
                   }});
  return cells;
}

}  // namespace recourse::simulation
