#include "engine/definition/advice.h"

#include "engine/definition/problems.h"
#include "engine/definition/transitions.h"

namespace recourse::definition {
namespace {

// The steps that a run may come to without any approval before.
std::vector<bool> WithoutApproval(const Workflow& workflow) {
  std::vector<bool> reached(workflow.steps.size());
  std::vector<int> open = {0};
  reached[0] = true;
  while (!open.empty()) {
    const int at = open.back();
    open.pop_back();
    const bool asks =
        std::holds_alternative<ApprovalStep>(workflow.steps[static_cast<std::size_t>(at)].kind);
    for (const Transition& way : TransitionsFrom(workflow, at)) {
      const auto to = static_cast<std::size_t>(way.to);
      // Past an approval leads what it guards; a condition or an error goes round it.
      if ((asks && way.kind == Transition::Kind::kDone) || to >= reached.size() || reached[to]) {
        continue;
      }
      reached[to] = true;
      open.push_back(way.to);
    }
  }
  return reached;
}

}  // namespace

std::vector<Problem> Advise(const Workflow& workflow) {
  Problems problems;
  const std::vector<bool> unasked = WithoutApproval(workflow);
  for (std::size_t i = 0; i < workflow.steps.size(); ++i) {
    const Step& step = workflow.steps[i];
    const std::string name = "the step " + Quoted(step.id);
    if (const auto* action = std::get_if<ActionStep>(&step.kind)) {
      if (!action->timeout_given && action->repeat != RepeatClass::kReadOnly) {
        problems.Add(step.place, name + " has no timeout of its own");
      }
    } else if (const auto* approval = std::get_if<ApprovalStep>(&step.kind)) {
      if (!approval->expires) {
        problems.Add(step.place,
                     "the approval of " + name + " never expires: the run may wait for ever");
      }
    }
    const auto* wait = std::get_if<WaitStep>(&step.kind);
    const auto* manual = std::get_if<ManualStep>(&step.kind);
    if (wait != nullptr && !wait->signal.empty() && !wait->timeout) {
      problems.Add(step.place,
                   name + " waits for a signal with no timeout: the run may wait for ever");
    } else if (manual != nullptr && !manual->expires) {
      problems.Add(step.place,
                   "the checklist of " + name + " never expires: the run may wait for ever");
    }
    for (const Frame& frame : workflow.frames) {
      if (frame.owner != static_cast<int>(i)) continue;
      for (const std::string_view key : frame.left_out) {
        const bool own = (key == "lock" && workflow.lock) || (key == "window" && workflow.window) ||
                         (key == "deadline" && workflow.deadline);
        if (own) continue;
        problems.Add(step.place, name + " runs a workflow whose \"" + std::string(key) +
                                     "\" counts for runs of its own only; this workflow has none");
      }
    }
    if (step.irreversible && unasked[i]) {
      problems.Add(step.place, name + " cannot be undone, and on some way to it nobody is asked");
    }
  }
  return std::move(problems).Take();
}

}  // namespace recourse::definition
