#include "actions/service/pid_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>

#include "actions/stop_event.h"

namespace recourse::service {
namespace {

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

// A script's process has its interpreter before the command's own arguments.
bool PidFile::RunsTheCommand(pid_t pid) const {
  const auto arguments = ArgumentsOf(pid);
  if (arguments.size() < command_.size() || command_.empty()) return false;
  const auto first = arguments.end() - static_cast<std::ptrdiff_t>(command_.size());
  return BaseName(*first) == BaseName(command_.front()) &&
         std::equal(first + 1, arguments.end(), command_.begin() + 1);
}

Result<std::optional<Identity>> PidFile::Read() const {
  const auto text = ReadFile(path_, 4096);
  if (!text && text.error().code == Code::kNotFound) return std::optional<Identity>();
  if (!text) return text.error();
  std::istringstream words(*text);
  std::int64_t pid = 0, start_time = 0;
  std::string rest;
  if (!(words >> pid) || pid <= 0 || pid > INT32_MAX) {
    return FailedPrecondition("the pid file " + path_ +
                              " holds no pid; nothing was changed; look " +
                              "which process the service is, and correct or remove the file");
  }
  const auto process = IdentityOf(static_cast<pid_t>(pid));
  if (!process) return std::optional<Identity>();
  const bool same = words >> start_time ? process->start_time == start_time
                                        : RunsTheCommand(static_cast<pid_t>(pid));
  return same ? process : std::nullopt;
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
  using std::chrono::milliseconds;
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
