#include "engine/definition/transitions.h"

namespace recourse::definition {

using Kind = Transition::Kind;

bool EndsRun(const Step& step) {
  return std::holds_alternative<SucceedStep>(step.kind) ||
         std::holds_alternative<FailStep>(step.kind);
}

std::vector<Transition> TransitionsFrom(const Workflow& workflow, int index) {
  const Step& step = workflow.steps[static_cast<std::size_t>(index)];
  const int next = step.next.value_or(index + 1);
  std::vector<Transition> found;
  if (step.when) found.push_back({next, Kind::kSkipped, step.when->source(), {}, {}});
  if (const auto* choice = std::get_if<SwitchStep>(&step.kind)) {
    for (const auto& one : choice->cases) {
      found.push_back({one.go_to, Kind::kCase, one.when.source(), {}, {}});
    }
    found.push_back({choice->otherwise.value_or(next), Kind::kDefault, {}, {}, {}});
  } else if (!EndsRun(step)) {
    found.push_back({next, Kind::kDone, {}, {}, {}});
  }
  for (const ErrorRule& rule : step.on_error) {
    found.push_back({rule.go_to.value_or(next), Kind::kFailed, {}, rule.code, rule.rollback_to});
  }
  const bool goes_on = step.on_failure.value_or(workflow.on_failure) == OnFailure::kContinue;
  if (goes_on && !EndsRun(step)) found.push_back({next, Kind::kFailed, {}, {}, {}});
  return found;
}

}  // namespace recourse::definition
