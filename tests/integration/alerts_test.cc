// Alerts start runs: a real Alertmanager, and a real server that dies.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <ctime>

#include "tests/integration/certificates.h"
#include "tests/integration/hooked.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

// A real Alertmanager that tells a server's hook.
class Alertmanager {
 public:
  explicit Alertmanager(const Hooked& hooked) : folder_(hooked.scene.folder) {
    const std::string hook =
        "{url: 'http://127.0.0.1:" + hooked.port +
        "/hooks/alertmanager', send_resolved: true, http_config: {authorization: {type: Bearer, "
        "credentials: '" +
        hooked.Token() + "'}}}";
    const std::string config = folder_.Write(
        "am.yml",
        "route: {receiver: engine, group_by: [alertname], group_wait: 0s, group_interval: 1s, "
        "repeat_interval: 1s, routes: [{receiver: again, group_by: [instance], group_wait: 0s, "
        "group_interval: 1s, repeat_interval: 1s, continue: true, matchers: ['twice = yes']}, "
        "{receiver: engine, group_wait: 0s, matchers: ['twice = yes']}]}\n"
        "receivers: [{name: engine, webhook_configs: [" +
            hook +
            "]}, {name: again, "
            "webhook_configs: [" +
            hook + "]}]\n");
    // Any free port: it is told in the log.
    program_ = std::make_unique<Program>(
        std::vector<std::string>{"/usr/bin/prometheus-alertmanager", "--config.file=" + config,
                                 "--storage.path=" + (folder_ / "am"),
                                 "--web.listen-address=127.0.0.1:0", "--cluster.listen-address="},
        folder_ / "alertmanager");
    Eventually("Alertmanager listens", [&] { return !AddressIn(program_->err()).empty(); });
    address_ = AddressIn(program_->err());
  }

  void Add(std::vector<std::string> labels, const std::string& end = "") {
    std::vector<std::string> command = {"/usr/bin/amtool", "--alertmanager.url=http://" + address_,
                                        "alert", "add"};
    command.insert(command.end(), labels.begin(), labels.end());
    if (!end.empty()) command.push_back("--end=" + end);
    Eventually("Alertmanager takes an alert", [&] {
      return Run(command, folder_ / ("amtool" + std::to_string(calls_++))).code == 0;
    });
  }

 private:
  static std::string AddressIn(const std::string& log) {
    const std::size_t at = log.find("address=127.0.0.1:");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + 8;
    return log.substr(begin, log.find_first_of(" \n", begin) - begin);
  }

  const Folder& folder_;
  std::unique_ptr<Program> program_;
  std::string address_;
  int calls_ = 0;
};

