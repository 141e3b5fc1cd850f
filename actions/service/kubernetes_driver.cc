// kind `kubernetes`: a deployment or stateful set, through kubectl. Stopping is to scale it to 0;
// how many replicas there were stands in an annotation of the workload too, so that a start knows
// it.
#include <algorithm>
#include <vector>

#include "actions/service/log_lines.h"
#include "actions/service/managed_driver.h"
#include "actions/service/tool.h"
#include "engine/base/digest.h"
#include "engine/base/fail_point.h"
#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::service {
namespace {

constexpr const char* kReplicasBefore = "recourse/replicas-before-stop";
constexpr const char* kRestartedFor = "recourse/restarted-for";

struct WorkloadSettings {
  std::string workload;       // deployment/app
  std::int64_t replicas = 0;  // to start with when nobody remembers; 0: not said
  process::Program kubectl;   // what all of its calls have in common
};

Error KubectlError(const process::Finished& finished) {
  const std::string said = SaidBy(finished);
  const auto says = [&](std::string_view text) { return said.find(text) != std::string::npos; };
  if (says("(NotFound)")) return NotFound(said);
  if (says("(Forbidden)") || says("(Unauthorized)") || says("must be logged in")) {
    return {Code::kPermissionDenied, said};
  }
  if (says("(Conflict)")) return Aborted(said);
  if (says("Unable to connect") || says("was refused") || says("(ServiceUnavailable)") ||
      says("(Timeout)") || says("context deadline exceeded")) {
    return Unavailable("the cluster does not answer: " + said);
  }
  return Internal(said);
}

// What selects the workload's pods, as --selector takes it.
Result<std::string> SelectorOf(const Value& workload) {
  const Value& selector = workload["spec"]["selector"];
  std::string text;
  for (const auto& [label, value] :
       selector["matchLabels"].is_map() ? selector["matchLabels"].as_map() : Value::Map()) {
    text += (text.empty() ? "" : ",") + label.as_string() + "=" + value.as_string();
  }
  if (!text.empty() && selector["matchExpressions"].is_null()) return text;
  return Error{Code::kUnimplemented,
               "its pods are selected by more than labels (matchExpressions); nothing was changed"};
}

bool IsEnding(const Value& pod) { return pod["metadata"].Find("deletionTimestamp") != nullptr; }

const Value::List& ContainersOf(const Value& pod) {
  static const Value::List none;
  const Value& statuses = pod["status"]["containerStatuses"];
  return statuses.is_list() ? statuses.as_list() : none;
}

// Why a container of a pod that should run is down, and tried again: "CrashLoopBackOff". The pods
// that a restart is about to replace do not count.
std::string TroubleOf(const Value& workload, const Value::List& pods) {
  const auto mark_of = [](const Value& metadata) {
    return metadata["annotations"].StringOr(kRestartedFor, "");
  };
  const std::string mark = mark_of(workload["spec"]["template"]["metadata"]);
  for (const Value& pod : pods) {
    if (IsEnding(pod) || mark_of(pod["metadata"]) != mark) continue;
    for (const Value& container : ContainersOf(pod)) {
      const std::string reason = container["state"]["waiting"].StringOr("reason", "");
      if (reason.ends_with("BackOff") || reason.find("Err") != std::string::npos) return reason;
    }
  }
  return "";
}

std::int64_t RestartsOf(const Value::List& pods) {
  std::int64_t restarts = 0;
  for (const Value& pod : pods) {
    for (const Value& container : ContainersOf(pod)) restarts += container.IntOr("restartCount", 0);
  }
  return restarts;
}

// Which pods run, and how often their containers were started: short, however many there are.
std::string InstanceOfPods(const Value::List& pods) {
  std::vector<std::string> parts;
  for (const Value& pod : pods) {
    if (IsEnding(pod)) continue;
    parts.push_back(pod["metadata"].StringOr("uid", "") + "/" + std::to_string(RestartsOf({pod})));
  }
  if (parts.empty()) return "";
  std::sort(parts.begin(), parts.end());
  std::string all;
  for (const std::string& part : parts) all += part + "\n";
  return ToHex(Sha256Of(all)).substr(0, 16);
}

class KubernetesDriver final : public ManagedDriver {
 public:
  KubernetesDriver(Managed managed, WorkloadSettings settings)
      : ManagedDriver(std::move(managed)), settings_(std::move(settings)) {}

  Result<State> Look(const Context& context) const override {
    auto workload = Get(context);
    if (!workload) return std::move(workload).error();
    auto pods = PodsOf(context, *workload);
    if (!pods) return std::move(pods).error();
    return StateOf(*workload, *pods);
  }

