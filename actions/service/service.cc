#include "actions/service/service.h"

#include <utility>

#include "actions/inputs.h"
#include "actions/service/driver.h"
#include "engine/definition/resources.h"

namespace recourse {
namespace {

using service::Driver;
using service::DriverFor;
using service::Phase;

constexpr std::string_view kOutputSchema = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "name": {"type": "string"},
    "running": {"type": "boolean"},
    "pid": {"type": "integer", "description": "of its main process; 0 when it does not run"},
    "instance": {"type": "string",
      "description": "differs between any two starts; empty when it does not run"},
    "changed": {"type": "boolean", "description": "false when the service was as wanted already"},
    "state": {"type": "string",
      "description": "its manager's word for it, such as active (running); kind process has none"},
    "restarts": {"type": "integer", "minimum": 0,
      "description": "how often its manager has started it again by itself, where that is counted"}
  }
})";

constexpr std::string_view kLogOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "name": {"type": "string"},
    "source": {"type": "string", "description": "whose lines these are: a file, a journal"},
    "lines": {"type": "array", "items": {"type": "string"}, "description": "oldest first"},
    "cut": {"type": "boolean", "description": "there are older ones"}
  }
})";

// A service, and `more` beside it.
Value Inputs(std::string_view more = "{}") {
  const Value members = Schema(more);
  return Value::Object({{"type", "object"},
                        {"additionalProperties", false},
                        {"required", Value::List{"service"}},
                        {"properties", members.With("service", ServiceSchema())}});
}

constexpr std::string_view kKill = R"({"kill": {"type": "boolean", "default": false,
    "description": "end it by force when it has not stopped within its stop_timeout"}})";

constexpr std::string_view kLogInputs = R"({
    "lines": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100,
      "description": "how many of the last; at most 48 KiB are answered"},
    "since": {"type": "string",
      "description": "a duration: none older than this, where lines have times; those of files have none"}})";

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
    spec_.inputs = Inputs();
    spec_.output = Schema(kOutputSchema);
    spec_.repeat = RepeatClass::kReadOnly;
    spec_.timeout = std::chrono::seconds(30);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    auto driver = DriverOf(context);
    if (!driver) return std::move(driver).error();
    auto state = (*driver)->Look(context);
    if (!state) return std::move(state).error();
    return service::OutputOf(NameOf(context), *state, false);
  }

 private:
  ActionSpec spec_;
};

// What the three that change a service share: the undo record is the state before, and compensating
// is to bring the service to it.
class ServiceChange : public Action {
 public:
  const ActionSpec& Spec() const final { return spec_; }

  Result<ActionPlan> Plan(const Context& context) const final {
    auto driver = DriverOf(context);
    if (!driver) return std::move(driver).error();
    auto state = (*driver)->Look(context);
    if (!state) return std::move(state).error();
    std::string now = state->running ? "runs, pid " + std::to_string(state->pid) : "does not run";
    if (!state->word.empty()) now += ": " + state->word;
    return ActionPlan{{verb_ + " the service " + NameOf(context) + " (it " + now + ")"}, 0, {}};
  }

  Outcome Prepare(const Context& context) const final {
    auto driver = DriverOf(context);
    if (!driver) return std::move(driver).error();
    auto state = (*driver)->Look(context);
    if (!state) return std::move(state).error();
    // Without a process for the moment: its manager starts it again by itself, or is about to start
    // it. Left alone, it would run.
    const bool again =
        state->phase == Phase::kRestarting || (state->phase == Phase::kStarting && !state->running);
    const bool runs = state->running || again;
    Value undo = Value::Object({{"running", runs}, {"instance", state->instance}});
    if (again || state->phase == Phase::kPartly) undo = undo.With("unsettled", true);
    if (!state->memory.is_null()) undo = undo.With("memory", state->memory);
    if (auto same = (*driver)->CheckUser(); !same && verb_ != "start") {
      return std::move(same).error();
    }
    auto possible = (*driver)->CheckStart(context);
    if (possible) return undo;
    if (verb_ != "stop") return std::move(possible).error();
    // What does harm must be stopped, also when nobody can start it again.
    if (!runs) return undo;
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
    Outcome started = (*driver)->Start(context, context.undo["memory"]);
    return started ? started : NotStartedAgain(context, started.failure());
  }

 protected:
  ServiceChange(std::string verb, std::string summary, std::string_view more_inputs)
      : verb_(std::move(verb)) {
    spec_.name = "service." + verb_;
    spec_.summary = std::move(summary);
    spec_.inputs = Inputs(more_inputs);
    spec_.output = Schema(kOutputSchema);
    spec_.repeat = RepeatClass::kIdempotent;
    spec_.has_plan = true;
    spec_.has_prepare = true;
    spec_.can_compensate = true;
    spec_.timeout = std::chrono::minutes(2);
  }

