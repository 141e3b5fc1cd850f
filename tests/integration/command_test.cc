// The command as people and programs use it, against a real server.
#include <catch2/catch.hpp>
#include <csignal>
#include <sstream>

#include "engine/base/json.h"
#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

using Catch::Contains;
using Catch::Equals;

TEST_CASE("a run is started, looked at and told afterwards", "[integration]") {
  const Scene scene;
  const Finished started = scene.Recourse({"start", "echo", "--input", "value=7"});
  CHECK(started.code == 0);
  CHECK_THAT(started.out, Equals("R-1 started. Follow it: recourse watch R-1\n"));

  const Finished watched = scene.Recourse({"watch", "R-1"});
  CHECK(watched.code == 0);
  CHECK_THAT(watched.out, Contains("started by operator: echo"));
  CHECK_THAT(watched.out, Contains("say succeeded"));
  CHECK_THAT(watched.out,
             Contains("R-1 SUCCEEDED after ") && Contains("\noutputs\n{\n  \"said\": 7\n}\n"));

  const Finished shown = scene.Recourse({"show", "R-1"});
  CHECK(shown.code == 0);
  CHECK_THAT(shown.out, Contains("R-1  SUCCEEDED  echo"));
  CHECK_THAT(shown.out, Contains("\"said\": 7"));

  const Finished listed = scene.Recourse({"runs", "--status", "succeeded", "--workflow", "echo"});
  CHECK(listed.code == 0);
  CHECK_THAT(listed.out, Contains("R-1"));
  CHECK_THAT(scene.Recourse({"runs", "--status", "failed"}).out, Equals("no runs\n"));

  CHECK(scene.Recourse({"note", "R-1", "looked at by night shift"}).code == 0);
  const Finished told = scene.Recourse({"timeline", "R-1"});
  CHECK(told.code == 0);
  CHECK_THAT(told.out, Contains("operator notes: looked at by night shift"));
}

TEST_CASE("an approval is shown with the commands that answer it, and lets the run go on",
          "[integration]") {
  const Scene scene;
  const Finished parked = scene.Recourse({"start", "ask", "--wait"});
  CHECK(parked.code == 5);
  CHECK_THAT(parked.out, Contains("waits for   approval A-1: Go on?"));
  CHECK_THAT(parked.out, Contains("recourse approve A-1 --as approver"));

  // Also when the run waits already, what led there is told first.
  const Finished watched = scene.Recourse({"watch", "R-1", "--until-waiting"});
  CHECK(watched.code == 5);
  CHECK_THAT(watched.out, Contains("started by operator: ask"));
  CHECK_THAT(watched.out, Contains("recourse approve A-1 --as approver"));

  CHECK_THAT(scene.Recourse({"approvals"}).out, Contains("Go on?"));
  const Finished shown = scene.Recourse({"approval", "A-1"});
  CHECK(shown.code == 0);
  CHECK_THAT(shown.out, Contains("dba; not operator, who asked"));
  CHECK_THAT(shown.out, Contains("What happens next, if approved:\n  1. then"));

  const Finished refused = scene.Recourse({"approve", "A-1"});
  CHECK(refused.code == 4);
  CHECK_THAT(refused.err, Contains("recourse approve A-1 --as approver"));

  const Finished approved = scene.Recourse({"approve", "A-1", "--as", "approver", "--wait"});
  CHECK(approved.code == 0);
  CHECK_THAT(approved.out, Contains("A-1 is APPROVED"));
  CHECK_THAT(approved.out, Contains("R-1 SUCCEEDED"));
  CHECK_THAT(scene.Recourse({"approvals"}).out, Equals("nothing waits for an approval\n"));
  CHECK_THAT(scene.Recourse({"approvals", "--all"}).out, Contains("APPROVED"));
}

TEST_CASE("a rejection needs a reason, and its run has not succeeded", "[integration]") {
  const Scene scene;
  scene.Recourse({"start", "ask", "--wait"});
  CHECK(scene.Recourse({"reject", "A-1", "--as", "approver"}).code == 2);
  const Finished rejected =
      scene.Recourse({"reject", "A-1", "--as", "approver", "--reason", "not now", "--wait"});
  CHECK(rejected.code == 1);
  CHECK_THAT(rejected.out, Contains("rejected by approver: not now"));
  CHECK(scene.StatusOf("R-1") == "RUN_STATUS_ROLLED_BACK");
}

