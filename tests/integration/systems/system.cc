#include "tests/integration/systems/system.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <regex>

#include "engine/base/json.h"

namespace recourse::integration {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrincipals = R"(principals:
  - {name: operator, roles: [viewer, operator, admin], token_file: @/operator.token}
  - {name: dba, roles: [viewer, dba], token_file: @/dba.token}
  - {name: commander, roles: [viewer, incident-commander, level-2], token_file: @/commander.token}
  - {name: expert, roles: [viewer, level-3], token_file: @/expert.token}
)";

constexpr const char* kStartServices = R"(name: start-services
inputs: {target: {type: target, requires: [services]}}
steps:
  - id: start
    action: service.start
    for_each: "${inputs.target.services}"
    with: {service: "${item}"}
  - id: healthy
    when: "${has(inputs.target.health)}"
    action: http.expect
    with: "${inputs.target.health}"
  - id: traffic
    when: "${has(inputs.target.traffic)}"
    action: service.start
    for_each: "${inputs.target.traffic}"
    with: {service: "${item}"}
)";

constexpr const char* kStopServices = R"(name: stop-services
inputs: {target: {type: target, requires: [services]}}
steps:
  - id: traffic
    when: "${has(inputs.target.traffic)}"
    action: service.stop
    for_each: "${inputs.target.traffic}"
    with: {service: "${item}"}
  - id: stop
    action: service.stop
    for_each: "${inputs.target.services}"
    with: {service: "${item}"}
)";

std::string Replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

std::string TextOf(const std::string& path) {
  auto bytes = ReadFile(path, 1 << 20);
  return bytes ? *bytes : "";
}

// The process that a pid file of `world` names, 0 when it does not live: a number alone may be a
// stranger's by now.
pid_t LivingProcess(const std::string& pid_file, const std::string& world) {
  const std::string text = TextOf(pid_file);
  const pid_t pid = text.empty() ? 0 : std::atoi(text.c_str());
  if (pid <= 1) return 0;
  const std::string command = TextOf("/proc/" + std::to_string(pid) + "/cmdline");
  return command.find(world) == std::string::npos ? 0 : pid;
}

}  // namespace

System::System() : Scene(false), world(folder / "world") {
  REQUIRE(chmod((folder / "").c_str(), 0755) == 0);
  fs::create_directories(world);
  fs::create_directories(data);
  folder.Write("workflows/start-services.yaml", kStartServices);
  folder.Write("workflows/stop-services.yaml", kStopServices);
  folder.Write("data/principals.yaml", Replaced(kPrincipals, "@", data));
}

System::~System() {
  if (serving()) StopServer();
  for (const auto& entry : fs::recursive_directory_iterator(world)) {
    if (entry.path().extension() != ".pid") continue;
    const pid_t pid = LivingProcess(entry.path(), world);
    if (pid == 0) continue;
    kill(pid, SIGKILL);
    Eventually("a service ends", [&] { return LivingProcess(entry.path(), world) == 0; });
  }
}

void System::WriteConfiguration() {
  std::string commands = "/usr/sbin/nginx, " RECOURSE_DEMO_SERVICE;
  for (const std::string& command : allowed_commands) commands += ", " + command;
  const std::string file =
      folder.Write("recoursed.yaml",
                   "workflows: [" RECOURSE_SOURCE_DIR "/workflows]\npolicy:\n  allowed_roots: [" +
                       world + "]\n  allowed_commands: [" + commands + "]\n" + more_configuration);
  server_arguments = {"--config", file};
}

void System::StartServer() {
  WriteConfiguration();
  Scene::StartServer();
}

void System::RestartServer() {
  StopServer();
  StartServer();
}

void System::WriteTarget(const std::string& name, const std::string& resources) const {
  folder.Write("data/targets/" + name + ".yaml", "name: " + name + "\n" + resources);
}

void System::WriteMailChannel(const MailServer& mail, const std::string& routes) const {
  folder.Write("data/notifications.yaml",
               "channels:\n  - {name: ops-mail, kind: mail, server: \"smtp://127.0.0.1:" +
                   std::to_string(mail.port()) +
                   "\", from: recourse@example.net, to: [ops@example.net], digest_after: 0}\n"
                   "routes: " +
                   routes + "\n");
}

void System::WritePolicy(const std::string& name, bool quick) const {
  std::string policy = TextOf(RECOURSE_SOURCE_DIR "/escalation_policies/" + name + ".yaml");
  REQUIRE_FALSE(policy.empty());
  static const std::regex kAfter("after: ([0-9]+)(m|h)\\b");
  for (std::smatch at; quick && std::regex_search(policy, at, kAfter);) {
    const int minutes = std::stoi(at[1]) * (at[2] == "h" ? 60 : 1);
    policy =
        at.prefix().str() + "after: " + std::to_string(minutes * 10) + "ms" + at.suffix().str();
  }
  folder.Write("data/escalation_policies/" + name + ".yaml", policy);
}

