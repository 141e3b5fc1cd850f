// The way that a plan follows: the steps that a run comes to, as far as that can be told before it
// does, and how the others may be reached.
//
// Pure. What is known of a run that has not begun is its inputs; of one that waits, also what its
// steps have found so far. No way is decided by `now`, and none by `error` but at the very next
// step: both may be others when a run comes there.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/machine/decide.h"

namespace recourse::runtime {

struct PathStep {
  enum class Reach {
    kExpected,     // when nothing fails, and every switch that is open takes its default
    kSkipped,      // the same, but its `when` is known to be false
    kConditional,  // only on a way that something must happen for: `ways`
  };
  int step = 0;
  Reach reach = Reach::kExpected;
  std::vector<std::string> ways;  // "compare finds that ...", "rehearse fails with DATA_LOSS"
  std::optional<bool> when = {};  // what its `when` comes to, if that is known
  std::vector<int> goes_to = {};  // of a switch: where it may go; one: where it goes
};

struct PathRequest {
  const definition::Workflow& workflow;
  const machine::RunState& state;
  Time now;
  int first = 0;
  bool past_approvals = true;  // false: ends with the next approval, on every way
};

// The expected steps in their order, then the conditional ones in the order of the definition:
// those that a run may come to by what is known of its inputs and target.
std::vector<PathStep> PathFrom(const PathRequest& request);

// The steps that may have run before `at` when a run comes to it, beside those that have run.
std::set<int> Before(std::span<const PathStep> path, const PathStep& at);

// The state with the inputs of those sub-workflows that are known before they begin.
machine::RunState WithKnownInputs(const PathRequest& request);

// What one of the expressions depends on that is not known when `step` is planned: "what restore
// finds". Empty: nothing.
std::string Unknown(const PathRequest& request, std::span<const expression::Reference> references,
                    int step, const std::set<int>& before);

}  // namespace recourse::runtime
