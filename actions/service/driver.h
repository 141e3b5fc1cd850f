// What the service actions need of a kind of service manager.
#pragma once

#include <memory>
#include <string>

#include "actions/action.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::service {

struct State {
  bool running = false;
  std::int64_t pid = 0;  // of its main process
  std::string instance;  // differs between any two starts of the service; empty when not running
};

// The output of every service action. `changed`: this attempt has changed it.
Value OutputOf(const std::string& name, const State& state, bool changed);

// One service. All but Look() change the world; each is safe to repeat.
class Driver {
 public:
  virtual ~Driver() = default;

  virtual Result<State> Look() const = 0;

  // Whether Start() could work: the program is there and the policy allows it. Changes nothing.
  virtual Result<void> CheckStart(const Context& context) const = 0;

  // Whether Start() would give it the user that it runs as now. kFailedPrecondition: it would not,
  // and the resource does not say that this is meant. Changes nothing.
  virtual Result<void> CheckUser() const = 0;

  // Answers when it runs and has kept running for its settle time; at once when it ran before.
  // kUnavailable: it ended within its settle time (evidence: its last log lines), left as before.
  // kFailedPrecondition: its main process has ended, and something that it had started lives on.
  virtual Outcome Start(const Context& context) const = 0;

  // Answers when it has ended, with what it has started; at once when it did not run. With `kill`,
  // it is ended by force when it does not stop in time. kDeadlineExceeded: it has not stopped; it
  // may still do so (kPartial).
  virtual Outcome Stop(const Context& context, bool kill) const = 0;

  // Waits until all of it has ended, at most its stop_timeout, and sends no signal: one that was
  // sent before may still be at work. False: it still runs.
  virtual Result<bool> AwaitEnd(const Context& context) const = 0;
};

// The driver of a service resource, by its kind. Keeps no reference to `service`.
// kInvalidArgument: an unknown kind, or a member that is wrong. kPermissionDenied: by the policy.
Result<std::unique_ptr<Driver>> DriverFor(const Value& service, const Policy& policy);

// kind `process`: a program, its pid file and its log.
Result<std::unique_ptr<Driver>> MakeProcessDriver(const Value& service, const Policy& policy);

}  // namespace recourse::service
