// What the service actions need of a kind of service manager.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actions/action.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::service {

enum class Phase {
  kStopped,
  kStarting,  // told to start, and not ready yet
  kRunning,
  kStopping,    // told to stop, and not yet ended
  kRestarting,  // has ended; its manager will start it again by itself
  kPartly,      // some of its processes run, and others do not
};

struct State {
  Phase phase = Phase::kStopped;
  bool running = false;  // a process of it lives
  std::int64_t pid = 0;  // of its main process
  std::string instance;  // differs between any two starts of the service; empty when not running
  std::chrono::microseconds age{};  // how long it has been ready at least
  std::string word;  // what its manager calls it: "activating (auto-restart)"; empty: no manager
  std::int64_t restarts =
      -1;  // how often its manager has started it again by itself; -1: not known
  // What Start() needs beside the resource to bring exactly this state back; null: nothing.
  Value memory;
};

// The output of every action that changes a service. `changed`: this attempt has changed it.
Value OutputOf(const std::string& name, const State& state, bool changed);

struct LogQuery {
  std::int64_t lines = 20;
  std::optional<std::chrono::seconds> since;  // not older than this
};

struct LogLines {
  std::string source;  // "the journal of app.service"
  Value::List lines;
  bool cut = false;  // there are older ones that the limits have left out
};

// The refusal of a service that nothing says how to reload.
Error NoReload(const std::string& name);

// One service. Look() and Logs() change nothing; the others are safe to repeat.
class Driver {
 public:
  virtual ~Driver() = default;

  // kNotFound: its manager does not know it. kUnavailable: the manager does not answer.
  virtual Result<State> Look(const Context& context) const = 0;

  // Whether Start() could work: the program is there and the policy allows it. Changes nothing.
  virtual Result<void> CheckStart(const Context& context) const = 0;

  // Whether Start() would give it the user that it runs as now. kFailedPrecondition: it would not,
  // and the resource does not say that this is meant. Changes nothing.
  virtual Result<void> CheckUser() const { return {}; }

  // Answers when it runs and has kept running for its settle time; at once when it ran before.
  // `memory` is that of the state to bring back, null when there is none.
  // kUnavailable: it ended within its settle time (evidence: its last log lines).
  // kFailedPrecondition: its main process has ended, and something that it had started lives on.
  virtual Outcome Start(const Context& context, const Value& memory) const = 0;

  // Answers when it has ended, with what it has started; at once when it did not run. With `kill`,
  // it is ended by force when it does not stop in time. kDeadlineExceeded: it has not stopped; it
  // may still do so (kPartial).
  virtual Outcome Stop(const Context& context, bool kill) const = 0;

  // Answers when another instance than the undo record's runs and has settled. One that does so
  // already was started by an earlier try of this attempt, and is left as it is.
  virtual Outcome Restart(const Context& context, bool kill) const;

  // Makes it read its configuration again, and answers when the same instance has kept running for
  // its settle time after that. kFailedPrecondition: it does not run, or has no way to reload.
  virtual Outcome Reload(const Context& context) const = 0;

  // What Reload() would do beside that, for a plan. Changes nothing.
  virtual std::vector<std::string> ReloadHarm(const Context&) const { return {}; }

  // Waits, at most its stop_timeout, for the end of a stop that was begun before and may still be
  // at work; gives no order. True: it has ended, or it runs and nothing stops it. False: it runs,
  // and whether it will go on cannot be told.
  virtual Result<bool> AwaitPendingStop(const Context& context) const = 0;

  // Its last lines, oldest first. kInvalidArgument: `since` is asked of lines that have no times.
  // kFailedPrecondition: it has no log.
  virtual Result<LogLines> Logs(const Context& context, const LogQuery& query) const = 0;
};

// The driver of a service resource, by its kind. Keeps no reference to `service`.
// kInvalidArgument: an unknown kind, or a member that is wrong. kPermissionDenied: by the policy.
Result<std::unique_ptr<Driver>> DriverFor(const Value& service, const Policy& policy);

// One function a kind, each in a file of its own.
Result<std::unique_ptr<Driver>> MakeProcessDriver(const Value& service, const Policy& policy);
Result<std::unique_ptr<Driver>> MakeSystemdDriver(const Value& service, const Policy& policy);
Result<std::unique_ptr<Driver>> MakeSupervisorDriver(const Value& service, const Policy& policy);
Result<std::unique_ptr<Driver>> MakeComposeDriver(const Value& service, const Policy& policy);
Result<std::unique_ptr<Driver>> MakeKubernetesDriver(const Value& service, const Policy& policy);

}  // namespace recourse::service
