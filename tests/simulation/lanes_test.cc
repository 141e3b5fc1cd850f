// What several things at once make of a run, one story each.
#include <catch2/catch.hpp>

#include "tests/simulation/cells.h"

namespace recourse::simulation {

using machine::RunStatus;
using std::chrono::minutes;

namespace {

std::string Beside(const std::string& left, const std::string& right,
                   const std::string& head = "") {
  return "name: t\n" + head + "steps:\n- id: p\n  parallel:\n    branches:\n      left:\n      - " +
         left + "\n      right:\n      - " + right + "\n";
}

const std::string kAsk = "{id: ask, approval: {prompt: 'Go on?', approvers: [dba]}}";
const std::string kWork = "{id: work, action: keep.it}";

}  // namespace

TEST_CASE("approvals that are asked for at the same moment are different ones", "[simulation]") {
  World world(Beside(kAsk, "{id: too, approval: {prompt: 'Sure?', approvers: [dba]}}"));
  world.Start();
  const auto open = machine::ApprovalsOf(world.state());
  REQUIRE(open.size() == 2);
  CHECK(open[0]->request.id == ApprovalId{1});
  CHECK(open[1]->request.id == ApprovalId{2});
  world.Vote("ada", machine::Vote::kApprove);
  CHECK(machine::ApprovalsOf(world.state()).size() == 1);
  world.Vote("ada", machine::Vote::kApprove);
  CHECK(world.status() == RunStatus::kSucceeded);
}

TEST_CASE("a run that is to stop asks nobody any more", "[simulation]") {
  World world(Beside(kAsk + "\n      - {id: then, action: do.it}", kWork));
  world.Start();
  CHECK(world.plans().size() == 1);
  world.Cancel(true);
  world.Plan("ask");
  CHECK(machine::ApprovalsOf(world.state()).empty());
  world.Fail("work", Code::kCancelled);
  CHECK(world.status() == RunStatus::kCancelled);
}

TEST_CASE("a branch that fails leaves no question of another one open", "[simulation]") {
  World world(Beside(kAsk, kWork));
  world.Start();
  world.Plan("ask");
  CHECK(machine::ApprovalsOf(world.state()).size() == 1);
  world.Fail("work");
  CHECK(world.status() == RunStatus::kRolledBack);
  CHECK(world.stopped() == Names{});
}

TEST_CASE("a person's retry gives a step its deadline anew", "[simulation]") {
  World world("name: t\non_failure: pause\nsteps:\n- {id: x, action: do.it, deadline: 1m}\n");
  world.Start();
  world.now += minutes(5);
  world.Fail("x");
  REQUIRE(world.status() == RunStatus::kNeedsAttention);
  world.Send(machine::Retry{"again"});
  CHECK(world.attempts().begin()->second.deadline == world.now + minutes(1));
  world.Crash();
  CHECK(world.attempts().begin()->second.deadline == world.now + minutes(1));
}

TEST_CASE("an item's error leads where on_error says, once the items beside it are over",
          "[simulation]") {
  World world(
      "name: t\non_failure: continue\nsteps:\n"
      "- {id: x, action: keep.it, for_each: '${[1, 2, 3]}', max_parallel: 2, on_error: {DATA_LOSS: "
      "{goto: other}}}\n"
      "- {id: after, action: do.it, next: end}\n- {id: other, action: do.it}\n");
  world.Start();
  world.Fail("x[0]", Code::kDataLoss);
  CHECK(world.at_work() == Names{"apply x[1]/1"});
  world.Succeed("x[1]");
  CHECK(world.at_work() == Names{"apply other/1"});
}

TEST_CASE("a checklist that was skipped with any output is asked as it is when it comes again",
          "[simulation]") {
  World world(
      "name: t\nsteps:\n- {id: m, manual: {prompt: p, by: [operator], items: [{id: a, text: t}]}}\n"
      "- {id: x, action: do.it, on_error: {'*': {goto: m}}}\n");
  world.Start();
  world.Send(machine::Skip{"m", Value(Value::List{1, 2, 3}), "by phone"});
  world.Fail("x");
  CHECK(world.status() == RunStatus::kWaiting);
  world.Answer("a");
  CHECK(world.at_work() == Names{"apply x/2"});
}

TEST_CASE("nobody can answer a checklist of a run that asks a person on its way back",
          "[simulation]") {
  World world(
      "name: t\nsteps:\n- {id: x, action: do.it, irreversible: true}\n- {id: y, action: do.it}\n");
  world.Start();
  world.Succeed("x");
  world.Send(machine::RollBack{"", "back", {}});
  world.Fail("y", Code::kCancelled);
  REQUIRE(world.status() == RunStatus::kNeedsAttention);
  const machine::AnswerItem answer{"", "one", true, "", {"operator"}};
  CHECK(world.Refused(answer).code == Code::kFailedPrecondition);
}

TEST_CASE("resume begins nothing more once one step of several asks a person", "[simulation]") {
  // The server that goes on has no action gone.it any more.
  const std::string yaml = Beside("{id: a, action: gone.it}", kWork + "");
  const auto stored = definition::LoadStoredWorkflow(yaml, &Actions());
  REQUIRE(stored.workflow != nullptr);
  World world(stored.workflow);
  world.Start();
  CHECK(world.status() == RunStatus::kNeedsAttention);
  CHECK(world.at_work() == Names{});
}

TEST_CASE("what was done is not undone once the run is at what runs at last", "[simulation]") {
  World world(
      "name: t\nsteps:\n- {id: x, action: keep.it}\non_finish:\n- {id: nap, wait: {for: 1h}}\n");
  world.Start();
  world.Succeed("x");
  REQUIRE(world.status() == RunStatus::kWaiting);
  CHECK(world.Refused(machine::RollBack{"", "no", {}}).code == Code::kFailedPrecondition);
  CHECK(world.Refused(machine::Cancel{"no", true, {}}).code == Code::kFailedPrecondition);
  world.Cancel(false);
  CHECK(world.status() == RunStatus::kSucceeded);
}

TEST_CASE("what JSON lacks is the same text before a crash and after it", "[simulation]") {
  const Library inner = {
      {"inner",
       "name: inner\ninputs: {when: {type: map}, span: {type: duration, default: 5m}}\n"
       "steps: [{id: a, action: do.it}]\noutputs: {at: '${now}'}\n"}};
  World world(
      "name: t\nsteps:\n- {id: s, set: {at: '${now}', span: \"${duration('90s')}\"}}\n"
      "- {id: e, action: keep.it, for_each: '${[now]}', with: {at: '${item}'}}\n"
      "- {id: w, workflow: inner, with: {when: {at: '${now}'}}}\n"
      "- {id: x, action: do.it, with: {at: '${timestamp(steps.s.output.at)}', w: "
      "'${steps.w.output.at}'}}\n"
      "outputs: {at: '${now}'}\n",
      inner);
  world.Start();
  CHECK(world.state().steps.at(0).output["span"] == Value("90s"));
  world.WorkUntil("x");
  CHECK(world.attempts().begin()->second.inputs["at"].is_string());
  world.Crash();
  world.Work();
  CHECK(world.status() == RunStatus::kSucceeded);
}

TEST_CASE("another action undoes a step with what was true when that was done", "[simulation]") {
  World world(
      "name: t\ninputs:\n  n: {type: int, default: 0}\nsteps:\n"
      "- {id: e, action: do.it, for_each: \"${has(steps.x) ? ['new'] : ['first', 'second']}\", "
      "with: {item: '${item}'}, compensate: {action: do.it, with: {item: '${item}'}}}\n"
      "- {id: o, action: do.it, compensate: {action: do.it, with: {own: '${steps.o.output.n}'}}}\n"
      "- {id: x, action: do.it, max_visits: 2, on_error: {DATA_LOSS: {goto: e}}}\n");
  world.Start(Value::Object({{"n", 0}}));
  world.Succeed("e[0]");
  world.Succeed("e[1]");
  world.Succeed("o", Value::Object({{"n", 1}}));
  world.Fail("x", Code::kDataLoss);
  world.Succeed("e[0]");
  world.Succeed("o", Value::Object({{"n", 2}}));
  world.Fail("x");
  Value::List undone;
  while (!world.attempts().empty()) {
    const machine::StartPhase start = world.attempts().begin()->second;
    CHECK(start.instead);
    undone.push_back(start.inputs["item"].is_null() ? start.inputs["own"] : start.inputs["item"]);
    world.Succeed(machine::NameOf(world.workflow(), start.at));
  }
  CHECK(undone == Value::List{2, "new", 1, "second", "first"});
  CHECK(world.status() == RunStatus::kRolledBack);
}

TEST_CASE("a step that waits for leave to go on outside the window ends alone", "[simulation]") {
  World world(Beside("{id: look, action: read.it}", "{id: nap, wait: {for: 35m}}\n      - " + kWork,
                     "deadline: 50m\nwindow: {cron: '0 * * * *', duration: 30m}\n"
                     "window_override: [dba]\n"));
  world.Start();
  world.Wait(minutes(35));
  world.Send(machine::OverrideWindow{"it cannot wait"});
  REQUIRE(machine::ApprovalsOf(world.state()).size() == 1);
  const machine::Skip skip{"work", Value(), "no"};
  CHECK(world.Refused(skip).code == Code::kFailedPrecondition);
  world.Wait(minutes(15));
  CHECK(world.stopped() == Names{"look"});
  CHECK(world.at_work() == Names{"apply look/1"});
  world.Succeed("look");
  CHECK(world.status() == RunStatus::kRolledBack);
}

TEST_CASE("an item begins as soon as there is room beside those that are tried again",
          "[simulation]") {
  World world(
      "name: t\nsteps:\n- {id: x, action: do.it, for_each: '${[1, 2, 3]}', max_parallel: 2, "
      "retry: {attempts: 2, on: [UNAVAILABLE]}}\n");
  world.Start();
  world.Fail("x[0]", Code::kUnavailable);
  world.Succeed("x[1]");
  CHECK(world.at_work() == Names{"apply x[2]/1"});
}

TEST_CASE("leave to go on outside the window is for every branch", "[simulation]") {
  World world(Beside("{id: nap, wait: {for: 40m}}\n      - " + kWork,
                     "{id: doze, wait: {for: 40m}}\n      - {id: more, action: keep.it}",
                     "window: {cron: '0 * * * *', duration: 30m}\nwindow_override: [dba]\n"));
  world.Start();
  world.Wait(minutes(40));
  CHECK(world.at_work() == Names{});
  world.Send(machine::OverrideWindow{"it cannot wait"});
  world.Vote("ada", machine::Vote::kApprove);
  CHECK(world.at_work() == Names{"apply work/1", "apply more/1"});
}

TEST_CASE("a question about a branch that is done says so", "[simulation]") {
  World world(Beside(kWork, "{id: more, action: keep.it}", "deadline: 10m\non_failure: pause\n"));
  world.Start();
  world.Wait(minutes(10));
  world.Succeed("work");
  world.Succeed("more");
  REQUIRE(world.status() == RunStatus::kNeedsAttention);
  CHECK(world.why().starts_with("stopped after work: DEADLINE_EXCEEDED"));
}

}  // namespace recourse::simulation
