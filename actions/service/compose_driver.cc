// kind `compose`: the containers of a service of a compose project, through the Docker API.
#include <algorithm>

#include "actions/service/docker_api.h"
#include "actions/service/identity.h"
#include "actions/service/log_lines.h"
#include "actions/service/managed_driver.h"
#include "engine/base/text.h"

namespace recourse::service {
namespace {

using Containers = std::vector<Container>;

std::string WordOf(const Container& container) {
  const Value& state = container.state;
  std::string word = state.StringOr("Status", "unknown");
  if (word == "stopped") word = "exited";  // podman's, until it has cleaned up after it
  if (word == "exited") word += " (" + std::to_string(state.IntOr("ExitCode", 0)) + ")";
  if (state.BoolOr("OOMKilled", false)) word += ", out of memory";
  if (const std::string health = state["Health"].StringOr("Status", "");
      container.running() && !health.empty() && health != "none") {
    word += ", " + health;
  }
  if (const std::string error = state.StringOr("Error", ""); !error.empty()) word += ", " + error;
  return word;
}

// A container with a health check counts as started when it is healthy.
Phase PhaseOfOne(const Container& container) {
  const Value& state = container.state;
  if (container.restarting()) return Phase::kRestarting;
  if (!container.running()) return Phase::kStopped;
  const std::string health = state["Health"].StringOr("Status", "");
  const bool is_ready = health.empty() || health == "none" || health == "healthy";
  return is_ready && !state.BoolOr("Paused", false) ? Phase::kRunning : Phase::kStarting;
}

Phase PhaseOfAll(const Containers& containers) {
  Phase all = PhaseOfOne(containers.front());
  for (const Container& container : containers) {
    const Phase one = PhaseOfOne(container);
    if (one == Phase::kRestarting) return one;
    if (one == all) continue;
    const bool one_is_down = one == Phase::kStopped || all == Phase::kStopped;
    all = one_is_down ? Phase::kPartly : Phase::kStarting;
    if (one_is_down) return all;
  }
  return all;
}

// Whether that process is one of the container: the engine names its control group after it. The
// number alone says little: this server, or the engine, may live in a container or machine of its
// own.
bool IsOf(pid_t pid, const Container& container) {
  const auto groups = ReadFile("/proc/" + std::to_string(pid) + "/cgroup", 1 << 20);
  return groups && !container.id.empty() && groups->find(container.id) != std::string::npos;
}

// Sends to the container's main process, past the engine. False: that is not for this server to do.
// With signal 0 nothing is sent.
bool SignalMain(const Container& container, int signal) {
  const auto process = IdentityOf(static_cast<pid_t>(container.state.IntOr("Pid", 0)));
  if (!process || !IsOf(process->pid, container)) return false;
  const auto pidfd = Watch(*process);
  return pidfd && pidfd->valid() && SendSignal(*pidfd, signal, *process);
}

class ComposeDriver final : public ManagedDriver {
 public:
  ComposeDriver(Managed managed, std::string socket, std::string project, std::string service,
                std::string reload_signal)
      : ManagedDriver(std::move(managed)),
        api_(std::move(socket)),
        project_(std::move(project)),
        service_(std::move(service)),
        reload_signal_(std::move(reload_signal)) {}

  Result<State> Look(const Context& context) const override {
    auto containers = Find(context);
    if (!containers) return std::move(containers).error();
    State state;
    state.phase = PhaseOfAll(*containers);
    state.restarts = 0;
    Value::List running;
    for (const Container& container : *containers) {
      state.word += (state.word.empty() ? "" : "; ") +
                    (containers->size() > 1 ? container.name + " " : "") + WordOf(container);
      state.restarts += container.restarts;
      if (!container.running()) continue;
      running.emplace_back(container.id);
      if (state.pid == 0) state.pid = container.state.IntOr("Pid", 0);
      state.instance += (state.instance.empty() ? "" : ",") + container.id.substr(0, 12) + "@" +
                        container.state.StringOr("StartedAt", "");
    }
    state.running = !running.empty();
    if (state.phase == Phase::kPartly) {
      state.memory = Value::Object({{"containers", std::move(running)}});
    }
    return state;
  }

  Result<void> CheckStart(const Context& context) const override {
    auto containers = Find(context);
    if (!containers) return std::move(containers).error();
    return RefusePaused(*containers);
  }

  std::vector<std::string> ReloadHarm(const Context& context) const override {
    std::vector<std::string> harm;
    const auto containers = Find(context);
    if (!containers) return harm;  // Reload() tells
    for (const Container& container : *containers) {
      if (!container.running() || !container.restarts_itself) continue;
      if (!SignalMain(container, 0)) harm.push_back(HarmTo(container));
    }
    return harm;
  }

  // Whether a signal was sent to it the API does not tell.
  Result<bool> AwaitPendingStop(const Context& context) const override {
    return AwaitTrue(context, managed().stop_timeout, [&]() -> Result<bool> {
      auto state = Look(context);
      if (!state) return std::move(state).error();
      return state->phase == Phase::kStopped;
    });
  }

