#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <set>

#include "actions/inputs.h"
#include "actions/process/program.h"
#include "actions/service/driver.h"
#include "actions/service/log_lines.h"
#include "actions/service/pid_file.h"
#include "actions/stop_event.h"
#include "actions/users.h"
#include "engine/base/fail_point.h"
#include "engine/base/text.h"

namespace recourse::service {
namespace {

using process::Image;
using std::chrono::microseconds;

constexpr microseconds kKillTimeout = std::chrono::seconds(10);  // for the kernel to end it
constexpr std::int64_t kLastLines = 20;

struct Settings {
  std::string name;
  process::Program program;
  std::string log;  // empty: thrown away
  microseconds settle{};
  microseconds stop_timeout{};
  std::string reload_signal;     // empty: it has no way to reload
  std::optional<Error> no_user;  // why it cannot be started as the user that is given
};

std::string InstanceOf(const Identity& process) {
  return std::to_string(process.pid) + "@" + std::to_string(process.start_time);
}

State StateOf(const std::optional<Running>& running) {
  if (!running) return {};
  const auto living = running->Living();
  if (living.empty()) return {};
  State state;
  state.phase = Phase::kRunning;
  state.running = true;
  state.pid = living.front().pid;
  state.instance = InstanceOf(running->main);
  return state;
}

std::string DescribeAll(const std::vector<Identity>& processes) {
  std::string text;
  for (const Identity& process : processes) {
    text += (text.empty() ? "" : ", ") + Describe(process.pid);
  }
  return text;
}

// Where the log ends now; what is written behind it is this start's.
std::int64_t EndOf(int log) {
  struct stat info;
  return fstat(log, &info) == 0 && S_ISREG(info.st_mode) ? info.st_size : 0;
}

class ProcessDriver final : public Driver {
 public:
  ProcessDriver(Settings settings, std::string pid_file)
      : settings_(std::move(settings)),
        pid_file_(std::move(pid_file), settings_.program.arguments) {}

  Result<State> Look(const Context&) const override {
    auto running = pid_file_.Read();
    if (!running) return std::move(running).error();
    return StateOf(*running);
  }

  Result<void> CheckStart(const Context& context) const override {
    auto image = FindImage(context);
    if (!image) return std::move(image).error().In("start " + settings_.name);
    return {};
  }

  Result<void> CheckUser() const override {
    if (settings_.program.credentials || settings_.no_user) return {};
    auto running = pid_file_.Read();
    if (!running) return std::move(running).error();
    if (!*running || !(*running)->main_lives) return {};
    const pid_t pid = (*running)->main.pid;
    const auto user = UserOf(pid);
    if (!user || *user == geteuid()) return {};
    return FailedPrecondition(settings_.name + " (pid " + std::to_string(pid) + ") runs as user " +
                              UserName(*user) + ", and this server would start it again as user " +
                              UserName(geteuid()) +
                              ". Nothing was changed. Write `user` (and `group`) into the target's "
                              "service: the user that "
                              "it is to be started as");
  }

  Outcome Start(const Context& context, const Value&) const override {
    auto lock = pid_file_.Lock(context);
    if (!lock) return std::move(lock).error();
    auto running = pid_file_.Read();
    if (!running) return std::move(running).error();
    if (*running && (*running)->main_lives) {
      auto settled = Settles(context, (*running)->main);
      if (!settled) return std::move(settled).error();
      if (*settled) return OutputOf(settings_.name, StateOf(*running), false);
      // It was ending when it was found, as one does whose starter died before it let it begin.
      running = pid_file_.Read();
      if (!running) return std::move(running).error();
    }
    if (*running) return OrphansLeft((*running)->Living());
    auto log = OpenLog();
    if (!log) return std::move(log).error();
    const std::int64_t log_begin = EndOf(log->get());
    auto process = Launch(context, log->get());
    if (!process) return std::move(process).error().In("start " + settings_.name);
    auto settled = Settles(context, *process);
    if (!settled) return Failure{std::move(settled).error(), {}, LeftBehind::kPartial};
    const Running started{*process, *settled, true};
    if (!*settled) return EndedEarly(log_begin, started.Living());
    return OutputOf(settings_.name, StateOf(started), true);
  }

