#include "tests/integration/program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <string_view>

namespace recourse::integration {
namespace {

std::vector<std::string> Combined(const Environment& changes) {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string name(text.substr(0, text.find('=')));
    if (name.starts_with("RECOURSE_") || name == "NO_COLOR" || changes.contains(name)) continue;
    variables.emplace_back(text);
  }
  for (const auto& [name, value] : changes) {
    if (!value.empty()) variables.push_back(name + "=" + value);
  }
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string Contents(const std::string& path) {
  auto text = ReadFile(path, 64 << 20);
  return text ? *text : "";
}

}  // namespace

Program::Program(const std::vector<std::string>& arguments, const std::string& output,
                 const Environment& environment)
    : output_(output) {
  std::vector<std::string> texts = arguments;
  std::vector<std::string> variables = Combined(environment);
  const std::vector<char*> argv = Pointers(texts);
  const std::vector<char*> envp = Pointers(variables);
  const int flags = O_WRONLY | O_CREAT | O_TRUNC;
  const auto out = OpenFile(output + ".out", flags);
  const auto err = OpenFile(output + ".err", flags);
  const auto in = OpenFile("/dev/null", O_RDONLY);
  REQUIRE((out && err && in));
  const pid_t parent = getpid();
  pid_ = fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(126);
    dup2(in->get(), STDIN_FILENO);
    dup2(out->get(), STDOUT_FILENO);
    dup2(err->get(), STDERR_FILENO);
    signal(SIGXFSZ, SIG_IGN);
    execve(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  ended_ = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  REQUIRE(ended_.valid());
}

Program::~Program() {
  if (code_) return;
  Signal(SIGKILL);
  WaitForEnd(30s);
}

void Program::Signal(int number) const { kill(pid_, number); }

std::optional<int> Program::WaitForEnd(std::chrono::milliseconds patience) {
  if (code_) return code_;
  pollfd ended = {ended_.get(), POLLIN, 0};
  if (poll(&ended, 1, static_cast<int>(patience.count())) != 1) return std::nullopt;
  int status = 0;
  waitpid(pid_, &status, 0);
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return code_;
}

std::string Program::out() const { return Contents(output_ + ".out"); }
std::string Program::err() const { return Contents(output_ + ".err"); }

Finished Run(const std::vector<std::string>& arguments, const std::string& output,
             const Environment& environment) {
  Program program(arguments, output, environment);
  const auto code = program.WaitForEnd(60s);
  INFO(arguments[0] << " " << arguments[1] << " did not end: " << program.out() << program.err());
  REQUIRE(code);
  return {*code, program.out(), program.err()};
}

void Eventually(const std::string& what, const std::function<bool()>& is_so) {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  for (;;) {
    const auto begin = std::chrono::steady_clock::now();
    if (is_so()) return;
    const auto end = std::chrono::steady_clock::now();
    INFO("waited for: " << what);
    REQUIRE(end < deadline);
    // Where a question starts a program, one asked at once after the other would keep a processor
    // from what is waited for.
    const auto pause = std::clamp<std::chrono::nanoseconds>(3 * (end - begin), 10ms, 250ms);
    poll(nullptr, 0, static_cast<int>(pause / 1ms));
  }
}

}  // namespace recourse::integration
