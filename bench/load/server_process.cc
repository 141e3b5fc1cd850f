#include "bench/load/server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

extern char** environ;

namespace recourse::bench {
namespace {

namespace fs = std::filesystem;

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::int64_t FieldOf(const std::string& text, const std::string& name) {
  const auto at = text.find(name + ":");
  return at == std::string::npos ? 0 : std::atoll(text.c_str() + at + name.size() + 1);
}

std::int64_t SizeOf(const std::string& path) {
  std::error_code none;
  const auto size = fs::file_size(path, none);
  return none ? 0 : static_cast<std::int64_t>(size);
}

}  // namespace

void GiveUp(const std::string& message) {
  std::fprintf(stderr, "recourse-bench: %s\n", message.c_str());
  std::exit(1);
}

ServerProcess::ServerProcess(std::string program, std::string data)
    : program_(std::move(program)), data_(std::move(data)) {}

ServerProcess::~ServerProcess() {
  if (pid_ > 0) Kill();
}

void ServerProcess::Start() {
  std::vector<std::string> arguments = {
      program_, "--data", data_, "--listen", "127.0.0.1:0", "--config", data_ + "/server.yaml"};
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const std::string log = data_ + "/server.log";
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  const int failed = posix_spawn(&pid_, program_.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) GiveUp("cannot start " + program_);
}

void ServerProcess::WaitForTokens() const {
  for (int tries = 0; tries < 3000; ++tries) {
    if (fs::exists(socket()) && SizeOf(data_ + "/approver.token") > 0) return;
    poll(nullptr, 0, 10);
  }
  GiveUp("the server did not start; see " + data_ + "/server.log");
}

void ServerProcess::End(int signal) {
  kill(pid_, signal);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = 0;
}

void ServerProcess::Kill() { End(SIGKILL); }
void ServerProcess::Stop() { End(SIGTERM); }

Usage ServerProcess::usage() const {
  const std::string folder = "/proc/" + std::to_string(pid_);
  Usage usage;
  std::string stat = Contents(folder + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  usage.cpu_seconds = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  usage.rss_bytes = FieldOf(Contents(folder + "/status"), "VmRSS") * 1024;
  usage.written_bytes = FieldOf(Contents(folder + "/io"), "\nwrite_bytes");
  return usage;
}

std::int64_t ServerProcess::journal_bytes() const {
  return SizeOf(data_ + "/journal.db") + SizeOf(data_ + "/journal.db-wal");
}

std::string ServerProcess::Token(const std::string& principal) const {
  std::string token = Contents(data_ + "/" + principal + ".token");
  while (!token.empty() && token.back() == '\n') token.pop_back();
  if (token.empty()) GiveUp("no token in " + data_ + "/" + principal + ".token");
  return token;
}

void WriteWorkflows(const std::string& data) {
  fs::create_directories(data + "/workflows");
  // A line a transition in the log would be measured too.
  std::ofstream(data + "/server.yaml") << "log: {level: warning}\n";
  std::ofstream five(data + "/workflows/five.yaml");
  five << "name: five\nsummary: Five idempotent steps that do nothing\nsteps:\n";
  for (int step = 1; step <= 5; ++step) {
    five << "  - {id: s" << step << ", action: debug.echo, with: {value: " << step << "}}\n";
  }
  std::ofstream slow(data + "/workflows/slow.yaml");
  slow << "name: slow\nsummary: Five steps, the third of which takes 20 ms\nsteps:\n";
  for (int step = 1; step <= 5; ++step) {
    slow << "  - {id: s" << step << ", action: debug.echo, with: {value: " << step
         << (step == 3 ? ", delay: 20ms" : "") << "}}\n";
  }
  std::ofstream ask(data + "/workflows/ask.yaml");
  ask << "name: ask\nsummary: An approval and a step\nsteps:\n"
         "  - {id: ask, approval: {prompt: \"Go on?\", approvers: [dba], expires: 1h}}\n"
         "  - {id: then, action: debug.echo, with: {value: 1}}\n";
}

}  // namespace recourse::bench
