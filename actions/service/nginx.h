// A running nginx: its master, its workers, and a reload that is proven.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "actions/process/program.h"
#include "actions/service/identity.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::service {

class Nginx {
 public:
  // Of a resource. kPermissionDenied: by the policy.
  static Result<Nginx> Of(const Value& resource, const Policy& policy);

  const std::string& configuration() const { return configuration_; }

  // kFailedPrecondition: it does not run, its pid file names something else, or it was started with
  // another configuration.
  Result<Identity> Master() const;

  // The workers that serve: those that are shutting down do not.
  std::set<Identity> Serving(const Identity& master) const;

  // `nginx -t`. kFailedPrecondition: the configuration is not valid; the message has its words.
  Result<void> Test(const Context& context) const;

  struct Reloaded {
    std::set<Identity> old_workers;
    std::set<Identity> new_workers;
  };
  // Sends HUP and answers when new workers serve and no old one does. kUnavailable: the old ones
  // still serve after `within`; the message has what nginx wrote to its error log.
  Result<Reloaded> Reload(const Context& context, std::chrono::microseconds within) const;

 private:
  Nginx() = default;

  std::string configuration_;
  std::string pid_file_;
  std::string error_log_;
  process::Program test_;
};

// Their numbers.
Value PidsOf(const std::set<Identity>& processes);

}  // namespace recourse::service
