#include "tests/integration/scene.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <utility>

#include "engine/base/json.h"

namespace recourse::integration {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEcho = R"(
name: echo
summary: Succeeds
inputs: {value: {type: int, default: 1}}
steps:
  - {id: say, action: debug.echo, with: {value: "${inputs.value}"}}
outputs: {said: "${steps.say.output.value}"}
)";

constexpr const char* kAsk = R"(
name: ask
summary: Asks, then answers
steps:
  - {id: ask, approval: {prompt: "Go on?", approvers: [dba], exclude_requester: true, expires: 1h}}
  - {id: then, action: debug.echo, with: {value: 1}}
)";

constexpr const char* kStuck = R"(
name: stuck
on_failure: pause
steps:
  - {id: before, checkpoint: true}
  - {id: once, action: debug.fail, with: {times: 1, message: it did not work}}
  - {id: then, action: debug.echo, with: {value: 2}}
)";

constexpr const char* kSlow = R"(
name: slow
steps:
  - {id: work, action: debug.echo, with: {value: 1, delay: 2s}}
  - {id: then, action: debug.echo, with: {value: 2}}
)";

constexpr const char* kEscape = R"(
name: escape
steps:
  - {id: ask, approval: {prompt: "Wipe \x1b[31mall\x1b[0m of it\x9b?\u202e", approvers: [dba]}}
)";

std::string GateText(const std::string& gate, const std::string& effects) {
  return "name: gate\nsteps:\n"
         "  - {id: wait, action: process.run, with: {arguments: [/bin/cat, " +
         gate +
         "]}}\n"
         "  - {id: mark, action: debug.append, with: {path: " +
         effects + "}}\n";
}

}  // namespace

Folder::Folder() {
  std::string pattern = (fs::temp_directory_path() / "recourse-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;  // What is mounted inside stays until the process ends.
  fs::remove_all(path_, ignored);
}

std::string Folder::Write(const std::string& name, const std::string& text) const {
  const std::string path = path_ + "/" + name;
  fs::create_directories(fs::path(path).parent_path());
  REQUIRE(WriteFileAtomically(path, text, 0600));
  return path;
}

Scene::Scene(bool start) {
  folder.Write("workflows/echo.yaml", kEcho);
  folder.Write("workflows/ask.yaml", kAsk);
  folder.Write("workflows/stuck.yaml", kStuck);
  folder.Write("workflows/slow.yaml", kSlow);
  folder.Write("workflows/escape.yaml", kEscape);
  folder.Write("workflows/gate.yaml", GateText(folder / "gate", folder / "effects"));
  REQUIRE(mkfifo((folder / "gate").c_str(), 0600) == 0);
  if (start) StartServer();
}

Scene::~Scene() {
  if (server_) {
    EndServer();
    CHECK(server_->WaitForEnd(30s) == 0);
    server_.reset();
  }
  if (!fs::exists(data + "/journal.db")) return;
  const Finished verified = VerifyOffline();
  INFO(verified.out << verified.err);
  CHECK(verified.code == 0);
}

std::vector<std::string> Scene::ServerCommand() const {
  std::vector<std::string> command = server_starter;
  command.insert(command.end(), {RECOURSED, "--data", data, "--listen", listen, "--workflows",
                                 folder / "workflows"});
  command.insert(command.end(), server_arguments.begin(), server_arguments.end());
  return command;
}

void Scene::LaunchServer() {
  REQUIRE(server_ == nullptr);
  ending_ = false;
  // A server that was killed has left it; it says which address is served, so it must be the new
  // one.
  fs::remove(data + "/address");
  server_ = std::make_unique<Program>(ServerCommand(), folder / "server", server_environment);
}

void Scene::AwaitServer() {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (server_->out().find("is ready") == std::string::npos) {
    INFO("the server does not start: " << server_->out() << server_->err());
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    REQUIRE_FALSE(server_->WaitForEnd(20ms));
  }
}

Finished Scene::StartSecondServer() const {
  return Run(ServerCommand(), folder / "second", server_environment);
}

void Scene::StopServer() {
  server_->Signal(SIGTERM);
  const auto code = server_->WaitForEnd(30s);
  INFO(server_->out() << server_->err());
  REQUIRE(code == 0);
  server_.reset();
}

void Scene::EndServer() {
  if (!std::exchange(ending_, true)) server_->Signal(SIGTERM);  // a second one would be impatient
}

void Scene::KillServer() {
  server_->Signal(SIGKILL);
  REQUIRE(server_->WaitForEnd(30s) == 128 + SIGKILL);
  server_.reset();
}

Finished Scene::Recourse(std::vector<std::string> arguments, const Environment& environment) const {
  arguments.insert(arguments.begin(), RECOURSE);
  Environment all = {{"RECOURSE_DATA", data},
                     {"HOME", folder / "home"},
                     {"XDG_STATE_HOME", ""},
                     {"XDG_CONFIG_HOME", ""}};
  for (const auto& [name, value] : environment) all[name] = value;
  return Run(arguments, folder / ("command" + std::to_string(commands_++)), all);
}

std::unique_ptr<Program> Scene::Background(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), RECOURSE);
  return std::make_unique<Program>(arguments, folder / ("command" + std::to_string(commands_++)),
                                   Environment{{"RECOURSE_DATA", data}});
}

Value Scene::Json(std::vector<std::string> arguments) const {
  arguments.insert(arguments.end(), {"--output", "json"});
  const Finished finished = Recourse(arguments);
  INFO(arguments[0] << " answered " << finished.code << ": " << finished.out << finished.err);
  REQUIRE(finished.code == 0);
  auto value = ParseJson(finished.out);
  REQUIRE(value);
  return *value;
}

std::string Scene::Start(const std::string& workflow) const {
  return Json({"start", workflow}).StringOr("id", "");
}

std::string Scene::StatusOf(const std::string& run) const {
  return Json({"show", run}).StringOr("status", "");
}

void Scene::WaitForStatus(const std::string& run, const std::string& status) const {
  Eventually(run + " is " + status, [&] { return StatusOf(run) == status; });
}

std::string Scene::Position() const { return Json({"info"}).StringOr("last_position", ""); }

void Scene::OpenGate() const {
  Descriptor gate;
  Eventually("somebody waits at the gate", [&] {
    gate = Descriptor(open((folder / "gate").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    return gate.valid();
  });
}

std::string Scene::Effects() const {
  auto text = ReadFile(folder / "effects", 1 << 20);
  // Each line is an attempt's key; the moment in it is another one in every run of the test.
  return text ? std::regex_replace(*text, std::regex("@[0-9]+"), "") : "";
}

Finished Scene::VerifyOffline() const {
  return Recourse({"journal", "verify", "--file", data + "/journal.db"});
}

}  // namespace recourse::integration