 private:
  virtual Outcome ApplyTo(const Context& context, const Driver& driver) const = 0;

  // What is as it was, however bad, is put back.
  Outcome NotStartedAgain(const Context& context, Failure failure) const {
    if (context.undo.BoolOr("unsettled", false) && failure.error.code == Code::kUnavailable) {
      context.log("the service " + NameOf(context) +
                  " does not keep running, as before: " + failure.error.message);
      return Value();
    }
    if (context.undo.BoolOr("restartable", true)) return failure;
    failure.left = LeftBehind::kPartial;
    failure.error =
        std::move(failure.error)
            .In("the service " + NameOf(context) +
                " was stopped although it could not be started again, and it still " + "cannot");
    return failure;
  }

  // A stop that failed may have sent TERM. The instance that it was sent to may still be shutting
  // down: it looks as if it ran, and will be gone a moment after the rollback has counted on it.
  Result<void> AwaitPendingEnd(const Context& context, const Driver& driver) const {
    const auto state = driver.Look(context);
    if (!state) return state.error();
    if (!state->running || state->instance != context.undo.StringOr("instance", "")) return {};
    const auto known = driver.AwaitPendingStop(context);
    if (!known) return known.error();
    if (*known) return {};
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

class Start final : public ServiceChange {
 public:
  Start() : ServiceChange("start", "Start a service and wait until it has settled", "{}") {}

 private:
  Outcome ApplyTo(const Context& context, const Driver& driver) const override {
    return driver.Start(context, {});
  }
};

class Stop final : public ServiceChange {
 public:
  Stop() : ServiceChange("stop", "Stop a service and wait until it has ended", kKill) {}

 private:
  Outcome ApplyTo(const Context& context, const Driver& driver) const override {
    return driver.Stop(context, context.inputs.BoolOr("kill", false));
  }
};

class Restart final : public ServiceChange {
 public:
  Restart()
      : ServiceChange("restart", "Stop a service, start it and wait until it has settled", kKill) {}

 private:
  Outcome ApplyTo(const Context& context, const Driver& driver) const override {
    return driver.Restart(context, context.inputs.BoolOr("kill", false));
  }
};

class Reload final : public Action {
 public:
  Reload() {
    spec_.name = "service.reload";
    spec_.summary = "Make a service read its configuration again, with no restart";
    spec_.inputs = Inputs();
    spec_.output = Schema(kOutputSchema);
    spec_.repeat = RepeatClass::kIdempotent;
    spec_.has_plan = true;
    spec_.without_compensation =
        "a service reads its files as they are: put them back, and reload once more";
    spec_.timeout = std::chrono::minutes(2);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Result<ActionPlan> Plan(const Context& context) const override {
    ActionPlan plan{
        {"make the service " + NameOf(context) + " read its configuration again"}, 0, {}};
    const auto driver = DriverOf(context);
    if (!driver) return driver.error();
    for (std::string& line : (*driver)->ReloadHarm(context)) plan.lines.push_back(std::move(line));
    return plan;
  }

  Outcome Apply(const Context& context) const override {
    auto driver = DriverOf(context);
    if (!driver) return std::move(driver).error();
    return (*driver)->Reload(context);
  }

 private:
  ActionSpec spec_;
};

class Logs final : public Action {
 public:
  Logs() {
    spec_.name = "service.logs";
    spec_.summary = "Read the last lines that a service has written";
    spec_.inputs = Inputs(kLogInputs);
    spec_.output = Schema(kLogOutput);
    spec_.repeat = RepeatClass::kReadOnly;
    spec_.timeout = std::chrono::minutes(1);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    auto driver = DriverOf(context);
    if (!driver) return std::move(driver).error();
    service::LogQuery query{context.inputs.IntOr("lines", 100), std::nullopt};
    if (context.inputs.Find("since") != nullptr) {
      auto since = DurationInput(context.inputs, "since", {});
      if (!since) return std::move(since).error();
      query.since = std::chrono::ceil<std::chrono::seconds>(*since);
    }
    auto logs = (*driver)->Logs(context, query);
    if (!logs) return std::move(logs).error().In("read the log of " + NameOf(context));
    return Value::Object({{"name", NameOf(context)},
                          {"source", logs->source},
                          {"lines", logs->lines},
                          {"cut", logs->cut}});
  }

 private:
  ActionSpec spec_;
};

}  // namespace

void AddServiceActions(Registry& registry) {
  registry.Add(std::make_unique<Status>());
  registry.Add(std::make_unique<Start>());
  registry.Add(std::make_unique<Stop>());
  registry.Add(std::make_unique<Restart>());
  registry.Add(std::make_unique<Reload>());
  registry.Add(std::make_unique<Logs>());
  AddNginxReload(registry);
}

}  // namespace recourse
