// The words of the rules: what events, states and inputs are about.
#pragma once

#include <compare>

#include "engine/definition/workflow.h"

namespace recourse::machine {

using definition::OnExpiry;
using definition::OnFailure;

// One execution of a step: the step's index in the workflow, and which item of a for_each.
struct StepRef {
  int step = 0;
  int item = -1;  // -1: the step has no for_each
  auto operator<=>(const StepRef&) const = default;
};

// Which phase of an attempt is at work, or was when the server died. Stored.
enum class Phase { kPrepare = 1, kApply = 2, kProbe = 3, kCompensate = 4 };

// Who vouches for an output. Stored.
enum class Source { kApply = 1, kProbe = 2, kOperator = 3 };

// Why a run ends up asking a person. Stored.
enum class Question {
  kStepFailed = 1,          // after its retries, and on_failure says pause
  kUnknownEffect = 2,       // the attempt may or may not have taken effect
  kVerifyInconclusive = 3,  // it took effect, but the proof is missing
  kCompensationFailed = 4,
  kPastPivot = 5,        // a rollback would have to cross an irreversible step
  kApprovalExpired = 6,  // nobody decided in time; nothing was decided for them
  kRolledBackTo = 7,     // an operator's rollback has reached the checkpoint: what now?
  kWindowClosing = 8,    // the next step does not fit in what is left of the window
};

// Whether it is about an attempt whose effect a person must tell.
inline bool IsDoubt(Question question) {
  return question == Question::kUnknownEffect || question == Question::kVerifyInconclusive;
}

// What a rollback ends in. Stored.
enum class Afterwards { kRolledBack = 1, kCancelled = 2, kGoTo = 3, kAsk = 4 };

// How a run ends. Stored.
enum class Ending { kSucceeded = 1, kFailed = 2, kCancelled = 3, kRolledBack = 4 };

enum class Vote { kApprove = 1, kReject = 2, kWithdraw = 3 };  // the last takes an earlier one back
enum class Settlement { kApproved = 1, kRejected = 2, kExpired = 3, kVoid = 4, kRevoked = 5 };

// What a person says of an effect that cannot be told otherwise. Stored.
enum class Finding { kApplied = 1, kNotApplied = 2, kPartial = 3 };

// Why a running attempt is being stopped. Stored.
enum class StopKind { kCancel = 1, kRollback = 2, kDeadline = 3, kWindow = 4 };

}  // namespace recourse::machine
