#include "actions/service/identity.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

extern "C" {  // glibc 2.36 has forgotten it in this header
#include <sys/pidfd.h>
}

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "actions/proc_stat.h"
#include "actions/process/utf8.h"

namespace recourse::service {
namespace {

constexpr std::int64_t kProcFileMax = 4 * 1024 * 1024;
constexpr std::size_t kCommandMax = 300;

std::string ProcFile(pid_t pid, const char* name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

}  // namespace

std::optional<Identity> IdentityOf(pid_t pid) {
  const auto stat = ReadProcStat(pid);
  if (!stat || stat->ended()) return std::nullopt;
  return Identity{pid, stat->start_time};
}

std::vector<std::string> ArgumentsOf(pid_t pid) {
  std::vector<std::string> arguments;
  const auto text = ReadFile(ProcFile(pid, "cmdline"), kProcFileMax);
  if (!text) return arguments;
  std::size_t begin = 0;
  for (auto end = text->find('\0'); end != std::string::npos; end = text->find('\0', begin)) {
    arguments.push_back(text->substr(begin, end - begin));
    begin = end + 1;
  }
  return arguments;
}

std::string Describe(pid_t pid) {
  std::string command;
  for (const std::string& argument : ArgumentsOf(pid)) {
    command += (command.empty() ? "" : " ") + argument;
  }
  if (command.size() > kCommandMax) command = command.substr(0, kCommandMax) + "...";
  return std::to_string(pid) + (command.empty() ? "" : " (" + process::ToUtf8(command) + ")");
}

std::optional<uid_t> UserOf(pid_t pid) {
  const auto text = ReadFile(ProcFile(pid, "status"), kProcFileMax);
  if (!text) return std::nullopt;
  const auto line = text->find("\nUid:");
  if (line == std::string::npos) return std::nullopt;
  std::istringstream words(text->substr(line + 5));
  uid_t real = 0, effective = 0;
  if (!(words >> real >> effective)) return std::nullopt;
  return effective;
}

std::vector<Identity> MembersOf(pid_t group) {
  std::vector<Identity> members;
  std::error_code failed;
  for (auto entry = std::filesystem::directory_iterator("/proc", failed);
       !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
    const pid_t pid = std::atoi(entry->path().filename().c_str());
    const auto stat = ReadProcStat(pid);
    if (stat && stat->group == group && !stat->ended()) members.push_back({pid, stat->start_time});
  }
  return members;
}

std::chrono::milliseconds AgeOf(const Identity& process) {
  timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  const std::int64_t started_ms = process.start_time * 1000 / sysconf(_SC_CLK_TCK);
  const std::int64_t now_ms = std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
  return std::chrono::milliseconds(std::max<std::int64_t>(0, now_ms - started_ms));
}

Result<Descriptor> Watch(const Identity& process) {
  Descriptor pidfd(pidfd_open(process.pid, 0));
  if (!pidfd.valid() && errno == ESRCH) return Descriptor();
  if (!pidfd.valid()) {
    return ErrnoError(errno, "watch the process " + std::to_string(process.pid));
  }
  // Only now is it sure that the descriptor is the process meant and not one with its number.
  if (IdentityOf(process.pid) != process) return Descriptor();
  return pidfd;
}

Result<void> SendSignal(const Descriptor& pidfd, int signal, const Identity& process) {
  if (pidfd_send_signal(pidfd.get(), signal, nullptr, 0) == 0 || errno == ESRCH) return {};
  return ErrnoError(errno, "send signal " + std::to_string(signal) + " to the process " +
                               std::to_string(process.pid));
}

std::optional<int> SignalNamed(std::string_view name) {
  if (name == "HUP") return SIGHUP;
  if (name == "USR1") return SIGUSR1;
  if (name == "USR2") return SIGUSR2;
  return std::nullopt;
}

}  // namespace recourse::service
