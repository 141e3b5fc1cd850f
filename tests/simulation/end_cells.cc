#include <catch2/catch.hpp>

#include "tests/simulation/cells.h"

namespace recourse::simulation {

using machine::RunStatus;

namespace {

const char* const kSucceed =
    "name: t\ninputs:\n  zero: {type: int, default: 0}\nsteps:\n- {id: before, action: keep.it}\n"
    "- {id: x, succeed: true}\noutputs:\n  n: '${1 / inputs.zero}'\n";

std::string Failing(const std::string& on_failure) {
  return "name: t\non_failure: " + on_failure +
         "\nsteps:\n- {id: before, action: keep.it}\n"
         "- {id: x, fail: {code: DATA_LOSS, message: 'nothing is left'}}\n";
}

std::string Finishing(const std::string& tidy = "") {
  return "name: t\nsteps:\n- {id: before, action: keep.it}\n- {id: after, action: keep.it}\n"
         "on_finish:\n- {id: tidy, action: keep.it" +
         tidy + "}\n- {id: report, action: do.it}\n";
}

Value Zero() { return Value::Object({{"zero", 0}}); }

}  // namespace

Cells EndCells() {
  Cells cells;
  const std::string succeed = "succeed";
  cells.push_back({succeed, "pause", "the run does not end under pause", [] {
                     World world(kSucceed);
                     world.Start(Zero());
                     world.Pause();
                     world.Succeed("before");
                     CHECK(world.status() == RunStatus::kPaused);
                     world.Resume();
                     CHECK(world.status() == RunStatus::kSucceeded);
                   }});
  cells.push_back({succeed, "cancel", "a cancel before it wins", [] {
                     World world(kSucceed);
                     world.Start(Zero());
                     world.Cancel(false);
                     world.Succeed("before");
                     CHECK(world.status() == RunStatus::kCancelled);
                   }});
  cells.push_back({succeed, "crash", "a run that is over stays over", [] {
                     World world(kSucceed);
                     world.Start(Zero());
                     world.Work();
                     world.Crash();
                     CHECK(world.status() == RunStatus::kSucceeded);
                     CHECK(world.Refused(machine::Restarted{}, "engine").code ==
                           Code::kFailedPrecondition);
                   }});
  cells.push_back(
      {succeed, "failure", "an output that cannot be computed is told, and undoes nothing", [] {
         World world(kSucceed);
         world.Start(Zero());
         world.Work();
         CHECK(world.status() == RunStatus::kSucceeded);
         const Value& outputs = std::get<machine::Succeeded>(world.state().status).outputs;
         CHECK(outputs["error"].as_string().find("division by zero") != std::string::npos);
         CHECK(world.undone() == Names{});
       }});
  cells.push_back(
      {succeed, "rollback", "what is over cannot be rolled back", [] {
         World world(kSucceed);
         world.Start(Zero());
         world.Work();
         CHECK(world.Refused(machine::RollBack{"", "no", {}}).code == Code::kFailedPrecondition);
       }});

  const std::string fail = "fail";
  cells.push_back({fail, "pause", "the run does not fail under pause", [] {
                     World world(Failing("fail"));
                     world.Start();
                     world.Pause();
                     world.Succeed("before");
                     CHECK(world.status() == RunStatus::kPaused);
                     world.Resume();
                     CHECK(world.status() == RunStatus::kFailed);
                   }});
  cells.push_back({fail, "cancel", "a cancel before it wins", [] {
                     World world(Failing("fail"));
                     world.Start();
                     world.Cancel(true);
                     world.Succeed("before");
                     world.Work();
                     CHECK(world.status() == RunStatus::kCancelled);
                     CHECK(world.undone() == Names{"before"});
                   }});
  cells.push_back({fail, "crash", "the rollback that it began goes on with the same step", [] {
                     World world(Failing("rollback"));
                     world.Start();
                     world.Succeed("before");
                     CHECK(world.at_work() == Names{"compensate before/1"});
                     world.Crash();
                     CHECK(world.at_work() == Names{"compensate before/2"});
                     world.Work();
                     CHECK(world.undone() == Names{"before"});
                     CHECK(world.status() == RunStatus::kRolledBack);
                   }});
  cells.push_back(
      {fail, "failure", "the run ends with its code and message, and all that is done stays", [] {
         World world(Failing("fail"));
         world.Start();
         world.Work();
         CHECK(world.status() == RunStatus::kFailed);
         const Error& error = std::get<machine::Failed>(world.state().status).error;
         CHECK(error == Error{Code::kDataLoss, "nothing is left"});
         CHECK(world.undone() == Names{});
       }});
  cells.push_back({fail, "rollback", "where a person is asked first, the rollback is theirs", [] {
                     World world(Failing("pause"));
                     world.Start();
                     world.Work();
                     CHECK(world.status() == RunStatus::kNeedsAttention);
                     world.Send(machine::RollBack{"", "so be it", {}});
                     world.Work();
                     CHECK(world.undone() == Names{"before"});
                     CHECK(world.status() == RunStatus::kRolledBack);
                   }});

  const std::string finish = "on_finish";
  cells.push_back({finish, "pause", "what runs at last waits for resume too", [] {
                     World world(Finishing());
                     world.Start();
                     world.WorkUntil("tidy");
                     world.Pause();
                     world.Succeed("tidy");
                     CHECK(world.at_work() == Names{});
                     world.Resume();
                     CHECK(world.at_work() == Names{"apply report/1"});
                     world.Work();
                     CHECK(world.status() == RunStatus::kSucceeded);
                   }});
  cells.push_back({finish, "cancel", "it runs after the rollback, then the run ends cancelled", [] {
                     World world(Finishing());
                     world.Start();
                     world.WorkUntil("after");
                     world.Cancel(true);
                     world.Fail("after", Code::kCancelled);
                     world.WorkUntil("tidy");
                     CHECK(world.undone() == Names{"before"});
                     world.Work();
                     CHECK(world.started().back() == "apply report/1");
                     CHECK(world.status() == RunStatus::kCancelled);
                   }});
  cells.push_back({finish, "crash", "it goes on with its own step, and the end stays the same", [] {
                     World world(Finishing());
                     world.Start();
                     world.WorkUntil("after");
                     world.Fail("after");
                     world.WorkUntil("tidy");
                     world.Crash();
                     CHECK(world.at_work() == Names{"apply tidy/1"});
                     world.Work();
                     CHECK(world.status() == RunStatus::kRolledBack);
                   }});
  cells.push_back({finish, "failure", "a failure in it changes nothing about the end", [] {
                     World world(Finishing());
                     world.Start();
                     world.WorkUntil("tidy");
                     world.Fail("tidy");
                     CHECK(world.at_work() == Names{"apply report/1"});
                     world.Work();
                     CHECK(world.status() == RunStatus::kSucceeded);
                     CHECK(world.undone() == Names{});
                   }});
  cells.push_back(
      {finish, "rollback", "it runs once the rollback is done, and is not undone itself", [] {
         World world(Finishing());
         world.Start();
         world.WorkUntil("after");
         world.Fail("after");
         world.Work();
         CHECK(world.started() == Names{"apply before/1", "apply after/1", "compensate before/1",
                                        "apply tidy/1", "apply report/1"});
         CHECK(world.undone() == Names{"before"});
         CHECK(world.status() == RunStatus::kRolledBack);
       }});
  return cells;
}

}  // namespace recourse::simulation