std::size_t Count(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE(
    "a real Alertmanager starts one run of an alert, also when it repeats and tells it in two "
    "groups",
    "[integration]") {
  Hooked hooked;
  Alertmanager alertmanager(hooked);
  alertmanager.Add({"alertname=Loud", "instance=db1", "twice=yes"});
  hooked.WaitFor("R-1", "RUN_STATUS_SUCCEEDED");
  Eventually("it was told again and again",
             [&] { return Count(hooked.scene.server().err(), "outcome=repeated run=R-1") >= 3; });
  CHECK(hooked.Runs() == 1);
  const Value run = hooked.scene.Json({"show", "R-1"});
  CHECK(run.StringOr("requester", "") == "pager");
  CHECK(run.StringOr("severity", "") == "high");
  CHECK_THAT(hooked.scene.Recourse({"timeline", "R-1"}).out,
             Contains("alert Loud fires since ") && Contains("instance=db1"));
}

TEST_CASE("a real Alertmanager starts one run when the server dies before it answers",
          "[integration]") {
  const std::string point =
      GENERATE("input_taken", "before_append", "after_append", "alert_run_started");
  INFO("the server dies at " << point);
  Hooked hooked;
  hooked.scene.StopServer();
  hooked.scene.server_environment = {{"RECOURSE_FAIL_POINT", point}};
  hooked.scene.StartServer();
  Alertmanager alertmanager(hooked);
  alertmanager.Add({"alertname=Loud", "instance=db1"});
  REQUIRE(hooked.scene.server().WaitForEnd(30s) == 128 + SIGKILL);
  hooked.scene.DropServer();
  hooked.scene.server_environment.clear();
  hooked.scene.StartServer();
  hooked.WaitFor("R-1", "RUN_STATUS_SUCCEEDED");
  Eventually("it was told again",
             [&] { return Count(hooked.scene.server().err(), "outcome=repeated run=R-1") >= 1; });
  CHECK(hooked.Runs() == 1);
}

TEST_CASE("the end of a real alert is noted on its run, and looked at", "[integration]") {
  Hooked hooked;
  Alertmanager alertmanager(hooked);
  alertmanager.Add({"alertname=Waits", "instance=db1"});
  hooked.WaitFor("R-1", "RUN_STATUS_WAITING");
  alertmanager.Add({"alertname=Waits", "instance=db1"}, "2026-01-01T00:00:00Z");
  hooked.WaitFor("R-2", "RUN_STATUS_SUCCEEDED");
  Eventually("both are noted", [&] {
    const std::string timeline = hooked.scene.Recourse({"timeline", "R-1"}).out;
    return timeline.find("is resolved since ") != std::string::npos &&
           timeline.find("R-2 (echo) looks whether all is well again") != std::string::npos;
  });
}

TEST_CASE("past the limit people are asked: the run is held, and stands in what needs attention",
          "[integration]") {
  Hooked hooked;
  for (const char* key : {"a", "b", "c"}) {
    CHECK_THAT(hooked.Post("alert", Alert("Loud", key, "firing")).out, Contains("\"started\""));
  }
  CHECK_THAT(hooked.Post("alert", Alert("Loud", "d", "firing")).out,
             Contains(R"("outcome":"held","run":"R-4")"));
  CHECK(hooked.scene.StatusOf("R-4") == "RUN_STATUS_PAUSED");
  CHECK_THAT(hooked.scene.Recourse({"attention"}).out,
             Contains("R-4") && Contains("daily limit of the rule loud") &&
                 Contains("resume R-4") && Contains("cancel R-4 --reason"));
  CHECK(hooked.scene.Recourse({"resume", "R-4"}).code == 0);
  hooked.WaitFor("R-4", "RUN_STATUS_SUCCEEDED");
}

TEST_CASE("a run on hold that waits for a lock first is one for people already", "[integration]") {
  const Scene scene;
  const std::string file = scene.folder.Write(
      "locked.yaml",
      "name: locked\nlock: one\nsteps: [{id: a, approval: {prompt: x, approvers: [dba]}}]\n");
  REQUIRE(scene.Recourse({"workflows", "apply", file}).code == 0);
  scene.Start("locked");
  const Finished held = scene.Recourse({"start", "locked", "--hold", "ask the owner first"});
  REQUIRE(held.code == 0);
  CHECK_THAT(scene.Recourse({"attention"}).out,
             Contains("R-2  QUEUED") &&
                 Contains("the lock one is held by R-1; then started on hold by operator: ask the "
                          "owner first") &&
                 Contains("cancel R-2"));
}

TEST_CASE("people can start a run on hold too", "[integration]") {
  const Scene scene;
  const Finished started = scene.Recourse({"start", "echo", "--hold", "wait for the night shift"});
  CHECK(started.code == 0);
  CHECK_THAT(started.out, Contains("It is on hold, and no step begins before: recourse") &&
                              Contains("resume R-1"));
  CHECK_THAT(scene.Recourse({"attention"}).out,
             Contains("started on hold by operator: wait for the night shift"));
  CHECK(scene.Recourse({"start", "echo", "--hold", std::string(5000, 'x')}).code == 4);
  CHECK(scene.Recourse({"resume", "R-1"}).code == 0);
  scene.WaitForStatus("R-1", "RUN_STATUS_SUCCEEDED");
}

TEST_CASE("an alert whose run cannot be started asks people, and is not sent for ever",
          "[integration]") {
  Hooked hooked;
  const Finished answer = hooked.Post("alert", Alert("Wrong", "a", "firing"));
  CHECK_THAT(answer.out, Contains(R"("outcome":"fallback","run":"R-1")") && Contains("200"));
  CHECK_THAT(hooked.scene.Recourse({"attention"}).out,
             Contains("R-1") && Contains("alert Wrong fires since 2026-11-26T03:00:00Z") &&
                 Contains("rule wrong: ") && Contains("count"));
}

TEST_CASE("what docs/alerts.md shows is taken as it stands there", "[integration]") {
  const std::string source = RECOURSE_SOURCE_DIR;
  const std::string text = *ReadFile(source + "/docs/alerts.md", 1 << 20);
  Hooked hooked;
  const Folder& folder = hooked.scene.folder;
  std::string settings, alert;
  int rules = 0, workflows = 0, managers = 0, principals = 0;
  for (auto at = text.find("\n```"); at != text.npos; at = text.find("\n```", at + 1)) {
    const std::size_t begin = text.find('\n', at + 1) + 1;
    const std::size_t end = text.find("\n```", begin);
    const std::string block = text.substr(begin, end + 1 - begin);
    at = end;
    if (block.starts_with("fallback:")) {
      folder.Write("alert_rules.yaml", block);
      ++rules;
    } else if (block.starts_with("name:")) {
      folder.Write("workflows/shown.yaml", block);
      ++workflows;
    } else if (block.starts_with("route:")) {
      const Finished checked =
          Run({"/usr/bin/amtool", "check-config", folder.Write("am.yml", block)}, folder / "check");
      INFO(checked.out << checked.err);
      CHECK(checked.code == 0);
      ++managers;
    } else if (block.starts_with("{")) {
      alert = block;
    } else if (block.starts_with("http:")) {
      settings = block;
    } else {
      CHECK(block.starts_with("principals:"));
      ++principals;
    }
  }
  CHECK((rules == 1 && workflows == 1 && managers == 1 && principals == 1));
  CHECK(settings == "http: {listen: \"127.0.0.1:7374\"}\n");
  hooked.scene.StopServer();
  hooked.scene.server_arguments.insert(
      hooked.scene.server_arguments.end(),
      {"--workflows", source + "/workflows", "--targets", source + "/targets",
       "--escalation-policies", source + "/escalation_policies"});
  hooked.scene.StartServer();
  CHECK(hooked.scene.server().out().find("LEFT OUT") == std::string::npos);
  CHECK_THAT(hooked.Post("alert", alert).out,
             Contains("\"DiskFull\"") && Contains("\"no_rule\"") && Contains("200"));
  const auto sent = [&](const std::string& labels) {
    return hooked
        .Post("alert",
              R"({"key": "k", "status": "firing", "started": "2026-11-26T03:04:05Z", "labels": )" +
                  labels + "}")
        .out;
  };
  CHECK_THAT(sent(R"({"alertname": "BackupMissing", "target": "nowhere"})"),
             Contains("\"fallback\""));
  CHECK_THAT(hooked.scene.Recourse({"attention"}).out, Contains("there is no target \"nowhere\""));
}

TEST_CASE("who may not tell, and what is no alert, is refused", "[integration]") {
  Hooked hooked;
  const std::string good = Alert("Loud", "a", "firing");
  const std::vector<std::string> wrong = {"--header",
                                          "Authorization: Bearer " + std::string(64, 'a')};
  CHECK_THAT(hooked.Post("alert", good, wrong).out, Contains("401"));
  CHECK_THAT(hooked.Post("alert", "garbage").out, Contains("400"));
  CHECK_THAT(hooked.Post("alert", std::string(1'100'000, ' ')).out, Contains("413"));
  CHECK_THAT(hooked.Post("else", good).out, Contains("404"));
  CHECK(hooked.Runs() == 0);
  CHECK_THAT(hooked.scene.server().err(), Contains("rpc=Hooks.Alert count=1"));
}

TEST_CASE("over TLS a client certificate stands for the token, and its renewal counts",
          "[integration]") {
  const Authority authority("the server's authority");
  const Authority clients("the clients' authority");
  const Folder pem;
  const auto write = [&](const std::string& name, const Pem& one) {
    pem.Write(name + ".key", one.key);
    pem.Write(name + ".pem", one.certificate);
  };
  write("server", authority.Issue({"server", {"IP:127.0.0.1"}}));
  write("pager", clients.Issue({"pager", {}}));
  write("nobody", clients.Issue({"nobody", {}}));
  write("forged", authority.Issue({"pager", {}}));
  pem.Write("ca.pem", authority.certificate());
  pem.Write("clients.pem", clients.certificate());
  Hooked hooked("tls: {certificate: " + (pem / "server.pem") + ", key: " + (pem / "server.key") +
                ", client_ca: " + (pem / "clients.pem") + "}\n");
  const auto post = [&](const std::string& who, const std::string& ca) {
    return Run(
        {"/usr/bin/curl", "--silent", "--max-time", "20", "--write-out", "%{http_code}", "--cacert",
         pem / ca, "--cert", pem / (who + ".pem"), "--key", pem / (who + ".key"), "--data-binary",
         Alert("Loud", "a", "firing"), "https://127.0.0.1:" + hooked.port + "/hooks/alert"},
        pem / "curl");
  };
  CHECK_THAT(post("pager", "ca.pem").out, Contains("\"started\"") && Contains("200"));
  CHECK_THAT(post("nobody", "ca.pem").out, Contains("401"));
  CHECK(post("forged", "ca.pem").code != 0);
  CHECK(Run({"/usr/bin/curl", "--silent", "--max-time", "20",
             "http://127.0.0.1:" + hooked.port + "/"},
            pem / "plain")
            .code != 0);

  const Authority next("the next authority");
  write("server", next.Issue({"server", {"IP:127.0.0.1"}}));
  pem.Write("next.pem", next.certificate());
  CHECK_THAT(post("pager", "next.pem").out, Contains("\"repeated\""));
}

}  // namespace recourse::integration
