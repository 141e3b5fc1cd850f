#include "actions/process/program.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <utility>

namespace recourse::process {
namespace {

// What a child that could not become its program writes to its parent.
struct Report {
  enum class Stage : int { kDescriptors = 1, kDirectory = 2, kExec = 3, kFork = 4, kUser = 5 };
  Stage stage;
  int error_number;
};

[[noreturn]] void FailIn(Report::Stage stage, int report) {
  const Report told{stage, errno};
  [[maybe_unused]] const auto written = write(report, &told, sizeof told);
  _exit(127);
}

// The signals of a new program are the kernel's defaults, whatever the server blocks or ignores.
void ResetSignals() {
  struct sigaction plain = {};
  plain.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &plain, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Reads exactly `size` bytes; false at the end of the file before that.
bool ReadFully(int fd, void* data, std::size_t size) {
  char* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t count = read(fd, at, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

Result<std::string> FindProgram(const std::string& name) {
  std::vector<std::string> candidates;
  if (name.starts_with('/')) {
    candidates.push_back(name);
  } else if (name.find('/') == std::string::npos && !name.empty()) {
    for (const std::string_view directory : kSearchPath) {
      candidates.push_back(std::string(directory) + "/" + name);
    }
  } else {
    return InvalidArgument("\"" + name + "\" is no program: give an absolute path, or a name " +
                           "that stands in /usr/bin or its like");
  }
  bool there = false;
  for (const std::string& path : candidates) {
    struct stat info;
    if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    there = true;
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  if (there) return Error{Code::kPermissionDenied, name + " is there, but may not be executed"};
  return NotFound("there is no program " + name);
}

// Like a pipe, but that writing to a dead reader is an error and no signal.
Result<Pipe> MakeSocketPair() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    return ErrnoError(errno, "make a pair of sockets");
  }
  return Pipe{Descriptor(fds[0]), Descriptor(fds[1])};
}

}  // namespace

Result<Image> Image::Find(const Program& program, const Policy& policy) {
  if (program.arguments.empty()) return InvalidArgument("no program is named");
  auto path = FindProgram(program.arguments[0]);
  if (!path) return std::move(path).error();
  if (auto allowed = policy.AllowCommand(*path); !allowed) return std::move(allowed).error();
  // Being in the root directory, the default, gives access to nothing.
  if (program.working_directory != "/") {
    auto allowed = policy.AllowPath(program.working_directory);
    if (!allowed) return std::move(allowed).error().In("the working directory");
  }
  const auto& wanted = program.credentials;
  const bool is_own = !wanted || (wanted->user == geteuid() && wanted->group == getegid());
  if (!is_own && geteuid() != 0) {
    return Error{Code::kPermissionDenied,
                 "this server runs as user " + UserName(geteuid()) + ", group " +
                     GroupName(getegid()) + ", and cannot start a program as user " +
                     UserName(wanted->user) + ", group " + GroupName(wanted->group) +
                     "; run it as root or as that user"};
  }
  Image image;
  if (!is_own) image.credentials_ = wanted;
  image.path_ = *std::move(path);
  image.working_directory_ = program.working_directory;
  image.texts_ = program.arguments;
  image.arguments_ = program.arguments.size();
  for (const auto& [name, value] : program.environment) {
    if (name.empty() || name.find('=') != std::string::npos) {
      return InvalidArgument("\"" + name + "\" cannot name an environment variable");
    }
    image.texts_.push_back(name + "=" + value);
  }
  for (const std::string& text : image.texts_) {
    if (text.find('\0') != std::string::npos) {
      return InvalidArgument("an argument or environment variable contains a NUL byte");
    }
  }
  return image;
}

Image::Pointers Image::Point() const {
  Pointers pointers;
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    auto& to = i < arguments_ ? pointers.argv : pointers.envp;
    to.push_back(const_cast<char*>(texts_[i].c_str()));  // execve changes nothing
  }
  pointers.argv.push_back(nullptr);
  pointers.envp.push_back(nullptr);
  return pointers;
}

void Image::Become(const Pointers& pointers, int in, int out, int err, int report) const {
  // First out of the way of 0, 1 and 2, which may be among them when the server was started
  // without.
  const int kept = fcntl(report, F_DUPFD_CLOEXEC, 3);
  if (kept < 0) FailIn(Report::Stage::kDescriptors, report);
  const int from[] = {fcntl(in, F_DUPFD_CLOEXEC, 3), fcntl(out, F_DUPFD_CLOEXEC, 3),
                      fcntl(err, F_DUPFD_CLOEXEC, 3)};
  for (int to = 0; to < 3; ++to) {
    if (from[to] < 0 || dup2(from[to], to) < 0) FailIn(Report::Stage::kDescriptors, kept);
  }
  if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) FailIn(Report::Stage::kDescriptors, kept);
  if (credentials_ && !TakeOn(*credentials_)) FailIn(Report::Stage::kUser, kept);
  if (chdir(working_directory_.c_str()) != 0) FailIn(Report::Stage::kDirectory, kept);
  umask(022);
  ResetSignals();
  execve(path_.c_str(), pointers.argv.data(), pointers.envp.data());
  FailIn(Report::Stage::kExec, kept);
}

Result<void> Image::ReadReport(int report) const {
  Report told;
  if (!ReadFully(report, &told, sizeof told)) return {};
  switch (told.stage) {
    case Report::Stage::kDirectory:
      return ErrnoError(told.error_number, "enter the working directory " + working_directory_);
    case Report::Stage::kExec:
      return ErrnoError(told.error_number, "start " + path_);
    case Report::Stage::kUser:
      return ErrnoError(told.error_number, "take on the user for " + path_);
    case Report::Stage::kFork:
      return ErrnoError(told.error_number, "make a process for " + path_);
    case Report::Stage::kDescriptors:
      break;
  }
  return ErrnoError(told.error_number, "set up the descriptors of " + path_);
}

Result<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return ErrnoError(errno, "make a pipe");
  return Pipe{Descriptor(fds[0]), Descriptor(fds[1])};
}