  Result<void> CheckStart(const Context& context) const override {
    auto workload = Get(context);
    if (!workload) return std::move(workload).error();
    auto replicas = ReplicasToStart(*workload, {});
    if (!replicas) return std::move(replicas).error();
    return {};
  }

  // As `kubectl rollout restart` does it, by a mark in the template; but the mark is the attempt's
  // key, so that an attempt that is tried again after a crash restarts once.
  Outcome Restart(const Context& context, bool) const override {
    auto workload = Get(context);
    if (!workload) return std::move(workload).error();
    const Value& spec = (*workload)["spec"];
    if (spec.IntOr("replicas", 1) == 0) return Start(context, context.undo["memory"]);
    if (spec.BoolOr("paused", false)) {
      return FailedPrecondition("the rollout of " + settings_.workload + " is paused, so that no " +
                                "pod would be replaced. Nothing was changed. Find out why; " +
                                "`kubectl rollout resume` lets it go on");
    }
    const Value mark = Value::Object({{kRestartedFor, context.key}});
    const Value patch = Value::Object(
        {{"spec", Value::Object(
                      {{"template",
                        Value::Object({{"metadata", Value::Object({{"annotations", mark}})}})}})}});
    if (auto patched = Patch(context, patch); !patched) {
      return Failure{std::move(patched).error(), {}, LeftBehind::kUnknown};
    }
    RECOURSE_FAIL_POINT("service_after_told_restart");
    return AwaitSettled(context, true);
  }

  Result<LogLines> Logs(const Context& context, const LogQuery& query) const override {
    auto workload = Get(context);
    if (!workload) return std::move(workload).error();
    auto selector = SelectorOf(*workload);
    if (!selector) return std::move(selector).error();
    // One more than wanted tells whether there are more.
    std::vector<std::string> words = {"logs",
                                      "--selector=" + *selector,
                                      "--prefix",
                                      "--all-containers",
                                      "--max-log-requests=50",
                                      "--tail=" + std::to_string(query.lines + 1)};
    if (query.since) words.push_back("--since=" + std::to_string(query.since->count()) + "s");
    auto text = Kubectl(context, std::move(words), true);
    if (!text) return std::move(text).error();
    return LinesOf(*text, query.lines, "the pods of " + settings_.workload);
  }

 private:
  Result<std::string> Kubectl(const Context& context, std::vector<std::string> words,
                              bool quiet) const {
    process::Program program = settings_.kubectl;
    program.arguments.insert(program.arguments.end(), words.begin(), words.end());
    auto finished = RunTool(program, context, quiet);
    if (!finished) return std::move(finished).error();
    const std::string doing = "kubectl " + words.front() + " " + settings_.workload;
    if (finished->exit_code != 0 || finished->signal != 0) return KubectlError(*finished).In(doing);
    if (!finished->output.cut) return std::move(finished->output.text);
    return Error{Code::kResourceExhausted, doing + " has said more than 4 MiB"};
  }

  Result<Value> KubectlJson(const Context& context, std::vector<std::string> words) const {
    words.emplace_back("--output=json");
    auto text = Kubectl(context, std::move(words), true);
    if (!text) return std::move(text).error();
    auto value = ParseJson(*text);
    if (!value) return std::move(value).error().In("what kubectl has said");
    return value;
  }

  Result<Value> Get(const Context& context) const {
    return KubectlJson(context, {"get", settings_.workload});
  }

  Result<Value::List> PodsOf(const Context& context, const Value& workload) const {
    auto selector = SelectorOf(workload);
    if (!selector) return std::move(selector).error().In(settings_.workload);
    auto pods = KubectlJson(context, {"get", "pods", "--selector=" + *selector});
    if (!pods) return std::move(pods).error();
    return (*pods)["items"].is_list() ? (*pods)["items"].as_list() : Value::List();
  }

  Result<void> Patch(const Context& context, const Value& patch) const {
    auto patched = Kubectl(
        context, {"patch", settings_.workload, "--type=merge", "--patch=" + ToJson(patch)}, false);
    if (!patched) return std::move(patched).error();
    return {};
  }