TEST_CASE("a run that is stuck says what can be done, and each of it works", "[integration]") {
  const Scene scene;
  const Finished stuck = scene.Recourse({"start", "stuck", "--wait"});
  CHECK(stuck.code == 5);
  CHECK_THAT(stuck.out, Contains("INTERNAL: it did not work"));

  SECTION("retry") {
    CHECK_THAT(stuck.out, Contains("recourse retry R-1\n"));
    const Finished retried = scene.Recourse({"retry", "R-1", "--reason", "again", "--wait"});
    CHECK(retried.code == 0);
    CHECK_THAT(retried.out, Contains("R-1 SUCCEEDED"));
  }
  SECTION("skip, for a reason") {
    CHECK_THAT(stuck.out, Contains("recourse skip R-1 --reason \"WHY\"\n"));
    const Finished refused = scene.Recourse({"skip", "R-1"});
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, Contains("--reason"));
    CHECK(scene.Recourse({"skip", "R-1", "--reason", "done by hand", "--step", "then"}).code == 4);
    const Finished skipped = scene.Recourse({"skip", "R-1", "--reason", "done by hand", "--step",
                                             "once", "--step-output", "{\"attempt\":1}", "--wait"});
    CHECK(skipped.code == 0);
  }
  SECTION("rollback, also to a checkpoint") {
    CHECK(scene.Recourse({"rollback", "R-1", "--to", "nowhere"}).code == 4);
    const Finished back = scene.Recourse({"rollback", "R-1", "--reason", "enough", "--wait"});
    CHECK(back.code == 1);
    CHECK(scene.StatusOf("R-1") == "RUN_STATUS_ROLLED_BACK");
  }
  SECTION("cancel") {
    CHECK(scene.Recourse({"cancel", "R-1", "--reason", "no longer needed"}).code == 0);
    CHECK(scene.StatusOf("R-1") == "RUN_STATUS_CANCELLED");
    CHECK(scene.Recourse({"watch", "R-1"}).code == 1);
    const Finished again = scene.Recourse({"retry", "R-1"});
    CHECK(again.code == 4);
    CHECK_THAT(again.err, Contains("R-1 is CANCELLED"));
  }
}

TEST_CASE("a paused run starts nothing until it is resumed", "[integration]") {
  const Scene scene;
  const std::string run = scene.Start("gate");
  CHECK(scene.Recourse({"pause", run, "--reason", "wait for the night"}).code == 0);
  scene.OpenGate();
  scene.WaitForStatus(run, "RUN_STATUS_PAUSED");
  Eventually("the attempt at work has ended", [&] {
    return scene.Recourse({"timeline", run}).out.find("wait succeeded") != std::string::npos;
  });
  CHECK_THAT(scene.Effects(), Equals(""));
  CHECK_THAT(scene.Recourse({"show", run}).out, Contains("recourse resume " + run));
  CHECK(scene.Recourse({"resume", run, "--wait"}).code == 0);
  CHECK_THAT(scene.Effects(), Equals(run + "/mark/1\n"));
}

TEST_CASE("who interrupts watch is told that the run goes on", "[integration]") {
  std::signal(SIGINT, SIG_DFL);  // who runs tests in the background may ignore it, for all of them
  const Scene scene;
  const std::string run = scene.Start("gate");
  Program watch({RECOURSE, "watch", run, "--data", scene.data}, scene.folder / "watch");
  Eventually("the run is watched", [&] { return !watch.out().empty(); });
  watch.Signal(SIGINT);
  CHECK(watch.WaitForEnd(10s) == 128 + SIGINT);
  CHECK_THAT(watch.err(), Contains(run + " goes on; recourse --data " + scene.data + " watch " +
                                   run + " follows it again"));
  scene.OpenGate();
}

