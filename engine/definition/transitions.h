// The ways from a step to the next one: what the loader's checks follow and what pictures draw.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/definition/workflow.h"

namespace recourse::definition {

// A way from a step to another, or to the end (workflow.steps.size()).
struct Transition {
  enum class Kind {
    kDone,     // the step is done
    kCase,     // a case of a switch is true: `condition`
    kDefault,  // no case of a switch is true
    kSkipped,  // the step's `when` is false: `condition` is that `when`
    kFailed,   // the step has failed, and the run goes on: `code`, none for any other
  };
  int to = 0;
  Kind kind = Kind::kDone;
  std::string condition{};         // the expression's source
  std::optional<Code> code{};      // of kFailed
  std::optional<int> rollback_to{};  // of kFailed: what was done since this checkpoint is undone first
};

// Every way that leads on from the step, in the order of the definition. None from one that ends
// the run.
std::vector<Transition> TransitionsFrom(const Workflow& workflow, int step);

// Whether the run is over with this step: succeed and fail.
bool EndsRun(const Step& step);

}  // namespace recourse::definition
