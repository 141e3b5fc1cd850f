#include "actions/service/nginx.h"

#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <sstream>

#include "actions/proc_stat.h"
#include "actions/service/log_lines.h"
#include "actions/service/managed_driver.h"
#include "actions/service/tool.h"
#include "engine/base/fail_point.h"
#include "engine/base/text.h"

namespace recourse::service {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

// nginx tries for 2.5 s to listen where it cannot, and then gives up.
constexpr microseconds kTriesToListen = std::chrono::seconds(5);
constexpr std::int64_t kErrorLines = 200;

// What nginx calls its process: "nginx: worker process is shutting down". Its title is followed by
// what was left of the arguments.
std::string TitleOf(pid_t pid) {
  const auto arguments = ArgumentsOf(pid);
  return arguments.empty() ? "" : arguments.front();
}

// The configuration that the master was started with, from its title; empty: the default.
std::string StartedWith(const std::string& title) {
  std::istringstream words(title);
  std::string word, configuration;
  while (words >> word) {
    if (word == "-c") words >> configuration;
  }
  return configuration;
}

std::int64_t SizeOf(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 ? info.st_size : 0;
}

}  // namespace

Value PidsOf(const std::set<Identity>& processes) {
  Value::List pids;
  for (const Identity& process : processes) pids.emplace_back(std::int64_t{process.pid});
  return pids;
}

Result<Nginx> Nginx::Of(const Value& resource, const Policy& policy) {
  Nginx nginx;
  nginx.configuration_ = resource.StringOr("configuration", "");
  nginx.pid_file_ = resource.StringOr("pid_file", "");
  nginx.error_log_ = resource.StringOr("error_log", "");
  const std::string prefix = resource.StringOr("prefix", "");
  for (const std::string& path :
       {nginx.configuration_, nginx.pid_file_, nginx.error_log_, prefix}) {
    if (path.empty() && path == prefix) continue;
    if (auto allowed = policy.AllowPath(path); !allowed) {
      return std::move(allowed).error().In("nginx");
    }
  }
  // Its errors go to standard error and not to the error log, where they would be taken for those
  // of the running one.
  nginx.test_.arguments = {
      resource.StringOr("binary", "nginx"), "-t", "-q", "-e", "stderr", "-c", nginx.configuration_};
  if (!prefix.empty()) {
    nginx.test_.arguments.insert(nginx.test_.arguments.end(), {"-p", prefix});
  }
  return nginx;
}

Result<Identity> Nginx::Master() const {
  const auto text = ReadFile(pid_file_, 4096);
  if (!text && text.error().code != Code::kNotFound) return text.error();
  pid_t pid = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), pid);
  const auto master = pid > 0 ? IdentityOf(pid) : std::nullopt;
  if (!master) {
    return FailedPrecondition("nginx does not run: its pid file " + pid_file_ +
                              (text ? " names no living process" : " is not there") +
                              ". Nothing was changed; start nginx, or correct the target");
  }
  const std::string title = TitleOf(pid);
  if (!title.starts_with("nginx: master process")) {
    return FailedPrecondition("the pid file " + pid_file_ + " names the process " + Describe(pid) +
                              ", which is no master of nginx. Nothing was changed");
  }
  if (const std::string other = StartedWith(title); !other.empty() && other != configuration_) {
    return FailedPrecondition("the nginx that runs (pid " + std::to_string(pid) +
                              ") was started with " + other + " and not with " + configuration_ +
                              ". Nothing was changed; correct the target");
  }
  return *master;
}

std::set<Identity> Nginx::Serving(const Identity& master) const {
  std::set<Identity> workers;
  std::error_code failed;
  for (auto entry = std::filesystem::directory_iterator("/proc", failed);
       !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
    const pid_t pid = std::atoi(entry->path().filename().c_str());
    const auto stat = ReadProcStat(pid);
    if (!stat || stat->ended() || stat->parent != master.pid) continue;
    const std::string title = TitleOf(pid);
    if (title.starts_with("nginx: worker process") && title.find("shutting down") == title.npos) {
      workers.insert({pid, stat->start_time});
    }
  }
  return workers;
}

Result<void> Nginx::Test(const Context& context) const {
  auto tested = RunTool(test_, context, true);
  if (!tested) return std::move(tested).error().In("test the configuration of nginx");
  if (tested->exit_code == 0 && tested->signal == 0) return {};
  return FailedPrecondition("nginx refuses its configuration: " + SaidBy(*tested));
}

Result<Nginx::Reloaded> Nginx::Reload(const Context& context, microseconds within) const {
  const auto master = Master();
  if (!master) return master.error();
  const Reloaded before{Serving(*master), {}};
  const std::int64_t log_begin = SizeOf(error_log_);
  auto pidfd = Watch(*master);
  if (!pidfd) return std::move(pidfd).error();
  if (auto sent = SendSignal(*pidfd, SIGHUP, *master); !sent) return std::move(sent).error();
  RECOURSE_FAIL_POINT("nginx_after_hup");

  Reloaded after = before;
  std::string complaint;
  const auto begin = steady_clock::now();
  auto done = AwaitTrue(context, within, [&]() -> Result<bool> {
    if (IdentityOf(master->pid) != *master) {
      return Unavailable("the master of nginx (pid " + std::to_string(master->pid) +
                         ") has ended when it was told to reload; nginx serves no more");
    }
    after.new_workers = Serving(*master);
    const bool old_serves =
        std::any_of(before.old_workers.begin(), before.old_workers.end(),
                    [&](const Identity& worker) { return after.new_workers.contains(worker); });
    if (!after.new_workers.empty() && !old_serves) return true;
    if (auto lines = LinesOfFile(error_log_, log_begin, kErrorLines)) {
      for (const Value& line : lines->lines) {
        if (line.as_string().find("[emerg]") != std::string::npos) complaint = line.as_string();
      }
    }
    const bool gave_up = !complaint.empty() && steady_clock::now() - begin > kTriesToListen;
    if (complaint.find("still could not bind") == std::string::npos && !gave_up) return false;
    return Unavailable("nginx could not reload, and its old workers serve on: " + complaint);
  });
  if (!done) return std::move(done).error();
  if (*done) return after;
  return Unavailable("nginx was told to reload, and " + FormatDuration(within) +
                     " later its old workers still serve; " +
                     (complaint.empty() ? "its error log " + error_log_ + " says nothing of it"
                                        : "its error log says: " + complaint));
}

}  // namespace recourse::service
