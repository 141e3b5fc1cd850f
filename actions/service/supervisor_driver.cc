// kind `supervisor`: a process of a supervisord.
#include <chrono>

#include "actions/service/log_lines.h"
#include "actions/service/managed_driver.h"
#include "actions/service/supervisor_rpc.h"
#include "engine/base/text.h"

namespace recourse::service {
namespace {

// http://supervisord.org/subprocess.html#process-states. BACKOFF is a start that has failed and is
// tried again, until it is RUNNING or given up as FATAL.
Phase PhaseNamed(const std::string& state) {
  if (state == "RUNNING") return Phase::kRunning;
  if (state == "STARTING" || state == "BACKOFF") return Phase::kStarting;
  return state == "STOPPING" ? Phase::kStopping : Phase::kStopped;
}

class SupervisorDriver final : public ManagedDriver {
 public:
  SupervisorDriver(Managed managed, std::string socket, std::string process,
                   std::string reload_signal)
      : ManagedDriver(std::move(managed)),
        rpc_(std::move(socket)),
        process_(std::move(process)),
        reload_signal_(std::move(reload_signal)) {}

  Result<State> Look(const Context& context) const override {
    auto info = rpc_.Call(context, "getProcessInfo", {process_});
    if (!info) return std::move(info).error().In("look at " + process_);
    State state;
    state.word = info->StringOr("statename", "UNKNOWN");
    state.phase = PhaseNamed(state.word);
    state.pid = info->IntOr("pid", 0);
    state.running = state.pid != 0;
    const std::int64_t start = info->IntOr("start", 0);
    if (state.running) state.instance = std::to_string(state.pid) + "@" + std::to_string(start);
    if (state.phase == Phase::kRunning) {
      state.age = std::chrono::seconds(info->IntOr("now", 0) - start);
    }
    if (const std::string error = info->StringOr("spawnerr", ""); !error.empty()) {
      state.word += ", " + error;
    } else if (state.word == "EXITED") {
      state.word += ", exit code " + std::to_string(info->IntOr("exitstatus", 0));
    }
    return state;
  }

  Result<void> CheckStart(const Context& context) const override {
    auto state = Look(context);
    if (!state) return std::move(state).error();
    return {};
  }

  // Both of its logs, as supervisord itself reads them: that of standard error first, because it is
  // mostly the shorter one.
  Result<LogLines> Logs(const Context& context, const LogQuery& query) const override {
    const std::string source = "supervisord's logs of " + process_;
    if (query.since) return NoTimes(source);
    LogLines all{source, {}, false};
    bool has_log = false;
    for (const auto& [method, stream] : {std::pair("readProcessStderrLog", "stderr"),
                                         std::pair("readProcessStdoutLog", "stdout")}) {
      auto text = rpc_.Call(context, method, {process_, -kLogBytesMax / 2, 0}, {Fault::kNoFile});
      if (!text) return std::move(text).error();
      if (!text->is_string()) continue;
      has_log = true;
      Append(all, stream, LinesOf(text->as_string(), query.lines, source));
    }
    if (has_log) return all;
    return FailedPrecondition("supervisord keeps no log of " + process_ +
                              "; set stdout_logfile in its configuration");
  }

 private:
  Result<void> Tell(const Context& context, const std::string& method, const Value::List& arguments,
                    std::initializer_list<Fault> ignored) const {
    auto told = rpc_.Call(context, method, arguments, ignored);
    if (!told) return std::move(told).error();
    return {};
  }

  Result<void> TellStart(const Context& context, const Value&) const override {
    // A process that ends at once is a spawn error where supervisord sees it before it answers, and
    // is started again like one that it sees end later: what becomes of it is told by its state.
    return Tell(context, "startProcess", {process_, false},
                {Fault::kAlreadyStarted, Fault::kSpawnError});
  }
  Result<void> TellStop(const Context& context) const override {
    return Tell(context, "stopProcess", {process_, false}, {Fault::kNotRunning});
  }
  Result<void> TellKill(const Context& context) const override {
    return Tell(context, "signalProcess", {process_, "KILL"}, {Fault::kNotRunning});
  }
  Result<void> TellReload(const Context& context) const override {
    if (reload_signal_.empty()) return NoReload(managed().name);
    auto told = rpc_.Call(context, "signalProcess", {process_, reload_signal_});
    if (!told) return std::move(told).error();
    return {};
  }

  const SupervisorRpc rpc_;
  const std::string process_;
  const std::string reload_signal_;
};

}  // namespace

Result<std::unique_ptr<Driver>> MakeSupervisorDriver(const Value& service, const Policy& policy) {
  auto managed = ManagedOf(service, "supervisord", std::chrono::seconds(90));
  if (!managed) return std::move(managed).error();
  const std::string socket = service.StringOr("socket", "");
  if (auto allowed = policy.AllowPath(socket); !allowed) {
    return std::move(allowed).error().In("service " + managed->name);
  }
  const std::string process = service.StringOr("process", managed->name);
  return std::unique_ptr<Driver>(std::make_unique<SupervisorDriver>(
      *std::move(managed), socket, process, service.StringOr("reload_signal", "")));
}

}  // namespace recourse::service