Result<pid_t> StartDetached(const Image& image, int log,
                            const std::function<Result<void>(pid_t)>& before_exec) {
  // One at a time: a second waiting child would hold the first one's end of `permission` open, and
  // that one would wait for ever if this process died now.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);

  auto null = OpenFile("/dev/null", O_RDONLY);
  auto report = MakePipe();
  auto permission = MakeSocketPair();
  auto pid_pipe = MakePipe();
  for (const Error* error :
       {null ? nullptr : &null.error(), report ? nullptr : &report.error(),
        permission ? nullptr : &permission.error(), pid_pipe ? nullptr : &pid_pipe.error()}) {
    if (error != nullptr) return error->In("start " + image.path());
  }
  const Image::Pointers pointers = image.Point();

  const pid_t middle = fork();
  if (middle < 0) return ErrnoError(errno, "make a process for " + image.path());
  if (middle == 0) {
    // A session of its own, then a second fork: the program has init as its parent, no terminal,
    // and cannot get one.
    setsid();
    const pid_t last = fork();
    if (last < 0) FailIn(Report::Stage::kFork, report->write.get());
    if (last > 0) _exit(0);
    setpgid(0, 0);
    // Without the other ends of its own, the child sees the end of the file when the parent dies.
    permission->write.Close();
    const pid_t self = getpid();
    if (write(pid_pipe->write.get(), &self, sizeof self) != sizeof self) _exit(127);
    char granted = 0;
    if (!ReadFully(permission->read.get(), &granted, 1)) _exit(0);
    image.Become(pointers, null->get(), log, log, report->write.get());
  }
  report->write.Close();
  pid_pipe->write.Close();
  permission->read.Close();
  while (waitpid(middle, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_t pid = 0;
  if (!ReadFully(pid_pipe->read.get(), &pid, sizeof pid)) {
    auto told = image.ReadReport(report->read.get());
    if (!told) return std::move(told).error();
    return Unavailable("the process for " + image.path() + " ended before it was one");
  }
  if (auto ready = before_exec(pid); !ready) return std::move(ready).error();
  if (send(permission->write.get(), "g", 1, MSG_NOSIGNAL) != 1) {
    return ErrnoError(errno, "let " + image.path() + " start");
  }
  if (auto told = image.ReadReport(report->read.get()); !told) return std::move(told).error();
  return pid;
}

Program ProgramOf(const Value& inputs, std::string_view arguments_key) {
  Program program;
  if (inputs[arguments_key].is_list()) {
    for (const Value& argument : inputs[arguments_key].as_list()) {
      program.arguments.push_back(argument.as_string());
    }
  }
  if (inputs["environment"].is_map()) {
    for (const auto& [name, value] : inputs["environment"].as_map()) {
      program.environment[name.as_string()] = value.as_string();
    }
  }
  program.working_directory = inputs.StringOr("working_directory", "/");
  return program;
}

}  // namespace recourse::process
