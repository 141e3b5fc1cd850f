// A real service for tests: a program that runs until it is stopped.
#pragma once

#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "actions/service/identity.h"
#include "engine/base/file.h"
#include "tests/unit/actions/service/service_actions.h"

namespace recourse::testing {

using service::Identity;
using service::IdentityOf;

// A service made of a program that runs until it is stopped. Its log is its own, so that its
// processes can be counted.
class Service : public ServiceActions {
 public:
  Service() {
    resource = Value::Object({{"name", "app"},
                              {"kind", "process"},
                              {"pid_file", world.Path("app.pid")},
                              {"log", world.Path("app.log")},
                              {"settle", "20ms"},
                              {"command", Value::List{"/usr/bin/sleep", "100000"}}});
  }
  ~Service() {
    for (const Identity& process : Processes()) {
      kill(process.pid, SIGKILL);
      AwaitEnd(process);
    }
  }

  // Starts it as one that refuses TERM, and waits until it does.
  void StartStubborn(const std::string& stop_timeout) {
    resource = resource.With("stop_timeout", stop_timeout)
                   .With("command",
                         Value::List{"/usr/bin/env", "--ignore-signal=TERM", "sleep", "100000"});
    REQUIRE(Do("start"));
    AwaitArguments(Processes().at(0).pid, "sleep");
  }

  // Starts it as a shell that runs `script`, and waits until so many processes are what they are to
  // be, the last of them a sleep.
  void StartWrapper(const std::string& script, std::optional<std::size_t> processes) {
    resource = resource.With("command", Value::List{"/bin/sh", "-c", script});
    REQUIRE(Do("start"));
    if (!processes) return;
    Await([&] { return Processes().size() == *processes; });
    for (const Identity& process : Processes()) {
      if (process.pid != getpgid(process.pid)) AwaitArguments(process.pid, "sleep");
    }
  }

  // Waits until the process has become that program.
  void AwaitArguments(pid_t pid, const std::string& program) {
    Await([&] {
      const auto arguments = service::ArgumentsOf(pid);
      return !arguments.empty() && arguments.front().ends_with(program);
    });
  }

  // A pid file without start time, written so long after (before, when negative) the process began.
  void WriteBarePid(const Identity& process, std::chrono::seconds after) const {
    const auto file = world.Write("app.pid", std::to_string(process.pid) + "\n");
    std::filesystem::last_write_time(
        file, std::filesystem::file_time_type::clock::now() - service::AgeOf(process) + after);
  }

  // All that live and have been started as this service.
  std::vector<Identity> Processes() const {
    std::vector<Identity> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::error_code ignored;
      if (std::filesystem::read_symlink(entry.path() / "fd/1", ignored) != world.Path("app.log")) {
        continue;
      }
      const auto process = IdentityOf(std::atoi(entry.path().filename().c_str()));
      if (process) found.push_back(*process);
    }
    return found;
  }

  void AwaitEnd(const Identity& process) {
    const Context context = world.MakeContext({});
    const auto pidfd = service::Watch(process);
    REQUIRE(pidfd);
    if (pidfd->valid()) REQUIRE(StopEvent(context).WaitReadable(pidfd->get(), 30s));
  }
};

}  // namespace recourse::testing