TEST_CASE("what the server has loaded is listed and shown", "[integration]") {
  const Scene scene;
  CHECK_THAT(scene.Recourse({"workflows", "list"}).out, Contains("Asks, then answers"));
  CHECK_THAT(scene.Recourse({"workflows", "show", "echo"}).out, Contains("debug.echo"));
  CHECK_THAT(scene.Recourse({"actions", "list"}).out, Contains("database.restore"));
  CHECK_THAT(scene.Recourse({"actions", "show", "debug.echo"}).out,
             Contains("class    idempotent"));
  const Finished info = scene.Recourse({"info"});
  CHECK(info.code == 0);
  CHECK_THAT(info.out, Contains("6 workflows"));
  CHECK_THAT(info.out, Contains(scene.data + "/journal.db"));

  const Finished misspelt = scene.Recourse({"actions", "show", "debug.ecko"});
  CHECK(misspelt.code == 4);
  CHECK_THAT(misspelt.err, Contains("did you mean \"debug.echo\"?"));
}

TEST_CASE("programs get JSON from every verb that answers something", "[integration]") {
  const Scene scene;
  CHECK(scene.Json({"start", "echo"}).StringOr("id", "") == "R-1");
  scene.WaitForStatus("R-1", "RUN_STATUS_SUCCEEDED");
  CHECK(scene.Json({"runs"})["runs"].as_list().size() == 1);
  // What is empty, false or zero is there as well: a program need not know defaults.
  CHECK(scene.Json({"approvals"})["approvals"].is_list());
  CHECK(scene.Json({"info"})["runs_in_memory"].is_string());
  CHECK(scene.Json({"show", "R-1"})["open_approvals"].is_list());
  CHECK(scene.Json({"timeline", "R-1"})["events"].as_list().size() >= 4);
  CHECK(scene.Json({"workflows", "list"})["workflows"].as_list().size() == 6);
  CHECK(scene.Json({"workflows", "show", "ask"}).StringOr("name", "") == "ask");
  CHECK(scene.Json({"workflows", "validate", scene.folder / "workflows/ask.yaml"}).is_map());
  CHECK(scene.Json({"actions", "list"})["actions"].as_list().size() > 10);
  CHECK(scene.Json({"actions", "show", "debug.echo"}).is_map());
  CHECK(scene.Json({"journal", "verify"})["problems"].as_list().empty());
  CHECK(scene.Json({"journal", "backup", scene.folder / "copy.db"}).is_map());
  CHECK(scene.Json({"note", "R-1", "x"}).StringOr("id", "") == "R-1");

  const Finished watched = scene.Recourse({"watch", "R-1", "--output", "json"});
  CHECK(watched.code == 0);
  std::istringstream lines(watched.out);
  std::string line, last;
  for (; std::getline(lines, line); last = line) CHECK(ParseJson(line));
  CHECK(ParseJson(last)->StringOr("status", "") == "RUN_STATUS_SUCCEEDED");
}

TEST_CASE("a journal is read and proved with the server dead", "[integration]") {
  Scene scene;
  scene.Recourse({"start", "ask", "--wait"});
  const Finished backup = scene.Recourse({"journal", "backup", scene.folder / "copy.db"});
  CHECK(backup.code == 0);
  CHECK(scene.Recourse({"journal", "backup", scene.folder / "copy.db"}).code == 4);
  const Finished online = scene.Recourse({"journal", "verify"});
  CHECK(online.code == 0);
  CHECK_THAT(online.out, Contains("the journal is sound"));
  scene.KillServer();

  const std::string journal = scene.data + "/journal.db";
  CHECK(scene.VerifyOffline().out == online.out);
  CHECK(scene.Recourse({"journal", "verify", "--file", scene.folder / "copy.db"}).out ==
        online.out);
  const Finished listed = scene.Recourse({"runs", "--file", journal});
  CHECK(listed.code == 0);
  CHECK_THAT(listed.out, Contains("approval A-1: Go on?"));
  CHECK_THAT(scene.Recourse({"timeline", "R-1", "--file", journal}).out,
             Contains("started by operator: ask"));
  CHECK(scene.Recourse({"timeline", "R-2", "--file", journal}).code == 4);
  const Finished shown = scene.Recourse({"show", "R-1", "--file", journal});
  CHECK(shown.code == 0);
  CHECK_THAT(shown.out, Contains("R-1  WAITING  ask") &&
                            Contains("waits for   approval A-1: Go on?") &&
                            Contains("ask   approval"));
  CHECK(scene.Recourse({"show", "R-2", "--file", journal}).code == 4);
  CHECK(scene.Recourse({"journal", "verify", "--file", scene.folder / "none.db"}).code == 2);
}

