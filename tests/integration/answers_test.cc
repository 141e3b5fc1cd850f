// What the command makes of answers that are large, late, forged or damaged.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <sstream>

#include "client/connection.h"
#include "engine/base/json.h"
#include "tests/integration/scene.h"

namespace recourse::integration {
namespace {

using Catch::Contains;
using Catch::Equals;
using Catch::StartsWith;

TEST_CASE("a token file is read alike by server and command, and a broken one is named",
          "[integration]") {
  const Scene scene;
  const std::string token = *ReadFile(scene.data + "/operator.token", 100);
  const std::string dos = scene.folder.Write("dos.token", token.substr(0, 64) + " \t\r\n");
  CHECK(scene.Recourse({"runs", "--token-file", dos}).code == 0);
  const std::string broken = scene.folder.Write("broken.token", "two lines\nof text\n");
  const Finished refused = scene.Recourse({"runs", "--token-file", broken});
  CHECK(refused.code == 3);
  CHECK_THAT(refused.err, Contains(broken));
  CHECK_THAT(refused.err, Contains("character 4"));
}

TEST_CASE("a server that does not answer is given up on, and the command says so",
          "[integration]") {
  Scene scene;
  scene.server().Signal(SIGSTOP);
  const Finished late = scene.Recourse({"runs", "--timeout", "200ms"});
  scene.server().Signal(SIGCONT);
  CHECK(late.code == 3);
  CHECK_THAT(late.err, Contains("has not answered within 200 ms"));
  CHECK_THAT(late.err, Contains("--timeout"));
  CHECK(scene.Recourse({"runs", "--timeout", "20s"}).code == 0);
  CHECK(scene.Recourse({"runs", "--timeout", "soon"}).code == 2);

  const auto watcher = scene.Background({"watch", scene.Start("ask"), "--timeout", "300ms"});
  Eventually("the watcher sees the question",
             [&] { return watcher->out().find("approval A-1") != std::string::npos; });
  scene.KillServer();
  CHECK(watcher->WaitForEnd(30s) == 3);
  CHECK_THAT(watcher->err(), Contains("has not come back within 300 ms"));
}

TEST_CASE("every approval is listed, however many there are, and as many runs as asked for",
          "[integration]") {
  const Scene scene;
  auto server = client::Connection::Open(
      {.data = scene.data, .address = "", .token_file = "", .timeout = {}});
  REQUIRE(server);
  constexpr std::size_t kRuns = 105;
  for (std::size_t i = 0; i < kRuns; ++i) {
    v1::StartRunRequest request;
    request.set_workflow("ask");
    request.set_wait(true);
    v1::Run run;
    REQUIRE(server->runs().StartRun(server->NewContext(20s).get(), request, &run).ok());
  }
  CHECK(scene.Json({"approvals"})["approvals"].as_list().size() == kRuns);
  CHECK(scene.Json({"runs", "--limit", "104"})["runs"].as_list().size() == 104);
  CHECK(scene.Json({"runs", "--limit", "2000"})["runs"].as_list().size() == kRuns);
  CHECK_THAT(scene.Recourse({"runs", "--limit", "104"}).out, Contains("(more: --limit)"));
}

TEST_CASE("a text of several lines cannot pass for lines of the command's own", "[integration]") {
  Scene scene(false);
  scene.folder.Write("workflows/forge.yaml", R"(
name: forge
steps:
  - id: ask
    approval: {prompt: "Go on?\nwho may decide   everybody\nR-1 SUCCEEDED after 1 s", approvers: [dba]}
)");
  scene.StartServer();
  std::string seen;
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"start", "forge", "--wait"},
                                             {"show", "R-1"},
                                             {"approval", "A-1"},
                                             {"approvals"},
                                             {"timeline", "R-1"},
                                             {"watch", "R-1", "--until-waiting"}}) {
    seen += scene.Recourse(arguments).out;
  }
  std::istringstream lines(seen);
  for (std::string line; std::getline(lines, line);) {
    CHECK_THAT(line, !StartsWith("who may decide   everybody"));
    CHECK_THAT(line, !StartsWith("R-1 SUCCEEDED after"));
  }
  CHECK_THAT(seen, Contains("\n  | who may decide   everybody\n"));
}

TEST_CASE("a program that approves and waits reads one JSON text a line", "[integration]") {
  const Scene scene;
  scene.Recourse({"start", "ask", "--wait"});
  const Finished approved =
      scene.Recourse({"approve", "A-1", "--as", "approver", "--wait", "--output", "json"});
  CHECK(approved.code == 0);
  std::istringstream lines(approved.out);
  std::string line, last;
  for (; std::getline(lines, line); last = line) CHECK(ParseJson(line));
  CHECK(ParseJson(last)->StringOr("status", "") == "RUN_STATUS_SUCCEEDED");
}

TEST_CASE("a program that checks several definitions is told which is which", "[integration]") {
  const Scene scene;
  const std::string good = scene.folder / "workflows/ask.yaml";
  const std::string bad = scene.folder.Write("bad.yaml", "name: bad\nstepz: []\n");
  const Finished checked = scene.Recourse({"workflows", "validate", good, bad, "--output", "json"});
  CHECK(checked.code == 4);
  const auto answer = ParseJson(checked.out);
  REQUIRE(answer);
  const auto& files = (*answer)["files"].as_list();
  REQUIRE(files.size() == 2);
  CHECK(files[0].StringOr("file", "") == good);
  CHECK(files[0]["problems"].as_list().empty());
  CHECK(files[1].StringOr("file", "") == bad);
  CHECK_FALSE(files[1]["problems"].as_list().empty());
  CHECK(scene.Recourse({"workflows", "validate", scene.folder / "none.yaml"}).code == 2);
}