  Outcome Stop(const Context& context, bool kill) const override {
    auto lock = pid_file_.Lock(context);
    if (!lock) return std::move(lock).error();
    auto running = pid_file_.Read();
    if (!running) return std::move(running).error();
    if (!*running) return OutputOf(settings_.name, {}, false);
    if (auto ended = End(context, **running, kill); !ended) {
      return Failure{std::move(ended).error(), OutputOf(settings_.name, StateOf(*running), true),
                     LeftBehind::kPartial};
    }
    RECOURSE_FAIL_POINT("service_after_end");
    if (auto removed = pid_file_.Remove(); !removed) {
      context.log("the service has stopped, but " + removed.error().message);
    }
    return OutputOf(settings_.name, {}, true);
  }

  Outcome Reload(const Context& context) const override {
    if (settings_.reload_signal.empty()) return NoReload(settings_.name);
    auto lock = pid_file_.Lock(context);
    if (!lock) return std::move(lock).error();
    auto running = pid_file_.Read();
    if (!running) return std::move(running).error();
    if (!*running || !(*running)->main_lives) {
      return FailedPrecondition(settings_.name +
                                " does not run: there is nothing to reload; start it");
    }
    const Identity& main = (*running)->main;
    const std::int64_t log_begin = LogEnd();
    auto pidfd = Watch(main);
    if (!pidfd) return std::move(pidfd).error();
    auto sent = SendSignal(*pidfd, *SignalNamed(settings_.reload_signal), main);
    if (!sent) return std::move(sent).error();
    RECOURSE_FAIL_POINT("service_after_reload");
    const StopEvent stop(context);
    if (stop.WaitReadable(pidfd->get(), settings_.settle)) {
      return Failure{Unavailable(settings_.name + " got the signal " + settings_.reload_signal +
                                 " and ended within its settle time of " +
                                 FormatDuration(settings_.settle) + "; " + Said(log_begin) +
                                 ". It does not run now: correct its configuration and start it"),
                     Value::Object({{"log", LastLines(log_begin)}}), LeftBehind::kPartial};
    }
    if (stop.stopped()) {
      return context.StopError().In("wait until " + settings_.name + " has settled");
    }
    return OutputOf(settings_.name, StateOf(*running), true);
  }

  Result<LogLines> Logs(const Context&, const LogQuery& query) const override {
    if (settings_.log.empty()) {
      return FailedPrecondition("the service " + settings_.name +
                                " has no `log` in the target: what it writes is thrown away");
    }
    if (query.since) return NoTimes(settings_.log);
    return LinesOfFile(settings_.log, 0, query.lines);
  }

  Result<bool> AwaitPendingStop(const Context& context) const override {
    auto lock = pid_file_.Lock(context);
    if (!lock) return std::move(lock).error();
    auto running = pid_file_.Read();
    if (!running) return std::move(running).error();
    if (!*running) return true;
    auto left = SignalUntilEnd(context, **running, std::nullopt, settings_.stop_timeout);
    if (!left) return std::move(left).error();
    return left->empty();
  }

 private:
  Result<Descriptor> OpenLog() const {
    if (settings_.log.empty()) return OpenFile("/dev/null", O_WRONLY);
    // Where others may write, the path may have become a link to a file of ours, or a pipe that
    // nobody reads.
    auto log =
        OpenFile(settings_.log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0640);
    struct stat info;
    if (log && fstat(log->get(), &info) == 0 && S_ISREG(info.st_mode)) return log;
    const bool is_there = lstat(settings_.log.c_str(), &info) == 0;
    if (!log && (!is_there || S_ISREG(info.st_mode))) return log;
    return FailedPrecondition("the log " + settings_.log + " of " + settings_.name +
                              " is a symbolic link, a pipe or something else that is not a file; "
                              "nothing was started. Name the file itself, or give no log");
  }