  Result<LogLines> Logs(const Context& context, const LogQuery& query) const override {
    auto containers = Find(context);
    if (!containers) return std::move(containers).error();
    LogLines all{"the containers of " + service_ + " in " + project_, {}, false};
    const std::int64_t since =
        query.since ? ToTimestamp(context.clock.Now() - *query.since).seconds : 0;
    for (const Container& container : *containers) {
      auto lines = LogsOf(context, container, query.lines, since);
      if (!lines) return std::move(lines).error();
      if (containers->size() == 1) {
        lines->source = all.source;
        return lines;
      }
      Append(all, container.name, *lines);
    }
    return all;
  }

 private:
  Result<Containers> Find(const Context& context) const {
    return api_.Containers(context, project_, service_);
  }

  static Result<void> RefusePaused(const Containers& containers) {
    for (const Container& container : containers) {
      if (!container.state.BoolOr("Paused", false)) continue;
      return FailedPrecondition("the container " + container.name + " is paused: it takes no " +
                                "signal. Find out why; `docker unpause` lets it go on");
    }
    return {};
  }

  Result<LogLines> LogsOf(const Context& context, const Container& container, std::int64_t lines,
                          std::int64_t since) const {
    // One more than wanted tells whether there are more.
    auto text = api_.Logs(context, container, lines + 1, since);
    if (!text && text.error().code == Code::kResourceExhausted && lines > 10) {
      auto fewer = LogsOf(context, container, lines / 10, since);
      if (fewer) fewer->cut = true;
      return fewer;
    }
    if (!text) return std::move(text).error();
    return LinesOf(*text, lines, container.name);
  }

  // With a memory, those that it names and no others.
  Result<void> TellStart(const Context& context, const Value& memory) const override {
    auto containers = Find(context);
    if (!containers) return std::move(containers).error();
    if (auto paused = RefusePaused(*containers); !paused) return paused;
    const Value& wanted = memory["containers"];
    for (const Container& container : *containers) {
      const bool is_wanted =
          !wanted.is_list() || std::find(wanted.as_list().begin(), wanted.as_list().end(),
                                         Value(container.id)) != wanted.as_list().end();
      if (is_wanted == container.running()) continue;
      auto told = is_wanted ? api_.Start(context, container)
                            : api_.Signal(context, container, container.stop_signal);
      if (!told) return told;
    }
    return {};
  }

  Result<void> SignalAll(const Context& context, const std::string& signal) const {
    auto containers = Find(context);
    if (!containers) return std::move(containers).error();
    if (auto paused = RefusePaused(*containers); !paused) return paused;
    for (const Container& container : *containers) {
      if (!container.running() && !container.restarting()) continue;
      auto sent =
          container.restarting()
              ? api_.EndRestarts(context, container)
              : api_.Signal(context, container, signal.empty() ? container.stop_signal : signal);
      if (!sent) return sent;
    }
    return {};
  }

  // By the signal, and not by the API's stop, which kills after a time.
  Result<void> TellStop(const Context& context) const override { return SignalAll(context, ""); }
  Result<void> TellKill(const Context& context) const override {
    return SignalAll(context, "SIGKILL");
  }
  Result<void> TellReload(const Context& context) const override {
    if (reload_signal_.empty()) return NoReload(managed().name);
    auto containers = Find(context);
    if (!containers) return std::move(containers).error();
    if (auto paused = RefusePaused(*containers); !paused) return paused;
    const auto signal = SignalNamed(reload_signal_);
    for (const Container& container : *containers) {
      if (!container.running()) continue;
      // dockerd takes any signal that it sends itself for a stop by hand, after which it does not
      // start the container again (https://github.com/moby/moby/issues/41302).
      if (signal && SignalMain(container, *signal)) continue;
      if (container.restarts_itself) context.log(HarmTo(container));
      auto sent = api_.Signal(context, container, "SIG" + reload_signal_);
      if (!sent) return sent;
    }
    return {};
  }

  std::string HarmTo(const Container& container) const {
    return "the container engine itself sends " + reload_signal_ + " to " + container.name +
           ", whose process this server cannot signal: dockerd may then not start it again by "
           "itself when it ends, until it has been restarted once";
  }

  const DockerApi api_;
  const std::string project_;
  const std::string service_;
  const std::string reload_signal_;
};

}  // namespace

Result<std::unique_ptr<Driver>> MakeComposeDriver(const Value& service, const Policy& policy) {
  auto managed = ManagedOf(service, "the container engine", std::chrono::seconds(10));
  if (!managed) return std::move(managed).error();
  const std::string socket = service.StringOr("socket", "/var/run/docker.sock");
  if (auto allowed = policy.AllowPath(socket); !allowed) {
    return std::move(allowed).error().In("service " + managed->name);
  }
  const std::string name = service.StringOr("service", managed->name);
  return std::unique_ptr<Driver>(
      std::make_unique<ComposeDriver>(*std::move(managed), socket, service.StringOr("project", ""),
                                      name, service.StringOr("reload_signal", "")));
}

}  // namespace recourse::service
