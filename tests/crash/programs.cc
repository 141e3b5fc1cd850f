#include "tests/crash/programs.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>

#include "engine/base/check.h"

extern char** environ;

namespace recourse::crash {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

struct Started {
  pid_t pid = 0;
  Descriptor output;
};

// `errors` is the file for standard error; empty: it joins the output.
Started Start(std::vector<std::string> arguments, std::vector<std::string> variables,
              const std::string& errors) {
  int ends[2];
  RECOURSE_CHECK(pipe2(ends, O_CLOEXEC) == 0);
  Started started{0, Descriptor(ends[0])};
  const Descriptor to(ends[1]);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::vector<char*> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("RECOURSE_")) environment.push_back(*variable);
  }
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to.get(), STDOUT_FILENO);
  if (errors.empty()) {
    posix_spawn_file_actions_adddup2(&actions, to.get(), STDERR_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
  }
  const int failed =
      posix_spawn(&started.pid, argv[0], &actions, nullptr, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  RECOURSE_CHECK(failed == 0);
  return started;
}

// Adds what the program says next; false at its end, or when it was waited for too long.
bool ReadMore(const Descriptor& output, Deadline until, std::string& text) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Deadline::clock::now());
  pollfd readable{output.get(), POLLIN, 0};
  const int found = poll(&readable, 1, std::max(0, static_cast<int>(left.count())));
  if (found < 0) return errno == EINTR;
  char bytes[4096];
  const auto count = found > 0 ? read(output.get(), bytes, sizeof bytes) : 0;
  if (count <= 0) return false;
  text.append(bytes, static_cast<std::size_t>(count));
  return true;
}

// The status with which it ended. One that does not end in time is made to, with a core to look at.
int WaitForEnd(pid_t pid, const Descriptor& output, std::string& text) {
  const auto until = Deadline::clock::now() + kPatience;
  while (ReadMore(output, until, text)) {
  }
  if (Deadline::clock::now() >= until) kill(pid, SIGABRT);
  int status = 0;
  while (waitpid(pid, &status, 0) != pid) RECOURSE_CHECK(errno == EINTR);
  return status;
}

}  // namespace

ServerProcess::ServerProcess(const std::string& data, const std::string& fail_point,
                             std::string log)
    : log_(std::move(log)) {
  std::vector<std::string> variables = {"RECOURSE_FAIL_POINT_LOG=" + log_};
  if (!fail_point.empty()) variables.push_back("RECOURSE_FAIL_POINT=" + fail_point);
  Started started = Start({RECOURSED, "--data", data, "--listen", "127.0.0.1:0"},
                          std::move(variables), data + "/server.log");
  pid_ = started.pid;
  output_ = std::move(started.output);
  ready_ = WaitUntilReady();
}

ServerProcess::~ServerProcess() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  std::string unused;
  WaitForEnd(pid_, output_, unused);
}

bool ServerProcess::WaitUntilReady() {
  const auto until = Deadline::clock::now() + kPatience;
  std::string said;
  while (said.find(" is ready ") == std::string::npos) {
    if (!ReadMore(output_, until, said)) return false;
  }
  return true;
}

ServerProcess::Ended ServerProcess::Stop() {
  kill(pid_, SIGTERM);
  std::string unused;
  const int status = WaitForEnd(std::exchange(pid_, 0), output_, unused);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return Ended::kKilled;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? Ended::kAsAsked : Ended::kOtherwise;
}

Passes ServerProcess::passes() const {
  Passes passes;
  std::ifstream file(log_);
  for (std::string name; std::getline(file, name);) ++passes[name];
  return passes;
}

Said RunProgram(const std::vector<std::string>& arguments) {
  const Started started = Start(arguments, {}, "");
  Said said;
  const int status = WaitForEnd(started.pid, started.output, said.text);
  if (WIFEXITED(status)) said.exit_code = WEXITSTATUS(status);
  return said;
}

ScratchDirectory::ScratchDirectory() {
  path_ = (std::filesystem::temp_directory_path() / "crash.XXXXXX").string();
  RECOURSE_CHECK(mkdtemp(path_.data()) != nullptr);
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace recourse::crash
