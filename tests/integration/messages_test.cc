// What people are told when something is not as they hoped: who is to blame, what is left as it is,
// and what to type next.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "client/connection.h"
#include "engine/base/json.h"
#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

using Catch::Contains;
using Catch::Equals;

namespace fs = std::filesystem;

constexpr const char* kLocked = R"(
name: locked
lock: database/demo
steps:
  - {id: ask, approval: {prompt: "Go on?", approvers: [dba], expires: 1h}}
  - {id: then, action: debug.echo, with: {value: 1}}
)";

constexpr const char* kNeeded = R"(
name: needed
on_failure: pause
steps:
  - {id: once, action: debug.fail, with: {times: 1, message: it did not work}}
  - {id: then, action: debug.echo, with: {value: "${steps.once.output.attempt}"}}
)";

// Has done something when it asks.
std::string HalfDone(const Folder& folder) {
  return "name: half-done\nlock: database/demo\nsteps:\n"
         "  - {id: mark, action: debug.append, with: {path: " +
         (folder / "effects") +
         "}}\n"
         "  - id: stop\n    action: service.stop\n    with:\n"
         "      service: {name: app, kind: process, pid_file: " +
         (folder / "app.pid") +
         ", command: [/bin/true]}\n"
         "  - {id: ask, approval: {prompt: \"Go on?\", approvers: [dba]}}\n";
}

// A server on another directory, in the background.
class Other {
 public:
  Other(const Scene& scene, const std::string& data, const Environment& environment = {})
      : server_({RECOURSED, "--data", data, "--listen", "127.0.0.1:0", "--workflows",
                 scene.folder / "workflows"},
                scene.folder / "other-server", environment) {
    Eventually("the other server is ready",
               [&] { return server_.out().find("is ready") != std::string::npos; });
  }
  ~Other() {
    server_.Signal(SIGTERM);
    CHECK(server_.WaitForEnd(30s) == 0);
  }
  std::string out() const { return server_.out(); }

 private:
  Program server_;
};

void StartMany(const Scene& scene, int runs) {
  auto server = client::Connection::Open({.data = scene.data, .address = "", .token_file = ""});
  REQUIRE(server);
  v1::StartRunRequest request;
  request.set_workflow("echo");
  request.set_wait(true);
  for (int i = 0; i < runs; ++i) {
    v1::Run run;
    REQUIRE(server->runs().StartRun(server->NewContext(20s).get(), request, &run).ok());
  }
}

// Changes an event in a file that no server has open.
void Spoil(const Scene& scene, const std::string& journal, int position) {
  const Finished spoilt =
      Run({"/usr/bin/env", "sqlite3", journal,
           "UPDATE events SET principal = 'eve' WHERE position = " + std::to_string(position)},
          scene.folder / "spoil");
  INFO(spoilt.err);
  REQUIRE(spoilt.code == 0);
}

TEST_CASE("a run behind a lock says who holds it, what that run waits for, and where to look",
          "[integration]") {
  Scene scene(false);
  scene.folder.Write("workflows/locked.yaml", kLocked);
  scene.StartServer();
  CHECK(scene.Recourse({"start", "locked", "--wait"}).code == 5);
  const auto check = [](const std::string& out) {
    CHECK_THAT(out, Contains("the lock database/demo is held by R-1"));
    CHECK_THAT(out, Contains("held by     R-1 locked of operator, WAITING at ask since "));
    CHECK_THAT(out, Contains("because     approval A-1: Go on?\nit takes    dba\n"));
    CHECK_THAT(out, Contains("recourse show R-1\n"));
  };
  check(scene.Recourse({"start", "locked"}).out);
  check(scene.Recourse({"show", "R-2"}).out);
  const auto waits = scene.Background({"start", "locked", "--wait"});
  Eventually("the run that is followed says so too",
             [&] { return waits->out().find("recourse show R-1") != std::string::npos; });
  check(waits->out());
  const Value holder = scene.Json({"show", "R-2"})["waiting"]["lock_holder"];
  CHECK(holder.StringOr("run", "") == "R-1");
  CHECK(holder.StringOr("waits_for", "") == "approval A-1: Go on?");
}

