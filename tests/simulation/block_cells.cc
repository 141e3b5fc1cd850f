#include <catch2/catch.hpp>

#include "tests/simulation/cells.h"

namespace recourse::simulation {

using machine::RunStatus;

namespace {

std::string Parallel(const std::string& when_one_fails, const std::string& more = "") {
  return Around("- id: x\n  parallel:\n    when_one_fails: " + when_one_fails + R"(
    branches:
      left:
      - {id: l1, action: keep.it}
      - {id: l2, action: keep.it}
      right:
      - {id: r1, action: keep.it}
)" + more);
}

const Library kInner = {{"inner", R"(name: inner
inputs:
  n: {type: int}
steps:
- {id: i1, action: keep.it, with: {n: '${inputs.n}'}}
- {id: i2, action: keep.it}
outputs:
  n: '${inputs.n + 1}'
)"}};
const char* const kSub = "- {id: x, workflow: inner, with: {n: 4}}\n";

}  // namespace

Cells BlockCells() {
  Cells cells;
  const std::string stop = "parallel, stop";
  cells.push_back({stop, "pause", "each branch finishes its step, and no next one begins", [] {
                     World world(Parallel("stop"));
                     world.Start();
                     world.Succeed("before");
                     CHECK(world.at_work() == Names{"apply l1/1", "apply r1/1"});
                     world.Pause();
                     world.Succeed("l1");
                     CHECK(world.at_work() == Names{"apply r1/1"});
                     world.Resume();
                     CHECK(world.at_work() == Names{"apply l2/1", "apply r1/1"});
                   }});
  cells.push_back({stop, "cancel", "every branch is stopped, and undone in reverse order", [] {
                     World world(Parallel("stop"));
                     world.Start();
                     world.Succeed("before");
                     world.Succeed("r1");
                     world.Succeed("l1");
                     world.Cancel(true);
                     CHECK(world.stopped() == Names{"l2"});
                     world.Fail("l2", Code::kCancelled, LeftBehind::kPartial);
                     world.Work();
                     CHECK(world.undone() == Names{"l2", "l1", "r1", "before"});
                     CHECK(world.status() == RunStatus::kCancelled);
                   }});
  cells.push_back({stop, "crash", "each branch goes on with what it was at", [] {
                     World world(Parallel("stop"));
                     world.Start();
                     world.Succeed("before");
                     world.Succeed("l1");
                     world.Crash();
                     CHECK(world.at_work() == Names{"apply l2/1", "apply r1/1"});
                     world.Work();
                     CHECK(world.status() == RunStatus::kSucceeded);
                   }});
  cells.push_back({stop, "failure", "the other branch is stopped, then the run goes back", [] {
                     World world(Parallel("stop"));
                     world.Start();
                     world.Succeed("before");
                     world.Fail("r1", Code::kUnavailable);
                     world.Wait(std::chrono::hours(1));
                     CHECK(world.stopped() == Names{"l1"});
                     CHECK(world.undone() == Names{});
                     world.Succeed("l1");
                     world.Work();
                     CHECK_FALSE(Has(world.started(), "apply l2/1"));
                     CHECK(world.undone() == Names{"l1", "before"});
                     CHECK(world.status() == RunStatus::kRolledBack);
                     CHECK(world.code() == Code::kUnavailable);
                   }});
  cells.push_back(
      {stop, "rollback", "what branches did is undone in reverse order of completion", [] {
         World world(Parallel("stop"));
         world.Start();
         world.Succeed("before");
         world.Succeed("l1");
         world.Succeed("r1");
         world.Succeed("l2");
         world.Fail("after");
         world.Work();
         CHECK(world.undone() == Names{"l2", "r1", "l1", "before"});
         CHECK(world.status() == RunStatus::kRolledBack);
       }});

  const std::string collect = "parallel, collect";
  cells.push_back({collect, "pause", "a branch that fails under pause holds up no other", [] {
                     World world(Parallel("collect"));
                     world.Start();
                     world.Succeed("before");
                     world.Pause();
                     world.Fail("r1");
                     CHECK(world.at_work() == Names{"apply l1/1"});
                     CHECK(world.stopped() == Names{});
                     world.Succeed("l1");
                     world.Resume();
                     CHECK(world.at_work() == Names{"apply l2/1"});
                   }});
  cells.push_back({collect, "cancel", "every branch is stopped, and what is done stays", [] {
                     World world(Parallel("collect"));
                     world.Start();
                     world.Succeed("before");
                     world.Cancel(false);
                     CHECK(world.stopped() == Names{"l1", "r1"});
                     world.Succeed("l1");
                     CHECK(world.status() == RunStatus::kRunning);
                     world.Fail("r1", Code::kCancelled);
                     CHECK(world.status() == RunStatus::kCancelled);
                     CHECK(world.undone() == Names{});
                     CHECK_FALSE(Has(world.started(), "apply l2/1"));
                   }});
  cells.push_back({collect, "crash", "a branch that has failed stays so", [] {
                     World world(Parallel("collect"));
                     world.Start();
                     world.Succeed("before");
                     world.Fail("r1");
                     world.Crash();
                     CHECK(world.at_work() == Names{"apply l1/1"});
                     world.Work();
                     CHECK(world.status() == RunStatus::kRolledBack);
                     CHECK(world.undone() == Names{"l2", "l1", "before"});
                   }});
  cells.push_back(
      {collect, "failure", "the other branch is done first, then the run goes back", [] {
         World world(Parallel("collect"));
         world.Start();
         world.Succeed("before");
         world.Fail("r1", Code::kDataLoss);
         CHECK(world.stopped() == Names{});
         world.Succeed("l1");
         CHECK(world.at_work() == Names{"apply l2/1"});
         world.Succeed("l2");
         CHECK(world.at_work() == Names{"compensate l2/1"});
         world.Work();
         CHECK(world.undone() == Names{"l2", "l1", "before"});
         CHECK(world.status() == RunStatus::kRolledBack);
         CHECK(world.code() == Code::kDataLoss);
       }});
  cells.push_back({collect, "rollback", "what a failed branch left is undone too, in its turn", [] {
                     World world(Parallel("collect", "  on_failure: continue\n"));
                     world.Start();
                     world.Succeed("before");
                     world.Succeed("l1");
                     world.Fail("r1", Code::kInternal, LeftBehind::kPartial);
                     world.Succeed("l2");
                     world.Fail("after");
                     world.Work();
                     CHECK(world.undone() == Names{"l2", "r1", "l1", "before"});
                   }});

  const std::string workflow = "workflow";
  cells.push_back({workflow, "pause", "its step at work is finished, and its next one waits", [] {
                     World world(Around(kSub), kInner);
                     world.Start();
                     world.WorkUntil("x/i1");
                     CHECK(world.attempts().begin()->second.inputs["n"] == Value(4));
                     world.Pause();
                     world.Succeed("x/i1");
                     CHECK(world.at_work() == Names{});
                     world.Resume();
                     CHECK(world.at_work() == Names{"apply x/i2/1"});
                   }});
  cells.push_back(
      {workflow, "cancel", "its step is stopped, and what it did undone with the rest", [] {
         World world(Around(kSub), kInner);
         world.Start();
         world.WorkUntil("x/i2");
         world.Cancel(true);
         CHECK(world.stopped() == Names{"x/i2"});
         world.Fail("x/i2", Code::kCancelled);
         world.Work();
         CHECK(world.undone() == Names{"x/i1", "before"});
         CHECK(world.status() == RunStatus::kCancelled);
       }});
  cells.push_back({workflow, "crash", "the run goes on inside it", [] {
                     World world(Around(kSub), kInner);
                     world.Start();
                     world.WorkUntil("x/i2");
                     world.Crash();
                     CHECK(world.at_work() == Names{"apply x/i2/1"});
                     world.WorkUntil("after");
                     CHECK(world.state().steps.at(1).output["n"] == Value(5));
                   }});
  cells.push_back(
      {workflow, "failure", "a step of its own that fails fails it, and its on_error holds", [] {
         World world(Around("- {id: x, workflow: inner, with: {n: 4}, on_error: {UNAVAILABLE: "
                            "{goto: other}}}\n"
                            "- {id: between, action: keep.it}\n"
                            "- {id: other, action: keep.it}\n"),
                     kInner);
         world.Start();
         world.WorkUntil("x/i2");
         world.Fail("x/i2", Code::kUnavailable);
         CHECK(world.status() == RunStatus::kRunning);
         CHECK(world.undone() == Names{});
         CHECK(world.at_work() == Names{"apply other/1"});
       }});
  cells.push_back({workflow, "rollback", "its steps are undone one by one", [] {
                     World world(Around(kSub), kInner);
                     world.Start();
                     world.WorkUntil("after");
                     world.Fail("after");
                     world.Work();
                     CHECK(world.undone() == Names{"x/i2", "x/i1", "before"});
                     CHECK(world.status() == RunStatus::kRolledBack);
                   }});
  return cells;
}

}  // namespace recourse::simulation
