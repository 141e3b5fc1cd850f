// A server that other programs tell of alerts.
#pragma once

#include <catch2/catch.hpp>

#include "engine/base/file.h"
#include "tests/integration/scene.h"

namespace recourse::integration {

inline constexpr const char* kAlertRules = R"(
fallback: triage
rules:
  - name: loud
    matchers: ['alertname = Loud']
    workflow: echo
    severity: high
  - name: waits
    matchers: ['alertname = Waits']
    workflow: ask
    on_resolved: {workflow: echo, inputs: {value: 7}}
  - name: wrong
    matchers: ['alertname = Wrong']
    workflow: echo
    inputs: {value: "${labels.count}"}
)";

inline constexpr const char* kTriage = R"(
name: triage
inputs: {alert: {type: string}, problem: {type: string}}
steps:
  - id: look
    manual:
      prompt: "${inputs.alert}: ${inputs.problem}"
      by: [operator]
      items: [{id: done, text: It is taken care of}]
)";

inline std::string NumberAfter(const std::string& text, const std::string& word) {
  const std::size_t at = text.find(word);
  REQUIRE(at != std::string::npos);
  const std::size_t begin = text.find(':', at) + 1;
  return text.substr(begin, text.find_first_not_of("0123456789", begin) - begin);
}

// A server with the HTTP port and the rules above.
class Hooked {
 public:
  explicit Hooked(const std::string& more = "") {
    scene.folder.Write("workflows/triage.yaml", kTriage);
    scene.folder.Write("principals.yaml",
                       "principals:\n"
                       "  - {name: root, roles: [viewer, operator, admin], token_file: " +
                           scene.data +
                           "/operator.token}\n"
                           "  - {name: dba, roles: [viewer, dba], token_file: " +
                           scene.data +
                           "/approver.token}\n"
                           "  - {name: pager, roles: [alerts], token_file: " +
                           (scene.folder / "pager.token") + ", certificates: [\"CN=pager\"]}\n");
    rules = scene.folder.Write("alert_rules.yaml", kAlertRules);
    Configure("127.0.0.1:0", more);
    scene.StartServer();
    port = NumberAfter(scene.server().out(), "http  ");
    // The server has the same port when it starts again.
    Configure("127.0.0.1:" + port, more);
  }

  // The answer's body and, in the last line, its status.
  Finished Post(const std::string& hook, const std::string& body,
                const std::vector<std::string>& more = {}) {
    const std::string url = "http://127.0.0.1:" + port + "/hooks/" + hook;
    std::vector<std::string> command = {"/usr/bin/curl",  "-sm20",
                                        "-w%{http_code}", url,
                                        "--data-binary",  "@" + scene.folder.Write("body", body)};
    if (more.empty()) {
      command.insert(command.end(), {"--header", "Authorization: Bearer " + Token()});
    }
    command.insert(command.end(), more.begin(), more.end());
    return Run(command, scene.folder / ("curl" + std::to_string(posts_++)));
  }
  std::string Token() const {
    std::string token = *ReadFile(scene.folder / "pager.token", 1000);
    return token.substr(0, token.find('\n'));
  }
  std::size_t Runs() const { return scene.Json({"runs"})["runs"].as_list().size(); }
  void WaitFor(const std::string& run, const std::string& status) const {
    Eventually(run + " is there", [&] { return scene.Recourse({"show", run}).code == 0; });
    scene.WaitForStatus(run, status);
  }

  Scene scene{false};
  std::string rules;
  std::string port;

 private:
  void Configure(const std::string& listen, const std::string& more) {
    scene.server_arguments = {
        "--config", scene.folder.Write("recourse.yaml",
                                       "principals_file: " + (scene.folder / "principals.yaml") +
                                           "\nalert_rules: " + rules + "\nhttp: {listen: \"" +
                                           listen + "\"}\n" + more)};
  }
  int posts_ = 0;
};

inline std::string Alert(const std::string& name, const std::string& key, const std::string& status,
                         const std::string& more = "") {
  return R"({"key": ")" + key + R"(", "status": ")" + status + R"(", "labels": {"alertname": ")" +
         name + R"("}, "started": "2026-11-26T03:00:00Z")" + more + "}";
}

}  // namespace recourse::integration
