// Makes plans: what each step of a run would do, as far as that can be told now. The same for a run
// that nobody has started and for the approval that a run waits for.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>

#include "actions/registry.h"
#include "engine/runtime/plan_path.h"
#include "engine/runtime/secrets.h"

namespace recourse::runtime {

// What making a plan needs; outlives it.
struct PlanMeans {
  const Registry& registry;
  const Policy& policy;
  const Clock& clock;
  std::stop_token stop = {};
  std::chrono::steady_clock::time_point deadline;  // of all actions together
  const SecretSource* secrets = nullptr;           // asked for names only
};

// Calls Plan() and Prepare(), which change nothing, of every action on the path, with the inputs
// that are known now. May take as long as they do, up to the deadline; those that were not asked
// then are named. Never throws.
//
// {"steps": [{"step", "kind", "summary", "action", "reach": "expected", "skipped" or "conditional",
//    "ways": [..], "lines": [..], "problems": [..], "irreversible": [..], "expect", "undo",
//    "if_it_fails": [..], "bytes_needed",
//    "approval": {"prompt", "approvers", "quorum", "exclude_requester", "expires", "escalate":
//    [..],
//      "if_rejected", "if_expired"}}],
//  "bytes_needed", "space": [{"file_system", "needed", "free"}], "irreversible": [..],
//  "if_it_fails", "expect", "expect_not_said": [..], "not_asked": [..], "rollback": [{"step",
//  "undo"}]}
// The sums are about the expected steps; `if_it_fails` is what a step means that says nothing of
// it.
Value MakePlan(const PlanMeans& means, const PathRequest& request);

// The SHA-256 of what a plan is shown with, in hexadecimal: as an approval has it.
std::string PlanDigest(const Value& inputs, const Value& plan, std::string_view prompt);

}  // namespace recourse::runtime
