#include "actions/service/pid_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <sstream>

#include "actions/stop_event.h"

namespace recourse::service {
namespace {

using std::chrono::milliseconds;

// The kernel stamps files and processes with clocks of some milliseconds each.
constexpr milliseconds kClockTick(100);
// Less than this after the file was written may be a clock that was set meanwhile.
constexpr milliseconds kDoubt(2000);

milliseconds NowBy(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return std::chrono::seconds(now.tv_sec) + milliseconds(now.tv_nsec / 1'000'000);
}

Result<milliseconds> WrittenAt(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return ErrnoError(errno, "look at " + path);
  return std::chrono::seconds(info.st_mtim.tv_sec) + milliseconds(info.st_mtim.tv_nsec / 1'000'000);
}

bool EndsWith(const std::vector<std::string>& arguments, const std::vector<std::string>& command) {
  return arguments.size() >= command.size() &&
         std::equal(command.rbegin(), command.rend(), arguments.rbegin());
}

}  // namespace

std::vector<Identity> Running::Living() const {
  std::vector<Identity> living;
  if (IdentityOf(main.pid) == main) living.push_back(main);
  if (!leads_group) return living;
  for (const Identity& member : MembersOf(main.pid)) {
    if (member != main) living.push_back(member);
  }
  return living;
}

Result<bool> PidFile::IsMeant(const Identity& process) const {
  const auto written = WrittenAt(path_);
  if (!written) return written.error();
  const milliseconds started = NowBy(CLOCK_REALTIME) - AgeOf(process);
  if (started <= *written + kClockTick) return true;
  const auto arguments = ArgumentsOf(process.pid);
  if (arguments == command_) return true;
  // A script's process has its interpreter before the command's own arguments, and so has an editor
  // that was opened on the script.
  if (started > *written + kDoubt && !EndsWith(arguments, command_)) return false;
  return FailedPrecondition(
      "the pid file " + path_ + " names the process " + Describe(process.pid) +
      ", which was started after the file was written; whether it is the service cannot be told. "
      "Nothing was changed. Look what that process is; then write `PID START_TIME` of the service "
      "into the file (field 22 of /proc/PID/stat), or remove the file when the service does not "
      "run");
}

Result<std::optional<Running>> PidFile::Read() const {
  using R = Result<std::optional<Running>>;
  const auto text = ReadFile(path_, 4096);
  if (!text && text.error().code == Code::kNotFound) return R(std::nullopt);
  if (!text) return text.error();
  std::istringstream words(*text);
  std::int64_t number = 0, start_time = 0;
  if (!(words >> number) || number <= 0 || number > INT32_MAX) {
    return FailedPrecondition("the pid file " + path_ +
                              " holds no pid; nothing was changed; look " +
                              "which process the service is, and correct or remove the file");
  }
  const bool bare = !(words >> start_time);
  const auto pid = static_cast<pid_t>(number);
  if (const auto process = IdentityOf(pid)) {
    Running running{*process, true, getpgid(pid) == pid};
    if (!bare) return process->start_time == start_time ? R(running) : R(std::nullopt);
    const auto meant = IsMeant(*process);
    if (!meant) return meant.error();
    return *meant ? R(running) : R(std::nullopt);
  }
  // No process gets the number of a group that still has members, so that these are the service's;
  // but for a file from before the boot.
  const auto written = WrittenAt(path_);
  if (!written) return written.error();
  const bool of_this_boot = *written + kDoubt >= NowBy(CLOCK_REALTIME) - NowBy(CLOCK_BOOTTIME);
  const Running left{{pid, start_time}, false, true};
  return of_this_boot && !left.Living().empty() ? R(left) : R(std::nullopt);
}

Result<void> PidFile::Write(const Identity& process) const {
  return WriteFileAtomically(
      path_, std::to_string(process.pid) + " " + std::to_string(process.start_time) + "\n", 0644);
}

Result<void> PidFile::Remove() const {
  if (unlink(path_.c_str()) != 0 && errno != ENOENT) return ErrnoError(errno, "remove " + path_);
  return {};
}

Result<Descriptor> PidFile::Lock(const Context& context) const {
  auto file = OpenFile(path_ + ".lock", O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!file) return file;
  const StopEvent stop(context);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (flock(file->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return ErrnoError(errno, "lock " + path_ + ".lock");
    if (!stop.WaitFor(milliseconds(20))) return context.StopError();
    if (std::chrono::steady_clock::now() >= give_up) {
      return Aborted("somebody else is starting or stopping the service: " + path_ +
                     ".lock has been held for 10 s; nothing was changed");
    }
  }
  return file;
}

}  // namespace recourse::service
