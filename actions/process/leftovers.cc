#include <dirent.h>
#include <unistd.h>

extern "C" {  // glibc 2.36 has forgotten it in this header
#include <sys/pidfd.h>
}

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "actions/process/script_exchange.h"
#include "actions/stop_event.h"
#include "engine/base/file.h"

namespace recourse::process {
namespace {

constexpr std::int64_t kEnvironmentMax = 4 * 1024 * 1024;

// The value of a variable in what /proc/PID/environ holds.
std::string VariableIn(const std::string& environment, const std::string& name) {
  const std::string all = std::string(1, '\0') + environment;
  const std::string wanted = std::string(1, '\0') + name + "=";
  const auto at = all.find(wanted);
  if (at == std::string::npos) return "";
  const auto begin = at + wanted.size();
  return all.substr(begin, all.find('\0', begin) - begin);
}

// A process that was started for the attempt and has not made itself a session of its own; 0: none.
pid_t FindLeftover(const std::string& key) {
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(opendir("/proc"), closedir);
  if (proc == nullptr) return 0;
  while (const dirent* entry = readdir(proc.get())) {
    const pid_t pid = std::atoi(entry->d_name);
    if (pid <= 0 || pid == getpid()) continue;
    const auto environment = ReadFile("/proc/" + std::to_string(pid) + "/environ", kEnvironmentMax);
    if (!environment || VariableIn(*environment, "RECOURSE_KEY") != key) continue;
    if (VariableIn(*environment, "RECOURSE_SESSION") == std::to_string(getsid(pid))) return pid;
  }
  return 0;
}

}  // namespace

Result<void> AwaitLeftovers(const Context& context) {
  using std::chrono::steady_clock;
  const auto left = context.deadline - steady_clock::now();
  const auto until = steady_clock::now() + left / 2;
  const StopEvent stop(context);
  while (const pid_t pid = FindLeftover(context.key)) {
    const Descriptor watched(pidfd_open(pid, 0));
    if (!watched.valid()) continue;  // it has ended meanwhile
    context.log("waiting for the end of pid " + std::to_string(pid) +
                ", which was started for this attempt before the server stopped");
    const auto rest =
        std::chrono::duration_cast<std::chrono::microseconds>(until - steady_clock::now());
    if (!stop.WaitReadable(watched.get(), std::max(rest, std::chrono::microseconds(0)))) {
      if (context.stop.stop_requested()) return context.StopError();
      return Unavailable("pid " + std::to_string(pid) +
                         ", which was started for this attempt before the server stopped, still "
                         "runs; nothing was done to it. Wait for its end, or end it, then retry");
    }
  }
  return {};
}

}  // namespace recourse::process
