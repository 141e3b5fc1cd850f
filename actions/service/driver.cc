#include "actions/service/driver.h"

#include <utility>

namespace recourse::service {

Value OutputOf(const std::string& name, const State& state, bool changed) {
  Value output = Value::Object({{"name", name},
                                {"running", state.running},
                                {"pid", state.pid},
                                {"instance", state.instance},
                                {"changed", changed}});
  if (!state.word.empty()) output = output.With("state", state.word);
  if (state.restarts >= 0) output = output.With("restarts", state.restarts);
  return output;
}

Error NoReload(const std::string& name) {
  return FailedPrecondition(name + " has no way to reload: nothing was sent. Write " +
                            "`reload_signal: HUP` into the target's service when its program " +
                            "reads its configuration again then, else restart it");
}

Outcome Driver::Restart(const Context& context, bool kill) const {
  auto state = Look(context);
  if (!state) return std::move(state).error();
  // Another instance than the one that Prepare saw is one that this attempt has started before a
  // crash: it is not stopped again.
  if (state->running && state->instance == context.undo.StringOr("instance", state->instance)) {
    Outcome stopped = Stop(context, kill);
    if (!stopped) return stopped;
  }
  Outcome started = Start(context, context.undo["memory"]);
  if (started) return started.output().With("changed", true);
  // It ran before and does not run now, whatever starting it says of itself.
  Failure failure = started.failure();
  failure.left = LeftBehind::kPartial;
  return failure;
}

Result<std::unique_ptr<Driver>> DriverFor(const Value& service, const Policy& policy) {
  const std::string kind = service.StringOr("kind", "");
  if (kind == "process") return MakeProcessDriver(service, policy);
  if (kind == "systemd") return MakeSystemdDriver(service, policy);
  if (kind == "supervisor") return MakeSupervisorDriver(service, policy);
  if (kind == "compose") return MakeComposeDriver(service, policy);
  if (kind == "kubernetes") return MakeKubernetesDriver(service, policy);
  return InvalidArgument("service " + service.StringOr("name", "") + ": its kind \"" + kind +
                         "\" is not known; known are: process, systemd, supervisor, compose, "
                         "kubernetes");
}

}  // namespace recourse::service