TEST_CASE("a cancel says what was done and is not undone", "[integration]") {
  Scene scene(false);
  scene.folder.Write("workflows/half.yaml", HalfDone(scene.folder));
  scene.StartServer();
  CHECK(scene.Recourse({"start", "half-done", "--wait"}).code == 5);
  SECTION("without a rollback: everything") {
    const Finished cancelled = scene.Recourse({"cancel", "R-1", "--reason", "too late"});
    CHECK(cancelled.code == 0);
    CHECK_THAT(cancelled.out, Contains("R-1 is CANCELLED\ndone and not undone:\n  mark succeeded"));
    CHECK_THAT(cancelled.out, Contains("\n  stop succeeded"));
    CHECK_THAT(cancelled.out, Contains("services that it stopped and did not start again: app\n"));
    CHECK_THAT(cancelled.out, Contains("it has let go of the lock database/demo\n"));
    CHECK_THAT(cancelled.out, Contains("recourse timeline R-1\n"));
    CHECK_THAT(scene.Recourse({"watch", "R-1"}).out, Contains("done and not undone:\n  mark"));
    CHECK_THAT(scene.Recourse({"show", "R-1"}).out, Contains("did not start again: app\n"));
  }
  SECTION("while a step is at work: what comes first") {
    const std::string gate = scene.Start("gate");
    const Finished stopping = scene.Recourse({"cancel", gate});
    CHECK_THAT(stopping.out, Contains("it is cancelled once what is at work has been stopped; "
                                      "nothing is undone"));
    CHECK(scene.Recourse({"watch", gate, "--until-waiting"}).code != 0);
  }
  SECTION("where an attempt may or may not have taken effect: that too") {
    const std::string gate = scene.Start("gate");
    scene.KillServer();
    scene.StartServer();
    scene.WaitForStatus(gate, "RUN_STATUS_NEEDS_ATTENTION");
    CHECK_THAT(scene.Recourse({"cancel", gate}).out,
               Contains("look at these yourself:\n  wait: it may or may not have taken effect\n"));
  }
}

TEST_CASE("a step that later steps need is skipped with its output, or on purpose",
          "[integration]") {
  Scene scene(false);
  scene.folder.Write("workflows/needed.yaml", kNeeded);
  scene.StartServer();
  CHECK(scene.Recourse({"start", "needed", "--wait"}).code == 5);
  const Finished refused = scene.Recourse({"skip", "R-1", "--reason", "by hand"});
  CHECK(refused.code == 4);
  CHECK_THAT(refused.err, Contains("--step-output: without it"));
  CHECK_THAT(refused.err, Contains("steps.once.output.attempt (then)"));
  CHECK_THAT(refused.err, Contains("--without-output"));
  CHECK_THAT(refused.err, Contains("recourse skip R-1 --reason \"WHY\" --step-output"));
  SECTION("with it the run goes on") {
    CHECK(scene
              .Recourse({"skip", "R-1", "--reason", "by hand", "--step-output", "{\"attempt\": 1}",
                         "--wait"})
              .code == 0);
  }
  SECTION("without it when that is said") {
    CHECK(scene.Recourse({"skip", "R-1", "--reason", "by hand", "--without-output"}).code == 0);
  }
}

TEST_CASE("a decision that comes too late is told who was first", "[integration]") {
  const Scene scene;
  scene.Recourse({"start", "ask", "--wait"});
  CHECK(scene.Recourse({"approve", "A-1", "--as", "approver"}).code == 0);
  const Finished late =
      scene.Recourse({"reject", "A-1", "--as", "approver", "--reason", "too fast"});
  CHECK(late.code == 4);
  CHECK_THAT(late.err, Contains("A-1 is settled: it was approved by approver at "));
  CHECK_THAT(late.err, Contains("recourse approval A-1\n"));
  CHECK_THAT(late.err, !Contains("CastVote"));
  CHECK_THAT(scene.Recourse({"approvals", "--all"}).out, Contains("approved by approver, "));
  const std::string shown = scene.Recourse({"approval", "A-1"}).out;
  CHECK_THAT(shown, Contains("settled          approved by approver, "));
  CHECK_THAT(shown, !Contains("expires in"));
}

TEST_CASE("with the server dead the journal's file is named", "[integration]") {
  Scene scene;
  scene.KillServer();
  const Finished dead = scene.Recourse({"show", "R-1"});
  CHECK(dead.code == 3);
  CHECK_THAT(dead.err, Contains("recourse runs --file " + scene.data + "/journal.db"));
}

