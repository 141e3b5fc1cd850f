#include "actions/service/service.h"

#include <utility>

#include "actions/inputs.h"
#include "actions/service/driver.h"

namespace recourse {
namespace service {

Value OutputOf(const std::string& name, const State& state, bool changed) {
  return Value::Object({{"name", name},
                        {"running", state.running},
                        {"pid", state.pid},
                        {"instance", state.instance},
                        {"changed", changed}});
}

Result<std::unique_ptr<Driver>> DriverFor(const Value& resource, const Policy& policy) {
  const std::string kind = resource.StringOr("kind", "");
  if (kind == "process") return MakeProcessDriver(resource, policy);
  return InvalidArgument("service " + resource.StringOr("name", "") + ": its kind \"" + kind +
                         "\" is not known; known is: process");
}

}  // namespace service

namespace {

using service::Driver;
using service::DriverFor;
using service::State;

constexpr std::string_view kServiceSchema = R"({
  "type": "object", "additionalProperties": false,
  "required": ["name", "kind", "pid_file", "command"],
  "description": "a service resource of a target",
  "properties": {
    "name": {"type": "string", "minLength": 1},
    "kind": {"type": "string", "enum": ["process"]},
    "pid_file": {"type": "string",
      "description": "`PID START_TIME`; a bare PID counts while that process runs the command"},
    "command": {"type": "array", "items": {"type": "string"},
      "description": "program, which must stay in the foreground, and arguments; no shell"},
    "log": {"type": "string", "description": "the file that its output is appended to"},
    "working_directory": {"type": "string", "default": "/"},
    "environment": {"type": "object", "additionalProperties": {"type": "string"},
      "description": "all of its environment: nothing is inherited"},
    "user": {"type": "string", "minLength": 1,
      "description": "whom it is started as, by name or number; default: the server's user"},
    "group": {"type": "string", "minLength": 1, "description": "default: the user's own group"},
    "settle": {"type": "string", "default": "1s",
      "description": "it counts as started when it has run this long"},
    "stop_timeout": {"type": "string", "default": "10s",
      "description": "how long to wait for its end after TERM"}
  }
})";

constexpr std::string_view kOutputSchema = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "name": {"type": "string"},
    "running": {"type": "boolean"},
    "pid": {"type": "integer", "description": "of its main process; 0 when it does not run"},
    "instance": {"type": "string",
      "description": "differs between any two starts; empty when it does not run"},
    "changed": {"type": "boolean", "description": "false when the service was as wanted already"}
  }
})";

std::string WithService(std::string_view more) {
  return R"({"type": "object", "additionalProperties": false, "required": ["service"],
             "properties": {"service": )" +
         std::string(kServiceSchema) + std::string(more) + "}}";
}

constexpr std::string_view kKillSchema = R"(, "kill": {"type": "boolean", "default": false,
    "description": "end it by force when it has not stopped within its stop_timeout"})";

Result<std::unique_ptr<Driver>> DriverOf(const Context& context) {
  return DriverFor(context.inputs["service"], context.policy);
}

std::string NameOf(const Context& context) {
  return context.inputs["service"].StringOr("name", "");
}

class Status final : public Action {
 public:
  Status() {
    spec_.name = "service.status";
    spec_.summary = "Tell whether a service runs";
    spec_.inputs = Schema(WithService(""));
    spec_.output = Schema(kOutputSchema);
    spec_.repeat = RepeatClass::kReadOnly;
    spec_.timeout = std::chrono::seconds(30);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    auto driver = DriverOf(context);
    if (!driver) return std::move(driver).error();
    auto state = (*driver)->Look();
    if (!state) return std::move(state).error();
    return service::OutputOf(NameOf(context), *state, false);
  }

 private:
  ActionSpec spec_;
};

// What the three that change a service share: the undo record is the state before, and compensating
// is to bring the service to it.
class Change : public Action {
 public:
  const ActionSpec& Spec() const final { return spec_; }

  Result<ActionPlan> Plan(const Context& context) const final {
    auto driver = DriverOf(context);
    if (!driver) return std::move(driver).error();
    auto state = (*driver)->Look();
    if (!state) return std::move(state).error();
    const std::string now =
        state->running ? "runs, pid " + std::to_string(state->pid) : "does not run";
    return ActionPlan{{verb_ + " the service " + NameOf(context) + " (it " + now + ")"}, 0, {}};
  }