TEST_CASE("with no server the command says how to start one", "[integration]") {
  Scene scene(false);
  const Finished never = scene.Recourse({"runs"});
  CHECK(never.code == 3);
  CHECK_THAT(never.err, Contains("recoursed --data " + scene.data));
  CHECK_THAT(never.out, Equals(""));
  scene.StartServer();
  CHECK(scene.Recourse({"runs", "--as", "nobody"}).code == 3);
  CHECK_THAT(scene.Recourse({"runs", "--as", "nobody"}).err, Contains("approver, operator"));
  scene.KillServer();
  const Finished dead = scene.Recourse({"runs"});
  CHECK(dead.code == 3);
  CHECK_THAT(dead.err, Contains("recoursed --data " + scene.data));
}

TEST_CASE("a server is to be started again with the configuration that it had", "[integration]") {
  Scene scene(false);
  const std::string config = scene.folder.Write("site.yaml", "limits: {workers: 2}\n");
  scene.server_arguments = {"--config", config};
  scene.StartServer();
  scene.KillServer();
  CHECK_THAT(scene.Recourse({"runs"}).err, Contains("--config " + config));
}

TEST_CASE("a misspelt command is refused before anything is asked", "[integration]") {
  const Scene scene;
  const std::string before = scene.Position();
  const std::vector<std::pair<std::vector<std::string>, std::string>> mistakes = {
      {{"aprove", "A-1"}, "did you mean \"approve\"?"},
      {{"cancel", "R-1", "--reson", "x"}, "did you mean \"--reason\"?"},
      {{"journal"}, "verify, backup"},
      {{"start"}, "workflow is required"},
      {{"start", "echo", "--input", "value"}, "name=value"},
      {{"start", "echo", "--wiat"}, "--wiat"},
      {{"runs", "--status", "happy"}, "NEEDS_ATTENTION"},
      {{"runs", "--limit", "0"}, "--limit"},
      {{"runs", "--output", "xml"}, "--output"},
      {{"rollback", "R-1", "--effect", "maybe"}, "not_applied"},
      {{"cancel", "R-1", "--effect", "applied"}, "without --rollback"},
      {{"note", "R-1", "caf\xe9"}, "is not UTF-8; nothing was done"}};
  for (const auto& [arguments, hint] : mistakes) {
    const Finished refused = scene.Recourse(arguments);
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, Contains(hint));
    CHECK_THAT(refused.out, Equals(""));
  }
  CHECK(scene.Position() == before);
}

TEST_CASE("control characters of a definition reach neither terminal nor log", "[integration]") {
  Scene scene;
  std::string seen;
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"start", "escape", "--wait"},
                                             {"runs"},
                                             {"show", "R-1"},
                                             {"approvals"},
                                             {"approval", "A-1"},
                                             {"timeline", "R-1"},
                                             {"watch", "R-1", "--until-waiting"},
                                             {"runs", "--file", scene.data + "/journal.db"}}) {
    const Finished finished = scene.Recourse(arguments);
    CHECK_THAT(finished.out + finished.err, Contains("Wipe \\x1b[31mall"));
    seen += finished.out + finished.err;
  }
  seen += scene.server().out() + scene.server().err();
  CHECK(seen.find('\x1b') == std::string::npos);
  CHECK(seen.find("\xc2\x9b") == std::string::npos);      // the one-byte escape of terminals
  CHECK(seen.find("\xe2\x80\xae") == std::string::npos);  // turns the text that follows around
}

TEST_CASE("without a terminal nothing is coloured or redrawn", "[integration]") {
  const Scene scene;
  std::string seen;
  for (const char* workflow : {"echo", "stuck"}) {
    seen += scene.Recourse({"start", workflow, "--wait"}, {{"TERM", "xterm-256color"}}).out;
  }
  seen += scene.Recourse({"runs"}).out + scene.Recourse({"show", "R-2"}).out;
  CHECK_THAT(seen, Contains("NEEDS_ATTENTION"));
  CHECK(seen.find('\x1b') == std::string::npos);
  CHECK(seen.find('\r') == std::string::npos);
}

}  // namespace
}  // namespace recourse::integration