TEST_CASE("a chain that is broken is told at the start, by info, and with what to do",
          "[integration]") {
  const Scene scene;
  StartMany(scene, 80);
  CHECK_THAT(scene.Recourse({"info"}).out, Contains("sound as far as their hashes tell"));
  const std::string journal = scene.folder / "spoilt/journal.db";
  fs::create_directories(scene.folder / "spoilt");
  REQUIRE(scene.Recourse({"journal", "backup", journal}).code == 0);
  Spoil(scene, journal, 2);

  const Finished verified = scene.Recourse({"journal", "verify", "--file", journal});
  CHECK(verified.code == 1);
  CHECK_THAT(verified.out, Contains("what to do:\n  1. stop the server"));
  CHECK_THAT(verified.out, Contains("recourse journal show --file " + journal));

  const Other server(scene, scene.folder / "spoilt");
  CHECK_THAT(server.out(), Contains("DAMAGED    the event at position 2 of run R-1"));
  CHECK_THAT(server.out(), Contains("recourse journal verify --file " + journal));
  const std::string info = scene.Recourse({"info", "--data", scene.folder / "spoilt"}).out;
  CHECK_THAT(info,
             Contains("DAMAGED, problems found: 1\n          the event at position 2 of run R-1"));
}

TEST_CASE("a chain that is broken at its end is no journal to go on with, and what to do is told",
          "[integration]") {
  const Scene scene;
  scene.Recourse({"start", "echo", "--wait"});
  const std::string journal = scene.folder / "spoilt/journal.db";
  fs::create_directories(scene.folder / "spoilt");
  REQUIRE(scene.Recourse({"journal", "backup", journal}).code == 0);
  Spoil(scene, journal, 2);
  const Finished refused =
      Run({RECOURSED, "--data", scene.folder / "spoilt", "--listen", "127.0.0.1:0"},
          scene.folder / "refused");
  CHECK(refused.code == 4);
  CHECK_THAT(refused.err, Contains("the event at position 2"));
  CHECK_THAT(refused.err, Contains("recourse journal verify --file " + journal));
}

TEST_CASE("a file that is no journal any more is told with what to do", "[integration]") {
  const Scene scene(false);
  const std::string damaged = scene.folder.Write("damaged.db", std::string(8192, 'x'));
  const Finished verified = scene.Recourse({"journal", "verify", "--file", damaged});
  CHECK(verified.code == 1);
  CHECK_THAT(verified.err, Contains("what to do:"));
  CHECK_THAT(verified.err, Contains("keep a copy of " + damaged));
  CHECK_THAT(verified.err, Contains("recourse journal verify --file BACKUP"));
}

TEST_CASE("what was not loaded is told at the start and by info", "[integration]") {
  Scene scene(false);
  scene.folder.Write("workflows/broken.yaml", "name: broken\nsummry: x\nsteps: []\n");
  scene.folder.Write("targets/broken.yaml", "name: broken\ndatabase: {kind: oracle}\n");
  scene.server_arguments = {"--targets", scene.folder / "targets"};
  scene.StartServer();
  CHECK_THAT(scene.server().out(), Contains("LEFT OUT   2, all of them: recourse info\n"));
  CHECK_THAT(scene.server().out(), Contains("workflows/broken.yaml:2:1: unknown key \"summry\""));
  const std::string info = scene.Recourse({"info"}).out;
  CHECK_THAT(info, Contains("left out  2, because they have mistakes"));
  CHECK_THAT(info, Contains("workflows/broken.yaml:2:1: unknown key \"summry\""));
  CHECK_THAT(info, Contains("targets/broken.yaml:2:18: "));
}

TEST_CASE("info says what is open and where to look", "[integration]") {
  const Scene scene;
  CHECK_THAT(scene.Recourse({"info"}).out,
             Contains("open      0 runs, of which 0 need attention; 0 approvals\n"));
  scene.Recourse({"start", "ask", "--wait"});
  scene.Recourse({"start", "stuck", "--wait"});
  const std::string info = scene.Recourse({"info"}).out;
  CHECK_THAT(info, Contains("open      2 runs, of which 1 need attention; 1 approvals\n"));
  CHECK_THAT(info, Contains("recourse runs --status needs-attention\n"));
  CHECK_THAT(info, Contains("recourse approvals\n"));
}