TEST_CASE("the commands that are suggested are ones that can work", "[integration]") {
  Scene scene;
  const std::string gate = scene.Start("gate");
  scene.Recourse({"start", "ask", "--wait"});
  CHECK_THAT(scene.Recourse({"show", "R-2"}).out, Contains("recourse approve A-1 --as approver\n"));
  scene.KillServer();
  const std::string config =
      scene.folder.Write("config.yaml",
                         "principals:\n  - {name: operator, roles: [viewer, operator, admin], "
                         "token_file: " +
                             scene.data + "/operator.token}\n");
  REQUIRE(unlink((scene.data + "/approver.token").c_str()) == 0);
  scene.server_arguments = {"--config", config};
  scene.StartServer();
  CHECK_THAT(scene.Recourse({"show", "R-2"}).out,
             Contains("recourse approve A-1 --token-file FILE\n"));
  scene.WaitForStatus(gate, "RUN_STATUS_NEEDS_ATTENTION");
  CHECK_THAT(scene.Recourse({"show", gate}).out,
             Contains("recourse rollback " + gate + " --effect applied|not_applied|partial\n"));
  const Finished refused = scene.Recourse({"rollback", gate});
  CHECK(refused.code == 4);
  CHECK_THAT(refused.err, Contains("recourse: --effect: wait may or may not have taken effect"));
  CHECK_THAT(refused.err, Contains("again: recourse rollback " + gate + " --effect applied|"));
  CHECK_THAT(refused.err, !Contains("finding"));
  CHECK(scene.Recourse({"rollback", gate, "--effect", "not_applied", "--wait"}).code == 1);
}

TEST_CASE("a run that waits for the lock of one that needs a person is told beside it",
          "[integration]") {
  Scene scene(false);
  scene.folder.Write("workflows/keeps.yaml",
                     "name: keeps\nlock: database/x\nsteps:\n"
                     "- {id: ask, approval: {prompt: Go on?, approvers: [approver]}}\n");
  scene.StartServer();
  scene.Recourse({"start", "keeps", "--wait"});
  scene.Recourse({"start", "keeps", "--severity", "critical"});
  const std::string attention = scene.Recourse({"attention"}).out;
  INFO(attention);
  REQUIRE(attention.find("R-2") != std::string::npos);
  // What can be acted on comes first, however urgent what waits for it is.
  CHECK(attention.find("approve A-1") < attention.find("R-2"));
  CHECK_THAT(attention, Contains("the lock database/x is held by R-1"));
}

TEST_CASE("a file answers as its server did, and can be copied and read as a whole",
          "[integration]") {
  Scene scene;
  scene.Recourse({"start", "echo", "--wait"});
  scene.Recourse({"start", "stuck", "--wait"});
  scene.Recourse({"start", "ask", "--wait"});
  const std::string journal = scene.data + "/journal.db";
  const std::vector<std::vector<std::string>> questions = {{"runs"},
                                                           {"runs", "--status", "needs-attention"},
                                                           {"runs", "--workflow", "echo"},
                                                           {"runs", "--target", "none"},
                                                           {"timeline", "R-2"},
                                                           {"runs", "--output", "json"},
                                                           {"timeline", "R-3", "--output", "json"}};
  std::vector<std::string> answers;
  for (const auto& question : questions) answers.push_back(scene.Recourse(question).out);
  scene.KillServer();
  for (std::size_t i = 0; i < questions.size(); ++i) {
    std::vector<std::string> offline = questions[i];
    offline.insert(offline.end(), {"--file", journal});
    CHECK(scene.Recourse(offline).out == answers[i]);
  }

  const std::string copy = scene.folder / "copy.db";
  CHECK(scene.Recourse({"journal", "backup", copy, "--file", journal}).code == 0);
  CHECK(scene.Recourse({"journal", "backup", copy, "--file", journal}).code == 4);
  CHECK(scene.Recourse({"journal", "verify", "--file", copy}).out == scene.VerifyOffline().out);
  const std::string shown = scene.Recourse({"journal", "show", "--file", copy}).out;
  CHECK_THAT(shown, StartsWith("1  "));
  CHECK_THAT(shown, Contains("  R-1  operator  started by operator: echo\n"));
  CHECK_THAT(shown, Contains("  R-3  "));
  CHECK_THAT(scene.Recourse({"journal", "show", "--file", copy, "--after", "1"}).out,
             StartsWith("2  "));
}

TEST_CASE("a damaged journal, a missing file and a refusal are told apart", "[integration]") {
  const Scene scene(false);
  const std::string damaged = scene.folder.Write("damaged.db", std::string(8192, 'x'));
  CHECK(scene.Recourse({"journal", "verify", "--file", damaged}).code == 1);
  CHECK(scene.Recourse({"runs", "--file", damaged}).code == 1);
  CHECK(scene.Recourse({"journal", "verify", "--file", scene.folder / "none.db"}).code == 2);
  CHECK(scene.Recourse({"runs", "--file", scene.folder / "none.db"}).code == 2);
}

TEST_CASE("a server does not take the socket of another", "[integration]") {
  const Scene scene;
  const std::string socket = scene.data + "/recourse.sock";
  const std::string other = scene.folder / "other";
  const Finished refused = Run({RECOURSED, "--data", other, "--listen", "127.0.0.1:0", "--config",
                                scene.folder.Write("other.yaml", "socket: " + socket + "\n")},
                               scene.folder / "refused");
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, Contains(socket));
  CHECK_THAT(refused.err, Contains("another server"));
  CHECK(scene.Recourse({"info"}).code == 0);
}

}  // namespace
}  // namespace recourse::integration