std::string System::StartRun(const std::string& workflow, const std::string& target,
                             const std::vector<std::string>& inputs) const {
  std::vector<std::string> arguments = {"start", workflow};
  if (!target.empty()) arguments.insert(arguments.end(), {"--target", target});
  for (const std::string& input : inputs) arguments.insert(arguments.end(), {"--input", input});
  return Json(arguments).StringOr("id", "");
}

std::string System::EndOf(const std::string& run) const {
  Recourse({"watch", run, "--until-waiting"});
  std::string status = StatusOf(run);
  status = status.substr(std::string("RUN_STATUS_").size());
  if (status == "FAILED" || status == "NEEDS_ATTENTION") UNSCOPED_INFO(TimelineOf(run));
  return status;
}

std::string System::StandsAt(const std::string& run) const {
  Recourse({"watch", run, "--until-waiting"});
  return Json({"show", run}).StringOr("step", "");
}

std::string System::Decide(const std::string& verb, const std::string& run,
                           const std::string& who) const {
  Recourse({"watch", run, "--until-waiting"});
  const Value approvals = Json({"show", run})["open_approvals"];
  if (!approvals.is_list() || approvals.as_list().empty()) {
    FAIL(run << " asks for no approval\n" << TimelineOf(run));
  }
  const std::string approval = approvals.as_list().front().as_string();
  const std::string question = Recourse({"approval", approval}).out;
  const Finished decided = Recourse({"--as", who, verb, approval, "--reason", "it was looked at"});
  INFO(decided.out << decided.err);
  // What was decided may kill the server of ArmKill() before it has answered; it is in the journal.
  const bool dies = decided.code == 3 && server_environment.contains("RECOURSE_FAIL_POINT");
  REQUIRE((decided.code == 0 || dies));
  return question;
}

std::string System::Approve(const std::string& run, const std::string& who) const {
  return Decide("approve", run, who);
}

std::string System::Reject(const std::string& run, const std::string& who) const {
  return Decide("reject", run, who);
}

Value System::OutputsOf(const std::string& run) const {
  auto outputs = ParseJson(Json({"show", run}).StringOr("outputs_json", ""));
  if (!outputs) FAIL(run << " has no outputs\n" << TimelineOf(run));
  return *outputs;
}

Value System::OutputOf(const std::string& run, const std::string& step) const {
  const Value shown = Json({"show", run});
  for (const Value& state : shown["steps"].as_list()) {
    if (state.StringOr("id", "") != step) continue;
    auto output = ParseJson(state.StringOr("output_json", ""));
    if (!output) FAIL(run << "/" << step << " has no output\n" << TimelineOf(run));
    return *output;
  }
  FAIL(run << " has no step " << step);
  return {};
}

std::string System::TimelineOf(const std::string& run) const {
  return Recourse({"timeline", run}).out;
}

bool System::ArmKill(const std::string& fail_point) {
#ifdef RECOURSE_FAIL_POINTS
  if (serving()) StopServer();
  server_environment["RECOURSE_FAIL_POINT"] = fail_point;
  StartServer();
  return true;
#else
  WARN("the programs are built without the point " << fail_point);
  return false;
#endif
}

void System::SurviveKill() {
  INFO("it was to be killed at " << server_environment["RECOURSE_FAIL_POINT"]);
  REQUIRE(server().WaitForEnd(30s) == 128 + SIGKILL);
  DropServer();
  server_environment.erase("RECOURSE_FAIL_POINT");
  StartServer();
}

void System::StartServices(const std::string& target) const {
  REQUIRE(EndOf(StartRun("start-services", target)) == "SUCCEEDED");
}

void System::StopServices(const std::string& target) const {
  REQUIRE(EndOf(StartRun("stop-services", target)) == "SUCCEEDED");
}

std::string System::ServiceState(const std::string& pid_file) const {
  return LivingProcess(world + "/" + pid_file, world) != 0 ? "runs" : "is down";
}

std::string Sql(const std::string& database, const std::string& sql) {
  const std::string output = database + ".asked";
  const Finished said = Run({"/usr/bin/sqlite3", "-batch", database, sql}, output);
  std::filesystem::remove(output + ".out");
  std::filesystem::remove(output + ".err");
  std::string text = said.out + said.err;
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace recourse::integration
