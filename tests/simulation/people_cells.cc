#include <catch2/catch.hpp>

#include "tests/simulation/cells.h"

namespace recourse::simulation {

using machine::RunStatus;

namespace {

const char* const kApproval = "- {id: x, approval: {prompt: 'Go on?', approvers: [dba]}}\n";
const char* const kManual = R"(- id: x
  manual:
    prompt: Look at the rows
    by: [operator]
    items:
    - {id: rows, text: The rows are there, check: {action: read.it}}
    - {id: phone, text: The shop is told}
    - {id: log, text: It is written down}
)";
const char* const kSignal = "- {id: x, wait: {signal: go, timeout: 10m}}\n";

// A run that waits at x.
World At(const std::string& yaml) {
  World world(yaml);
  world.Start();
  world.Work();
  CHECK(world.status() == RunStatus::kWaiting);
  return world;
}

}  // namespace

Cells PeopleCells() {
  Cells cells;
  const std::string approval = "approval";
  cells.push_back(
      {approval, "pause", "a vote counts under pause, and what follows waits for resume", [] {
         World world = At(Around(kApproval));
         world.Pause();
         world.Vote("ada", machine::Vote::kApprove);
         CHECK(world.status() == RunStatus::kPaused);
         CHECK(world.at_work() == Names{});
         world.Resume();
         CHECK(world.at_work() == Names{"apply after/1"});
       }});
  cells.push_back(
      {approval, "cancel", "the question is void, and a vote for it comes too late", [] {
         World world = At(Around(kApproval));
         world.Cancel(false);
         CHECK(world.status() == RunStatus::kCancelled);
         CHECK(world.undone() == Names{});
         CHECK(world.events().end()[-2] == "ApprovalSettled");
         machine::CastVote late;
         late.id = ApprovalId{1};
         late.roles = {"dba"};
         CHECK(world.Refused(late, "ada").code == Code::kFailedPrecondition);
       }});
  cells.push_back(
      {approval, "crash", "the plan is made again, and a question that was asked stays", [] {
         World world(Around(kApproval));
         world.Start();
         world.Succeed("before");
         CHECK(world.plans() == std::vector{1});
         world.Crash();
         CHECK(world.plans() == std::vector{1});
         world.Plan("x");
         world.Crash();
         CHECK(world.plans().empty());
         CHECK(world.why() == "approval A-1: Go on?");
         world.Vote("ada", machine::Vote::kApprove);
         CHECK(world.at_work() == Names{"apply after/1"});
       }});
  cells.push_back({approval, "failure", "a rejection fails it with PERMISSION_DENIED", [] {
                     World world = At(Around(kApproval));
                     world.Vote("ada", machine::Vote::kReject);
                     CHECK(world.code() == Code::kPermissionDenied);
                     world.Work();
                     CHECK(world.undone() == Names{"before"});
                     CHECK(world.status() == RunStatus::kRolledBack);
                   }});
  cells.push_back({approval, "rollback", "an approval before a rollback is not one after it", [] {
                     World world = At(FromCheckpoint(kApproval));
                     world.Vote("ada", machine::Vote::kApprove);
                     AgainFromCheckpoint(world);
                     CHECK(world.at_work() == Names{});
                     world.Plan("x");
                     CHECK(world.status() == RunStatus::kWaiting);
                     CHECK(world.why() == "approval A-2: Go on?");
                   }});

  const std::string manual = "manual";
  cells.push_back(
      {manual, "pause", "answers count under pause, and what follows waits for resume", [] {
         World world = At(Around(kManual));
         world.Pause();
         world.Answer("phone");
         world.Answer("log");
         CHECK(world.status() == RunStatus::kPaused);
         CHECK(world.at_work() == Names{});
         world.Resume();
         CHECK(world.at_work() == Names{"apply after/1"});
       }});
  cells.push_back({manual, "cancel", "the checklist is closed, and what came before it undone", [] {
                     World world = At(Around(kManual));
                     world.Answer("phone");
                     world.Cancel(true);
                     world.Work();
                     CHECK(world.undone() == Names{"before"});
                     CHECK(world.status() == RunStatus::kCancelled);
                     const machine::AnswerItem late{"x", "log", true, "", {"operator"}};
                     CHECK(world.Refused(late).code == Code::kFailedPrecondition);
                   }});
  cells.push_back({manual, "crash", "a check at work is made again, and answers stay", [] {
                     World world(Around(kManual));
                     world.Start();
                     world.Succeed("before");
                     CHECK(world.at_work() == Names{"apply x[0]/1"});
                     world.Crash();
                     CHECK(world.at_work() == Names{"apply x[0]/1"});
                     world.Succeed("x[0]");
                     world.Answer("phone");
                     world.Crash();
                     CHECK(world.why() ==
                           "checklist at x: Look at the rows; open: log (It is written down)");
                     world.Answer("log");
                     CHECK(world.at_work() == Names{"apply after/1"});
                   }});
  cells.push_back(
      {manual, "failure", "an item that cannot be done fails it with FAILED_PRECONDITION", [] {
         World world = At(Around(kManual));
         world.Answer("phone", false);
         CHECK(world.code() == Code::kFailedPrecondition);
         world.Work();
         CHECK(world.undone() == Names{"before"});
         CHECK(world.status() == RunStatus::kRolledBack);
       }});
  cells.push_back(
      {manual, "rollback", "nothing is undone of it, and all of it is asked again", [] {
         World world = At(FromCheckpoint(kManual));
         world.Answer("log");
         world.Answer("phone");
         AgainFromCheckpoint(world);
         CHECK(world.undone() == Names{});
         CHECK(world.at_work() == Names{"apply x[0]/2"});
         world.Work();
         CHECK(world.why() ==
               "checklist at x: Look at the rows; open: phone (The shop is told), log (It is "
               "written down)");
       }});

  const std::string signal = "wait for a signal";
  cells.push_back({signal, "pause", "a signal that comes under pause is kept until resume", [] {
                     World world = At(Around(kSignal));
                     world.Pause();
                     world.Signal("go");
                     CHECK(world.at_work() == Names{});
                     world.Resume();
                     CHECK(world.at_work() == Names{"apply after/1"});
                   }});
  cells.push_back(
      {signal, "cancel", "it ends at once, and a signal comes too late", [] {
         World world = At(Around(kSignal));
         world.Cancel(false);
         CHECK(world.status() == RunStatus::kCancelled);
         CHECK(world.Refused(machine::SendSignal{"go", {}}).code == Code::kFailedPrecondition);
       }});
  cells.push_back({signal, "crash", "a signal that came before its step is kept over a crash", [] {
                     World world(Around(kSignal));
                     world.Start();
                     world.Signal("go");
                     world.Crash();
                     world.Succeed("before");
                     CHECK(world.at_work() == Names{"apply after/1"});
                     CHECK(world.state().steps.at(1).output["payload"]["n"] == Value(1));
                   }});
  cells.push_back({signal, "failure", "no signal in time fails it with DEADLINE_EXCEEDED", [] {
                     World world = At(Around(kSignal));
                     world.Wait(std::chrono::minutes(10));
                     CHECK(world.code() == Code::kDeadlineExceeded);
                     world.Work();
                     CHECK(world.undone() == Names{"before"});
                     CHECK(world.status() == RunStatus::kRolledBack);
                   }});
  cells.push_back({signal, "rollback", "a signal that was taken is not given again", [] {
                     World world = At(FromCheckpoint(kSignal));
                     world.Signal("go");
                     AgainFromCheckpoint(world);
                     CHECK(world.status() == RunStatus::kWaiting);
                     CHECK(world.why() == "x waits for the signal go");
                     world.Signal("go");
                     CHECK(world.at_work() == Names{"apply after/2"});
                   }});
  return cells;
}

}  // namespace recourse::simulation
