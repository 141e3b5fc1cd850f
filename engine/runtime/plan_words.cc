#include "engine/runtime/plan_words.h"

namespace recourse::runtime {
namespace {

using definition::ErrorRule;
using definition::OnFailure;
using definition::Transition;
using definition::Workflow;

const definition::Step& StepAt(const Workflow& workflow, int index) {
  return workflow.steps[static_cast<std::size_t>(index)];
}

std::string NameAt(const Workflow& workflow, int index) {
  const bool over = index >= static_cast<int>(workflow.steps.size());
  return over ? std::string("its end") : StepAt(workflow, index).id;
}

std::string WhatRuleDoes(const Workflow& workflow, const ErrorRule& rule) {
  if (!rule.go_to) return "the run goes on as if it were done";
  const std::string goes_on = "the run goes on at " + NameAt(workflow, *rule.go_to);
  if (!rule.rollback_to) return goes_on;
  return "what was done since " + NameAt(workflow, *rule.rollback_to) + " is undone, then " +
         goes_on;
}

std::string WhatRemains(OnFailure on_failure) {
  switch (on_failure) {
    case OnFailure::kRollback:
      return "what was done is undone in reverse order, and the run ends";
    case OnFailure::kPause:
      return "the run waits for an operator; nothing is undone by itself";
    case OnFailure::kContinue:
      return "the run goes on as if it were done";
    case OnFailure::kFail:
      return "the run ends as failed; nothing is undone";
  }
  return "";
}

OnFailure OnFailureOf(const Workflow& workflow, int step) {
  return StepAt(workflow, step).on_failure.value_or(workflow.on_failure);
}

std::string FailedText(const std::string& step, bool approval, const std::optional<Code>& code) {
  if (approval && code == Code::kPermissionDenied) return step + " is rejected";
  if (approval && code == Code::kDeadlineExceeded) return step + " expires";
  if (approval && !code) return step + " is rejected or expires";
  return step + " fails" + (code ? " with " + std::string(ToString(*code)) : "");
}

}  // namespace

std::string WayText(const Workflow& workflow, int from, const Transition& way) {
  const definition::Step& step = StepAt(workflow, from);
  const bool approval = std::holds_alternative<definition::ApprovalStep>(step.kind);
  switch (way.kind) {
    case Transition::Kind::kDone:
      return step.id + " is done";
    case Transition::Kind::kCase:
      return step.id + " finds that " + way.condition;
    case Transition::Kind::kDefault:
      return step.id + " finds none of its cases true";
    case Transition::Kind::kInside:
      return step.id + " begins" +
             (way.condition.empty() ? "" : ", as its branch " + way.condition);
    case Transition::Kind::kSkipped:
      return step.id + " is skipped, because this is false: " + way.condition;
    case Transition::Kind::kFailed:
      return FailedText(step.id, approval, way.code) +
             (way.rollback_to ? ", once what was done since " + NameAt(workflow, *way.rollback_to) +
                                    " is undone"
                              : "");
  }
  return "";
}

std::string WhatFollows(const Workflow& workflow, int step, Code code) {
  for (const ErrorRule& rule : StepAt(workflow, step).on_error) {
    if (!rule.code || *rule.code == code) return WhatRuleDoes(workflow, rule);
  }
  return WhatRemains(OnFailureOf(workflow, step));
}

std::string WhatFollowsByDefault(const Workflow& workflow) {
  return WhatRemains(workflow.on_failure);
}

std::vector<std::string> WhatFailuresLeadTo(const Workflow& workflow, int step) {
  std::vector<std::string> lines;
  for (const ErrorRule& rule : StepAt(workflow, step).on_error) {
    const std::string code = rule.code ? std::string(ToString(*rule.code)) + ": " : "";
    lines.push_back(code + WhatRuleDoes(workflow, rule));
    if (!rule.code) return lines;
  }
  lines.push_back((lines.empty() ? "" : "otherwise: ") + WhatRemains(OnFailureOf(workflow, step)));
  return lines;
}

std::string WhatRejectionLeadsTo(const Workflow& workflow, int step) {
  return WhatFollows(workflow, step, Code::kPermissionDenied);
}

std::string WhatExpiryLeadsTo(const Workflow& workflow, int step) {
  const auto& approval = std::get<definition::ApprovalStep>(StepAt(workflow, step).kind);
  if (!approval.expires) return "";
  if (approval.on_expiry != definition::OnExpiry::kReject) return "the run waits for an operator";
  return WhatFollows(workflow, step, Code::kDeadlineExceeded);
}

std::string UndoOf(const definition::Step& step) {
  const auto* action = std::get_if<definition::ActionStep>(&step.kind);
  if (action == nullptr) return "";
  if (action->compensation) return "compensated by " + action->compensation->action;
  if (action->repeat == RepeatClass::kReadOnly) return "changes nothing";
  if (step.irreversible) return "none: irreversible";
  if (!action->can_compensate) {
    return action->without_compensation.empty() ? "none: a rollback leaves what it did"
                                                : action->without_compensation;
  }
  if (!action->known) return "not known: this server has no action " + action->action;
  return "compensated by " + action->action;
}

}  // namespace recourse::runtime