  Outcome Prepare(const Context& context) const final {
    auto driver = DriverOf(context);
    if (!driver) return std::move(driver).error();
    auto state = (*driver)->Look();
    if (!state) return std::move(state).error();
    const Value undo = Value::Object({{"running", state->running}, {"instance", state->instance}});
    if (auto same = (*driver)->CheckUser(); !same && verb_ != "start") {
      return std::move(same).error();
    }
    auto possible = (*driver)->CheckStart(context);
    if (possible) return undo;
    if (verb_ != "stop") return std::move(possible).error();
    // What does harm must be stopped, also when nobody can start it again.
    if (!state->running) return undo;
    context.log("the service " + NameOf(context) + " is stopped although it could not be started " +
                "again: " + possible.error().ToString());
    return undo.With("restartable", false);
  }

  Outcome Apply(const Context& context) const final {
    auto driver = DriverOf(context);
    if (!driver) return std::move(driver).error();
    return ApplyTo(context, **driver);
  }

  Outcome Compensate(const Context& context, const Value& output) const final {
    auto driver = DriverOf(context);
    if (!driver) return std::move(driver).error();
    if (!context.undo.BoolOr("running", false)) return (*driver)->Stop(context, false);
    if (output.is_null() && verb_ != "start") {
      if (auto ended = AwaitPendingEnd(context, **driver); !ended) {
        return Failure{std::move(ended).error(), {}, LeftBehind::kPartial};
      }
    }
    Outcome started = (*driver)->Start(context);
    if (started || context.undo.BoolOr("restartable", true)) return started;
    Failure failure = started.failure();
    failure.left = LeftBehind::kPartial;
    failure.error =
        std::move(failure.error)
            .In("the service " + NameOf(context) +
                " was stopped although it could not be started again, and it still " + "cannot");
    return failure;
  }

 protected:
  Change(std::string verb, std::string summary, std::string_view more_inputs)
      : verb_(std::move(verb)) {
    spec_.name = "service." + verb_;
    spec_.summary = std::move(summary);
    spec_.inputs = Schema(WithService(more_inputs));
    spec_.output = Schema(kOutputSchema);
    spec_.repeat = RepeatClass::kIdempotent;
    spec_.has_plan = true;
    spec_.has_prepare = true;
    spec_.can_compensate = true;
    spec_.timeout = std::chrono::minutes(2);
  }

 private:
  virtual Outcome ApplyTo(const Context& context, const Driver& driver) const = 0;

  // A stop that failed may have sent TERM. The instance that it was sent to may still be shutting
  // down: it looks as if it ran, and will be gone a moment after the rollback has counted on it.
  Result<void> AwaitPendingEnd(const Context& context, const Driver& driver) const {
    const auto state = driver.Look();
    if (!state) return state.error();
    if (!state->running || state->instance != context.undo.StringOr("instance", "")) return {};
    const auto ended = driver.AwaitEnd(context);
    if (!ended) return ended.error();
    if (*ended) return {};
    return Error{
        Code::kDeadlineExceeded,
        "the service " + NameOf(context) + " (pid " + std::to_string(state->pid) +
            ") still runs, and the stop that is undone may have told it to end: whether " +
            "it will run on cannot be told. Nothing was changed. Look whether it serves; " +
            "when it does, skip this step, else end it and retry"};
  }

  std::string verb_;
  ActionSpec spec_;
};

class Start final : public Change {
 public:
  Start() : Change("start", "Start a service and wait until it has settled", "") {}

 private:
  Outcome ApplyTo(const Context& context, const Driver& driver) const override {
    return driver.Start(context);
  }
};

class Stop final : public Change {
 public:
  Stop() : Change("stop", "Stop a service and wait until it has ended", kKillSchema) {}

 private:
  Outcome ApplyTo(const Context& context, const Driver& driver) const override {
    return driver.Stop(context, context.inputs.BoolOr("kill", false));
  }
};

class Restart final : public Change {
 public:
  Restart()
      : Change("restart", "Stop a service, start it and wait until it has settled", kKillSchema) {}

 private:
  Outcome ApplyTo(const Context& context, const Driver& driver) const override {
    auto state = driver.Look();
    if (!state) return std::move(state).error();
    // Another instance than the one that Prepare saw is one that this attempt has started before a
    // crash: it is not stopped again.
    if (state->running && state->instance == context.undo.StringOr("instance", state->instance)) {
      Outcome stopped = driver.Stop(context, context.inputs.BoolOr("kill", false));
      if (!stopped) return stopped;
    }
    Outcome started = driver.Start(context);
    if (started) return started.output().With("changed", true);
    // It ran before and does not run now, whatever starting it says of itself.
    Failure failure = started.failure();
    failure.left = LeftBehind::kPartial;
    return failure;
  }
};

}  // namespace

void AddServiceActions(Registry& registry) {
  registry.Add(std::make_unique<Status>());
  registry.Add(std::make_unique<Start>());
  registry.Add(std::make_unique<Stop>());
  registry.Add(std::make_unique<Restart>());
}

}  // namespace recourse