  Result<Image> FindImage(const Context& context) const {
    if (settings_.no_user) return *settings_.no_user;
    return Image::Find(settings_.program, context.policy);
  }

  Result<Identity> Launch(const Context& context, int log) const {
    auto image = FindImage(context);
    if (!image) return std::move(image).error();
    Identity process;
    const auto write_down = [&](pid_t pid) -> Result<void> {
      RECOURSE_FAIL_POINT("service_after_spawn");
      const auto identity = IdentityOf(pid);
      if (!identity) return Unavailable("its process was killed before it began");
      process = *identity;
      auto written = pid_file_.Write(process);
      RECOURSE_FAIL_POINT("service_after_pid_file");
      return written;
    };
    auto pid = process::StartDetached(*image, log, write_down);
    if (!pid) {
      // The file, if written, names a process that has ended: harmless, and gone with the next
      // stop.
      return std::move(pid).error();
    }
    RECOURSE_FAIL_POINT("service_after_start");
    return process;
  }

  // Waits until the process is as old as the settle time; one that was found running may be so
  // already. False: it has ended.
  Result<bool> Settles(const Context& context, const Identity& process) const {
    const StopEvent stop(context);
    auto pidfd = Watch(process);
    if (!pidfd) return std::move(pidfd).error();
    if (!pidfd->valid()) return false;
    const microseconds left = settings_.settle - AgeOf(process);
    if (stop.WaitReadable(pidfd->get(), std::max(left, microseconds(0)))) return false;
    if (left.count() > 0 && stop.stopped()) {
      return context.StopError().In("wait until " + settings_.name + " has settled");
    }
    return true;
  }

  // Where the log ends now; what is written behind it comes later.
  std::int64_t LogEnd() const {
    struct stat info;
    return !settings_.log.empty() && stat(settings_.log.c_str(), &info) == 0 ? info.st_size : 0;
  }

  Value::List LastLines(std::int64_t log_begin) const {
    if (settings_.log.empty()) return {};
    auto lines = LinesOfFile(settings_.log, log_begin, kLastLines);
    return lines ? lines->lines : Value::List();
  }

  std::string Said(std::int64_t log_begin) const {
    if (settings_.log.empty()) return "it has no log";
    const Value::List lines = LastLines(log_begin);
    return lines.empty() ? "it wrote nothing"
                         : "its last line in " + settings_.log + ": " + lines.back().as_string();
  }

  Failure EndedEarly(std::int64_t log_begin, const std::vector<Identity>& left) const {
    const std::string now = left.empty() ? "it does not run now"
                                         : "what it had started still runs: " + DescribeAll(left) +
                                               " (its command must stay in the foreground)";
    return {Unavailable(settings_.name + " was started and ended within its settle time of " +
                        FormatDuration(settings_.settle) + "; " + now + "; " + Said(log_begin)),
            Value::Object({{"log", LastLines(log_begin)}}),
            left.empty() ? LeftBehind::kNothing : LeftBehind::kPartial};
  }

  Error OrphansLeft(const std::vector<Identity>& left) const {
    return FailedPrecondition(
        "the main process of " + settings_.name +
        " has ended, but what it had started still runs: " + DescribeAll(left) +
        ". Nothing was changed: a second instance beside it may do harm. "
        "Stop the service, then start it");
  }

  // Sends TERM, and KILL where that is allowed, until all of it has ended.
  Result<void> End(const Context& context, const Running& running, bool kill) const {
    auto left = SignalUntilEnd(context, running, SIGTERM, settings_.stop_timeout);
    if (!left) return std::move(left).error();
    if (left->empty()) return {};
    const std::string what = settings_.name + " has not ended " +
                             FormatDuration(settings_.stop_timeout) +
                             " after TERM: there still runs " + DescribeAll(*left);
    if (!kill) {
      return Error{Code::kDeadlineExceeded,
                   what + "; it was not killed, and may still end by itself; stop it by hand and " +
                       "retry, or allow it to be killed with `kill: true`"};
    }
    context.log(what + "; killing it");
    left = SignalUntilEnd(context, running, SIGKILL, kKillTimeout);
    if (!left) return std::move(left).error();
    if (left->empty()) return {};
    return Error{Code::kDeadlineExceeded, what + ", nor after KILL; the kernel does not end " +
                                              DescribeAll(*left) + " (it may wait for a disk)"};
  }

