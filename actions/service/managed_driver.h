// What the kinds have in common whose processes are started and watched by a manager of their own:
// telling it what to do, and waiting until that is so.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "actions/service/driver.h"

namespace recourse::service {

// Asks `condition` at once, then several times a second, until it answers true or an error.
// False: `limit` is over. Else the context's StopError.
Result<bool> AwaitTrue(const Context& context, std::chrono::microseconds limit,
                       const std::function<Result<bool>()>& condition);

// The members that all of them have.
struct Managed {
  std::string name;
  std::string manager;  // "systemd", for messages
  std::chrono::microseconds settle{};
  std::chrono::microseconds stop_timeout{};
};
Result<Managed> ManagedOf(const Value& service, std::string manager,
                          std::chrono::microseconds stop_timeout);

class ManagedDriver : public Driver {
 public:
  Outcome Start(const Context& context, const Value& memory) const final;
  Outcome Stop(const Context& context, bool kill) const final;
  Outcome Reload(const Context& context) const final;
  Result<bool> AwaitPendingStop(const Context& context) const override;

 protected:
  explicit ManagedDriver(Managed managed) : managed_(std::move(managed)) {}

  const Managed& managed() const { return managed_; }

  // Waits until it runs and has settled. A service that ends or is restarted meanwhile is a
  // failure with its last log lines.
  Outcome AwaitSettled(const Context& context, bool changed) const;

  // Waits until it has ended, at most its stop_timeout, and kills it after that where allowed.
  // kDeadlineExceeded: it still runs.
  Result<void> AwaitStopped(const Context& context, bool kill) const;

 private:
  // Orders to the manager. Each answers when the order was taken, or later; none is an error when
  // the service is as wanted already.
  virtual Result<void> TellStart(const Context& context, const Value& memory) const = 0;
  virtual Result<void> TellStop(const Context& context) const = 0;
  virtual Result<void> TellKill(const Context& context) const = 0;
  virtual Result<void> TellReload(const Context& context) const = 0;

  Failure DidNotLast(const Context& context, const State& state, const std::string& what) const;

  const Managed managed_;
};

}  // namespace recourse::service
