#include <catch2/catch.hpp>

#include "tests/simulation/cells.h"

namespace recourse::simulation {

using machine::RunStatus;
using Verdict = ProbeAnswer::Verdict;

namespace {

// Prepares, can be undone, and can be asked whether it took effect.
const char* const kAction = "- {id: x, action: undo.it, retry: {attempts: 2, on: [UNAVAILABLE]}}\n";
const char* const kForEach = "- {id: x, action: keep.it, for_each: '${[1, 2, 3]}'}\n";
const char* const kBeside =
    "- {id: x, action: keep.it, for_each: '${[1, 2, 3]}', max_parallel: 2}\n";

}  // namespace

Cells ActionCells() {
  Cells cells;
  const std::string action = "action";
  cells.push_back({action, "pause", "what is at work is finished, and the next step waits", [] {
                     World world(Around(kAction));
                     world.Start();
                     world.Succeed("before");
                     CHECK(world.at_work() == Names{"prepare x/1"});
                     world.Pause();
                     world.Succeed("x");
                     CHECK(world.status() == RunStatus::kPaused);
                     CHECK(world.at_work() == Names{});
                     world.Resume();
                     CHECK(world.at_work() == Names{"apply after/1"});
                   }});
  cells.push_back(
      {action, "cancel", "it is stopped, and its part undone before what came before it", [] {
         World world(Around(kAction));
         world.Start();
         world.WorkUntil("x");
         world.Cancel(true);
         CHECK(world.stopped() == Names{"x"});
         CHECK(world.status() == RunStatus::kRunning);
         world.Fail("x", Code::kCancelled, LeftBehind::kPartial);
         world.Work();
         CHECK(world.undone() == Names{"x", "before"});
         CHECK(world.status() == RunStatus::kCancelled);
       }});
  cells.push_back({action, "crash", "a probe tells what became of the attempt", [] {
                     World world(Around(kAction));
                     world.Start();
                     world.WorkUntil("x");
                     world.Crash();
                     CHECK(world.at_work() == Names{"probe x/1"});
                     world.Probe("x", Verdict::kApplied);
                     CHECK(world.at_work() == Names{"apply after/1"});
                   }});
  cells.push_back(
      {action, "failure", "it is tried again as its retry says, then the run goes back", [] {
         World world(Around(kAction));
         world.Start();
         world.WorkUntil("x");
         world.Fail("x", Code::kUnavailable);
         CHECK(world.status() == RunStatus::kWaiting);
         world.FireNext();
         CHECK(world.at_work() == Names{"prepare x/2"});
         world.Fail("x", Code::kUnavailable);
         CHECK(world.at_work() == Names{"compensate before/1"});
         world.Work();
         CHECK(world.status() == RunStatus::kRolledBack);
         CHECK(world.code() == Code::kUnavailable);
       }});
  cells.push_back({action, "rollback", "it is undone with what its prepare saved", [] {
                     World world(Around(kAction));
                     world.Start();
                     world.WorkUntil("after");
                     world.Fail("after");
                     CHECK(world.at_work() == Names{"compensate x/1"});
                     CHECK(world.attempts().begin()->second.undo["undo_of"] ==
                           Value("prepare x/1"));
                     world.Work();
                     CHECK(world.undone() == Names{"x", "before"});
                     CHECK(world.status() == RunStatus::kRolledBack);
                   }});

  const std::string for_each = "for_each";
  cells.push_back({for_each, "pause", "the item at work is finished, and the next one waits", [] {
                     World world(Around(kForEach));
                     world.Start();
                     world.WorkUntil("x[0]");
                     world.Pause();
                     world.Succeed("x[0]");
                     CHECK(world.at_work() == Names{});
                     world.Resume();
                     CHECK(world.at_work() == Names{"apply x[1]/1"});
                   }});
  cells.push_back({for_each, "cancel", "the item at work is stopped, and what is done stays", [] {
                     World world(Around(kForEach));
                     world.Start();
                     world.WorkUntil("x[1]");
                     world.Cancel(false);
                     CHECK(world.stopped() == Names{"x[1]"});
                     world.Fail("x[1]", Code::kCancelled);
                     CHECK(world.status() == RunStatus::kCancelled);
                     CHECK(world.undone() == Names{});
                     CHECK_FALSE(Has(world.started(), "apply x[2]/1"));
                   }});
  cells.push_back({for_each, "crash", "only the item that was at work begins again", [] {
                     World world(Around(kForEach));
                     world.Start();
                     world.WorkUntil("x[1]");
                     world.Crash();
                     CHECK(world.at_work() == Names{"apply x[1]/1"});
                     CHECK(world.attempts().begin()->second.resumed);
                     world.Work();
                     CHECK(world.status() == RunStatus::kSucceeded);
                   }});
  cells.push_back({for_each, "failure", "the items behind the one that failed never begin", [] {
                     World world(Around(kForEach));
                     world.Start();
                     world.WorkUntil("x[1]");
                     world.Fail("x[1]");
                     world.Work();
                     CHECK(world.undone() == Names{"x[0]", "before"});
                     CHECK(world.status() == RunStatus::kRolledBack);
                     CHECK_FALSE(Has(world.started(), "apply x[2]/1"));
                   }});
  cells.push_back({for_each, "rollback", "its items are undone from the last to the first", [] {
                     World world(Around(kForEach));
                     world.Start();
                     world.WorkUntil("after");
                     world.Fail("after");
                     world.Work();
                     CHECK(world.undone() == Names{"x[2]", "x[1]", "x[0]", "before"});
                   }});

  const std::string beside = "for_each, max_parallel";
  cells.push_back({beside, "pause", "items at work are finished, and no other begins", [] {
                     World world(Around(kBeside));
                     world.Start();
                     world.Succeed("before");
                     CHECK(world.at_work() == Names{"apply x[0]/1", "apply x[1]/1"});
                     world.Pause();
                     world.Succeed("x[0]");
                     CHECK(world.at_work() == Names{"apply x[1]/1"});
                     world.Resume();
                     CHECK(world.at_work() == Names{"apply x[1]/1", "apply x[2]/1"});
                   }});
  cells.push_back(
      {beside, "cancel", "every item at work is stopped, and what was done is undone", [] {
         World world(Around(kBeside));
         world.Start();
         world.Succeed("before");
         world.Cancel(true);
         CHECK(world.stopped() == Names{"x[0]", "x[1]"});
         world.Succeed("x[0]");
         CHECK(world.at_work() == Names{"apply x[1]/1"});
         world.Fail("x[1]", Code::kCancelled);
         world.Work();
         CHECK(world.undone() == Names{"x[0]", "before"});
         CHECK(world.status() == RunStatus::kCancelled);
       }});
  cells.push_back({beside, "crash", "the items that were at work begin again, and no others", [] {
                     World world(Around(kBeside));
                     world.Start();
                     world.Succeed("before");
                     world.Succeed("x[0]");
                     world.Crash();
                     CHECK(world.at_work() == Names{"apply x[1]/1", "apply x[2]/1"});
                     world.Work();
                     CHECK(world.status() == RunStatus::kSucceeded);
                   }});
  cells.push_back(
      {beside, "failure", "the items beside it are stopped, then the run goes back", [] {
         World world(Around(kBeside));
         world.Start();
         world.Succeed("before");
         world.Succeed("x[1]");
         world.Fail("x[0]");
         CHECK(world.stopped() == Names{"x[2]"});
         CHECK(world.undone() == Names{});
         world.Fail("x[2]", Code::kCancelled);
         world.Work();
         CHECK(world.undone() == Names{"x[1]", "before"});
         CHECK(world.status() == RunStatus::kRolledBack);
         CHECK(world.code() == Code::kInternal);
       }});
  cells.push_back(
      {beside, "rollback", "its items are undone in reverse order of their completion", [] {
         World world(Around(kBeside));
         world.Start();
         world.Succeed("before");
         world.Succeed("x[1]");
         world.Succeed("x[0]");
         world.Succeed("x[2]");
         world.Fail("after");
         world.Work();
         CHECK(world.undone() == Names{"x[2]", "x[0]", "x[1]", "before"});
       }});
  return cells;
}

}  // namespace recourse::simulation
