#include "engine/base/rules.h"
#include "engine/machine/decide.h"

namespace recourse::machine {
std::string_view ToString(RunStatus status) {
  switch (status) {
    case RunStatus::kQueued:
      return "QUEUED";
    case RunStatus::kRunning:
      return "RUNNING";
    case RunStatus::kWaiting:
      return "WAITING";
    case RunStatus::kPaused:
      return "PAUSED";
    case RunStatus::kNeedsAttention:
      return "NEEDS_ATTENTION";
    case RunStatus::kRollingBack:
      return "ROLLING_BACK";
    case RunStatus::kSucceeded:
      return "SUCCEEDED";
    case RunStatus::kFailed:
      return "FAILED";
    case RunStatus::kCancelled:
      return "CANCELLED";
    case RunStatus::kRolledBack:
      return "ROLLED_BACK";
  }
  return "UNKNOWN";
}

bool IsFinal(RunStatus status) {
  return status == RunStatus::kSucceeded || status == RunStatus::kFailed ||
         status == RunStatus::kCancelled || status == RunStatus::kRolledBack;
}

std::string_view NameOf(const Event& event) {
  using Name = std::string_view;
  return std::visit(
      Rules{
          [](const RunStarted&) -> Name { return "RunStarted"; },
          [](const LockQueued&) -> Name { return "LockQueued"; },
          [](const LockAcquired&) -> Name { return "LockAcquired"; },
          [](const StepSkipped&) -> Name { return "StepSkipped"; },
          [](const ForEachStarted&) -> Name { return "ForEachStarted"; },
          [](const AttemptStarted&) -> Name { return "AttemptStarted"; },
          [](const AttemptPrepared&) -> Name { return "AttemptPrepared"; },
          [](const AttemptProgressed&) -> Name { return "AttemptProgressed"; },
          [](const AttemptResumed&) -> Name { return "AttemptResumed"; },
          [](const AttemptSucceeded&) -> Name { return "AttemptSucceeded"; },
          [](const AttemptFailed&) -> Name { return "AttemptFailed"; },
          [](const StepFailed&) -> Name { return "StepFailed"; },
          [](const RetryRequested&) -> Name { return "RetryRequested"; },
          [](const FailureHandled&) -> Name { return "FailureHandled"; },
          [](const SwitchTaken&) -> Name { return "SwitchTaken"; },
          [](const CheckpointReached&) -> Name { return "CheckpointReached"; },
          [](const WaitStarted&) -> Name { return "WaitStarted"; },
          [](const WaitEnded&) -> Name { return "WaitEnded"; },
          [](const PlanStarted&) -> Name { return "PlanStarted"; },
          [](const ApprovalRequested&) -> Name { return "ApprovalRequested"; },
          [](const VoteCast&) -> Name { return "VoteCast"; },
          [](const ApprovalSettled&) -> Name { return "ApprovalSettled"; },
          [](const RunPaused&) -> Name { return "RunPaused"; },
          [](const RunResumed&) -> Name { return "RunResumed"; },
          [](const StopRequested&) -> Name { return "StopRequested"; },
          [](const AttentionNeeded&) -> Name { return "AttentionNeeded"; },
          [](const EffectResolved&) -> Name { return "EffectResolved"; },
          [](const RollbackStarted&) -> Name { return "RollbackStarted"; },
          [](const CompensationStarted&) -> Name { return "CompensationStarted"; },
          [](const CompensationSucceeded&) -> Name { return "CompensationSucceeded"; },
          [](const CompensationFailed&) -> Name { return "CompensationFailed"; },
          [](const CompensationSkipped&) -> Name { return "CompensationSkipped"; },
          [](const RollbackEnded&) -> Name { return "RollbackEnded"; },
          [](const RunSucceeded&) -> Name { return "RunSucceeded"; },
          [](const RunFailed&) -> Name { return "RunFailed"; },
          [](const RunCancelled&) -> Name { return "RunCancelled"; },
          [](const RunRolledBack&) -> Name { return "RunRolledBack"; },
          [](const RunAnnotated&) -> Name { return "RunAnnotated"; },
          [](const SignalReceived&) -> Name { return "SignalReceived"; },
          [](const ParallelStarted&) -> Name { return "ParallelStarted"; },
          [](const BranchEnded&) -> Name { return "BranchEnded"; },
          [](const SubWorkflowStarted&) -> Name { return "SubWorkflowStarted"; },
          [](const StepCompleted&) -> Name { return "StepCompleted"; },
          [](const ManualStarted&) -> Name { return "ManualStarted"; },
          [](const ItemAnswered&) -> Name { return "ItemAnswered"; },
          [](const ApprovalEscalated&) -> Name { return "ApprovalEscalated"; },
          [](const FinishStarted&) -> Name { return "FinishStarted"; },
          [](const WindowAwaited&) -> Name { return "WindowAwaited"; },
          [](const ApprovalRevoked&) -> Name { return "ApprovalRevoked"; },
          [](const InputOverridden&) -> Name { return "InputOverridden"; },
          [](const Escalated&) -> Name { return "Escalated"; },
          [](const RunAcknowledged&) -> Name { return "RunAcknowledged"; },
          [](const DefinitionAdopted&) -> Name { return "DefinitionAdopted"; },
      },
      event);
}

std::string NameOf(const definition::Workflow& workflow, StepRef at) {
  if (at.step < 0 || at.step >= static_cast<int>(workflow.steps.size())) return "end";
  const std::string& id = workflow.steps[static_cast<std::size_t>(at.step)].id;
  return at.item < 0 ? id : id + "[" + std::to_string(at.item) + "]";
}

}  // namespace recourse::machine