  // Sends `signal`, if any, to each of its processes, also to those that appear meanwhile, and
  // answers which of them live after `timeout`.
  Result<std::vector<Identity>> SignalUntilEnd(const Context& context, const Running& running,
                                               std::optional<int> signal,
                                               microseconds timeout) const {
    const StopEvent stop(context);
    const auto until = std::chrono::steady_clock::now() + timeout;
    std::set<Identity> told;
    for (;;) {
      const auto living = running.Living();
      if (living.empty()) return living;
      const std::size_t told_before = told.size();
      for (const Identity& process : living) {
        if (!signal || !told.insert(process).second) continue;
        auto pidfd = Watch(process);
        if (!pidfd) return std::move(pidfd).error();
        if (!pidfd->valid()) continue;
        if (auto done = SendSignal(*pidfd, *signal, process); !done) return std::move(done).error();
      }
      const bool sent = told.size() > told_before;
      if (sent && signal == SIGTERM) RECOURSE_FAIL_POINT("service_after_term");
      if (sent && signal == SIGKILL) RECOURSE_FAIL_POINT("service_after_kill");
      auto first = Watch(living.front());
      if (!first) return std::move(first).error();
      if (!first->valid()) continue;
      const auto left =
          std::chrono::duration_cast<microseconds>(until - std::chrono::steady_clock::now());
      if (left.count() <= 0) return living;
      if (stop.WaitReadable(first->get(), left)) continue;
      if (stop.stopped()) {
        return context.StopError().In("wait until " + settings_.name + " has ended");
      }
    }
  }

  const Settings settings_;
  const PidFile pid_file_;
};

}  // namespace

Result<std::unique_ptr<Driver>> MakeProcessDriver(const Value& service, const Policy& policy) {
  Settings settings;
  settings.name = service.StringOr("name", "");
  settings.program = process::ProgramOf(service, "command");
  settings.log = service.StringOr("log", "");
  settings.reload_signal = service.StringOr("reload_signal", "");
  const std::string pid_file = service.StringOr("pid_file", "");
  const auto settle = DurationInput(service, "settle", std::chrono::seconds(1));
  const auto stop_timeout = DurationInput(service, "stop_timeout", std::chrono::seconds(10));
  if (!settle) return settle.error().In("service " + settings.name);
  if (!stop_timeout) return stop_timeout.error().In("service " + settings.name);
  settings.settle = *settle;
  settings.stop_timeout = *stop_timeout;
  const std::string user = service.StringOr("user", "");
  const std::string group = service.StringOr("group", "");
  if (user.empty() && !group.empty()) {
    return InvalidArgument("service " + settings.name + ": a group is given without a user");
  }
  if (!user.empty()) {
    auto credentials = CredentialsOf(user, group);
    // It may be looked at and stopped all the same.
    if (credentials) {
      settings.program.credentials = *std::move(credentials);
    } else {
      settings.no_user = credentials.error();
    }
  }
  if (settings.program.arguments.empty()) {
    return InvalidArgument("service " + settings.name + ": its command is empty");
  }
  for (const std::string& path : {pid_file, settings.log}) {
    if (path.empty() && path == settings.log) continue;
    if (auto allowed = policy.AllowPath(path); !allowed) {
      return std::move(allowed).error().In("service " + settings.name);
    }
  }
  return std::unique_ptr<Driver>(std::make_unique<ProcessDriver>(std::move(settings), pid_file));
}

}  // namespace recourse::service
