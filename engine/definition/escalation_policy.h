// An escalation policy as loaded: who is told while a run needs a person, and how soon.
//
// Immutable once loaded; may be read from any thread.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::definition {

struct EscalationPolicy {
  struct Level {
    std::chrono::microseconds after{};    // since the run needs a person
    std::string to;                       // a role
    std::vector<std::string> severities;  // of the runs that it is told of; empty: all
  };
  std::string name;
  std::string summary;
  std::vector<Level> levels;  // by time
  // Who is told later than at once may decide open approvals, but none with a map of approvers.
  bool may_decide = false;
  // By severity: how soon a person is to acknowledge a run that needs one.
  std::map<std::string, std::chrono::microseconds> respond_within;
};

// Reads and checks a policy's file (YAML); docs/escalation.md tells what it may say.
// kInvalidArgument: every problem, a line each: "file:line:column: message".
Result<EscalationPolicy> LoadEscalationPolicy(std::string_view text, std::string_view file);

// What a run of that severity keeps of the policy, from its start on; see machine::PolicyOf.
Value PolicyFor(const EscalationPolicy& policy, std::string_view severity);

}  // namespace recourse::definition
