#include "engine/definition/transitions.h"

namespace recourse::definition {

using Way = Transition::Kind;

namespace {

bool InSubWorkflow(const Workflow& workflow, const Step& step) {
  return step.block >= 0 &&
         workflow.blocks[static_cast<std::size_t>(step.block)].kind == Block::Kind::kSubWorkflow;
}

// What follows where `next` says the end of the block that `step` stands in.
int Outside(const Workflow& workflow, const Step& step, int next) {
  const int end = static_cast<int>(workflow.steps.size());
  const Step* at = &step;
  while (next == end && at->block >= 0) {
    const Block& block = workflow.blocks[static_cast<std::size_t>(at->block)];
    if (block.owner < 0) break;
    at = &workflow.steps[static_cast<std::size_t>(block.owner)];
    next = workflow.After(block.owner);
  }
  return next;
}

}  // namespace

bool EndsRun(const Workflow& workflow, const Step& step) {
  if (std::holds_alternative<FailStep>(step.kind)) return true;
  return std::holds_alternative<SucceedStep>(step.kind) && !InSubWorkflow(workflow, step);
}

std::vector<Transition> TransitionsFrom(const Workflow& workflow, int index) {
  const Step& step = workflow.steps[static_cast<std::size_t>(index)];
  const int end = static_cast<int>(workflow.steps.size());
  const bool succeeds = std::holds_alternative<SucceedStep>(step.kind);
  const int next = succeeds ? end : workflow.After(index);
  std::vector<Transition> found;
  const auto add = [&](Transition way) {
    if (way.to == end) way.leaves = step.block;
    way.to = Outside(workflow, step, way.to);
    found.push_back(std::move(way));
  };
  if (step.when) add({workflow.After(index), Way::kSkipped, step.when->source(), {}, {}});
  for (const Block& block : workflow.blocks) {
    if (block.owner != index) continue;
    const bool branch = block.kind == Block::Kind::kBranch;
    add({block.first, Way::kInside, branch ? block.name : "", {}, {}});
  }
  if (const auto* choice = std::get_if<SwitchStep>(&step.kind)) {
    for (const auto& one : choice->cases) {
      add({one.go_to, Way::kCase, one.when.source(), {}, {}});
    }
    add({choice->otherwise.value_or(next), Way::kDefault, {}, {}, {}});
  } else if (!EndsRun(workflow, step)) {
    const bool closes = std::holds_alternative<ParallelStep>(step.kind) ||
                        std::holds_alternative<SubWorkflowStep>(step.kind);
    add({next, Way::kDone, {}, {}, {}, -1, closes});
  }
  for (const ErrorRule& rule : step.on_error) {
    add({rule.go_to.value_or(next), Way::kFailed, {}, rule.code, rule.rollback_to});
  }
  const bool goes_on = step.on_failure.value_or(workflow.on_failure) == OnFailure::kContinue;
  if (goes_on && !EndsRun(workflow, step)) add({next, Way::kFailed, {}, {}, {}});
  return found;
}

}  // namespace recourse::definition