TEST_CASE("targets are checked with no server, and listed and shown with one", "[integration]") {
  Scene scene(false);
  const std::string good = scene.folder.Write(
      "targets/shop.yaml", "name: shop\nsummary: The shop\ndisk: {path: /srv}\n");
  const Finished valid = scene.Recourse({"targets", "validate", scene.folder / "targets"});
  CHECK(valid.code == 0);
  CHECK_THAT(valid.out, Equals(good + ": valid\n"));
  const std::string bad =
      scene.folder.Write("more/bad.yaml", "name: bad\ndatabse: {kind: sqlite}\n");
  scene.folder.Write("more/twice.yaml", "name: shop\n");
  const Finished wrong = scene.Recourse({"targets", "validate", good, scene.folder / "more"});
  CHECK(wrong.code == 4);
  CHECK_THAT(wrong.out, Contains(bad + ":2:1: "));
  CHECK_THAT(wrong.out, Contains("did you mean \"database\"?"));
  CHECK_THAT(wrong.out, Contains("a target \"shop\" is there already"));
  CHECK_THAT(wrong.out, Contains("2 of 3 files did not pass the check\n"));

  scene.server_arguments = {"--targets", scene.folder / "targets"};
  scene.StartServer();
  CHECK_THAT(scene.Recourse({"targets", "list"}).out, Contains("shop    disk       The shop"));
  CHECK_THAT(scene.Recourse({"targets", "show", "shop"}).out, Contains("\"path\": \"/srv\""));
  CHECK_THAT(scene.Recourse({"targets", "show", "shpo"}).err, Contains("did you mean \"shop\"?"));
}

TEST_CASE("a target's escalation policy is looked for beside the directory of the targets",
          "[integration]") {
  const Scene scene(false);
  const std::string target =
      scene.folder.Write("targets/shop.yaml", "name: shop\nescalation_policy: site\n");
  const Finished none = scene.Recourse({"targets", "validate", target});
  CHECK(none.code == 4);
  CHECK_THAT(none.out, Contains("\"site\""));
  const std::string policy =
      scene.folder.Write("escalation_policies/site.yaml", "name: site\nlevls: []\n");
  const Finished broken = scene.Recourse({"targets", "validate", target});
  CHECK(broken.code == 4);
  CHECK_THAT(broken.out, Contains(policy + ":2:1: "));
  scene.folder.Write("escalation_policies/site.yaml", "name: site\nlevels: [{to: level-1}]\n");
  CHECK(scene.Recourse({"targets", "validate", target}).out == target + ": valid\n");
}

TEST_CASE("a definition that does not pass --strict is not called valid", "[integration]") {
  const Scene scene(false);
  const std::string file =
      scene.folder.Write("careless.yaml",
                         "name: careless\nsteps:\n"
                         "  - {id: ask, approval: {prompt: Ok, approvers: [dba]}}\n");
  CHECK_THAT(scene.Recourse({"workflows", "validate", file}).out,
             Equals(file + ": valid (careless)\n"));
  const Finished strict = scene.Recourse({"workflows", "validate", file, "--strict"});
  CHECK(strict.code == 4);
  CHECK_THAT(strict.out, Contains("can be loaded (careless), but does not pass --strict\n"));
  CHECK_THAT(strict.out, Contains("1 of 1 files did not pass the check\n"));
  CHECK_THAT(strict.out, !Contains(": valid"));
}

TEST_CASE("an address that cannot be written leaves no old one behind, and is told",
          "[integration]") {
  Scene scene;
  scene.KillServer();
  REQUIRE(fs::exists(scene.data + "/address"));
  scene.folder.Write("broken", "fsync");
  {
    const Other server(scene, scene.data,
                       {{"LD_PRELOAD", FAILING_DISK},
                        {"ASAN_OPTIONS", "verify_asan_link_order=0"},
                        {"FAILING_DISK_PATH", "/address.tmp"},
                        {"FAILING_DISK_WHILE", scene.folder / "broken"}});
    CHECK_THAT(server.out(), Contains("(not in its file " + scene.data + "/address: "));
    CHECK_FALSE(fs::exists(scene.data + "/address"));
    CHECK(scene.Recourse({"info"}).code == 0);
  }
}

TEST_CASE("a note is confirmed, and a reason that is missing is the same mistake everywhere",
          "[integration]") {
  const Scene scene;
  scene.Recourse({"start", "stuck", "--wait"});
  scene.Recourse({"start", "ask", "--wait"});
  CHECK_THAT(
      scene.Recourse({"note", "R-1", "looked at"}).out,
      Equals("noted in the timeline of R-1, which is NEEDS_ATTENTION: recourse timeline R-1\n"));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"skip", "R-1"}, {"reject", "A-1", "--as", "approver"}}) {
    const Finished refused = scene.Recourse(arguments);
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, Contains("--reason is required"));
  }
}

}  // namespace
}  // namespace recourse::integration