  static State StateOf(const Value& workload, const Value::List& pods) {
    const std::int64_t wanted = workload["spec"].IntOr("replicas", 1);
    const Value& status = workload["status"];
    const std::int64_t ready = status.IntOr("readyReplicas", 0);
    const std::string trouble = TroubleOf(workload, pods);
    const bool is_told =
        status.IntOr("observedGeneration", 0) >= workload["metadata"].IntOr("generation", 0);
    const bool is_done = is_told && ready == wanted && status.IntOr("replicas", 0) == wanted &&
                         status.IntOr("updatedReplicas", 0) == wanted;
    State state;
    state.running = !pods.empty();
    state.instance = InstanceOfPods(pods);
    state.restarts = RestartsOf(pods);
    state.word = std::to_string(ready) + " of " + std::to_string(wanted) + " ready";
    if (!trouble.empty()) state.word += ", " + trouble;
    if (wanted > 0) {
      state.memory = Value::Object({{"replicas", wanted}});
      state.phase = !trouble.empty() ? Phase::kRestarting
                    : is_done        ? Phase::kRunning
                                     : Phase::kStarting;
    } else {
      state.phase = pods.empty() ? Phase::kStopped : Phase::kStopping;
      state.word = "scaled to 0";
      if (!pods.empty()) state.word += ", " + std::to_string(pods.size()) + " pods still there";
    }
    return state;
  }

  // How many replicas a start makes of a workload that has none.
  Result<std::int64_t> ReplicasToStart(const Value& workload, const Value& memory) const {
    if (const std::int64_t count = memory.IntOr("replicas", 0); count > 0) return count;
    if (const std::int64_t count = workload["spec"].IntOr("replicas", 1); count > 0) return count;
    const std::string before = workload["metadata"]["annotations"].StringOr(kReplicasBefore, "");
    if (const std::int64_t count = std::atoll(before.c_str()); count > 0) return count;
    if (settings_.replicas > 0) return settings_.replicas;
    return FailedPrecondition("how many replicas " + settings_.workload + " is to have is not " +
                              "known: it has 0, and was not stopped by this server. Nothing was " +
                              "changed. Write `replicas` into the target's service");
  }

  Result<void> TellStart(const Context& context, const Value& memory) const override {
    auto workload = Get(context);
    if (!workload) return std::move(workload).error();
    auto replicas = ReplicasToStart(*workload, memory);
    if (!replicas) return std::move(replicas).error();
    if ((*workload)["spec"].IntOr("replicas", 1) == *replicas) return {};
    const Value forgotten = Value::Object({{kReplicasBefore, nullptr}});
    return Patch(context, Value::Object({{"metadata", Value::Object({{"annotations", forgotten}})},
                                         {"spec", Value::Object({{"replicas", *replicas}})}}));
  }

  Result<void> TellStop(const Context& context) const override {
    auto workload = Get(context);
    if (!workload) return std::move(workload).error();
    const std::int64_t replicas = (*workload)["spec"].IntOr("replicas", 1);
    if (replicas == 0) return {};
    const Value before = Value::Object({{kReplicasBefore, std::to_string(replicas)}});
    return Patch(context, Value::Object({{"metadata", Value::Object({{"annotations", before}})},
                                         {"spec", Value::Object({{"replicas", 0}})}}));
  }

  Result<void> TellKill(const Context&) const override {
    return FailedPrecondition("the pods of " + settings_.workload + " are not killed by force: " +
                              "whether they have ended could then not be told. Look at their " +
                              "nodes (kubectl describe pods)");
  }

  Result<void> TellReload(const Context&) const override {
    return FailedPrecondition(settings_.workload + " has no way to reload; nothing was done. " +
                              "service.restart replaces its pods one by one");
  }

  const WorkloadSettings settings_;
};

}  // namespace

Result<std::unique_ptr<Driver>> MakeKubernetesDriver(const Value& service, const Policy& policy) {
  auto managed = ManagedOf(service, "the cluster", std::chrono::seconds(90));
  if (!managed) return std::move(managed).error();
  const std::string kubeconfig = service.StringOr("kubeconfig", "");
  if (auto allowed = policy.AllowPath(kubeconfig); !allowed) {
    return std::move(allowed).error().In("service " + managed->name);
  }
  WorkloadSettings settings;
  settings.workload = service.StringOr("workload", "");
  if (!settings.workload.starts_with("deployment/") &&
      !settings.workload.starts_with("statefulset/")) {
    return InvalidArgument("service " + managed->name + ": workload: expected deployment/NAME or " +
                           "statefulset/NAME, found " + settings.workload);
  }
  settings.replicas = service.IntOr("replicas", 0);
  settings.kubectl.arguments = {service.StringOr("kubectl", "kubectl"),
                                "--kubeconfig=" + kubeconfig,
                                "--namespace=" + service.StringOr("namespace", ""),
                                "--request-timeout=20s", "--cache-dir=/dev/null"};
  if (const std::string name = service.StringOr("context", ""); !name.empty()) {
    settings.kubectl.arguments.push_back("--context=" + name);
  }
  settings.kubectl.environment = process::ProgramOf(service, "kubectl").environment;
  return std::unique_ptr<Driver>(
      std::make_unique<KubernetesDriver>(*std::move(managed), std::move(settings)));
}

}  // namespace recourse::service
