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
    kInside,   // to the first step of a block: `condition` is the branch's name
  };
  int to = 0;
  Kind kind = Kind::kDone;
  std::string condition{};     // the expression's source
  std::optional<Code> code{};  // of kFailed
  std::optional<int>
      rollback_to{};    // of kFailed: what was done since this checkpoint is undone first
  int leaves = -1;      // the way ends this block; `to` is then what follows the step that has it
  bool closes = false;  // of kDone: the way of a step with blocks once these are done
};

// Every way that leads on from the step, in the order of the definition. None from one that ends
// the run.
std::vector<Transition> TransitionsFrom(const Workflow& workflow, int step);

// Whether no way leads on: fail, and succeed but in a sub-workflow, which that ends.
bool EndsRun(const Workflow& workflow, const Step& step);

}  // namespace recourse::definition
