#include "engine/record/names.h"

namespace recourse::record {

using machine::Finding;
using machine::Phase;
using machine::Question;
using machine::Settlement;
using machine::Source;

std::string_view Name(Phase phase) {
  switch (phase) {
    case Phase::kPrepare:
      return "prepare";
    case Phase::kApply:
      return "apply";
    case Phase::kProbe:
      return "probe";
    case Phase::kCompensate:
      return "compensate";
  }
  return "unknown";
}

std::string_view Name(Source source) {
  switch (source) {
    case Source::kApply:
      return "apply";
    case Source::kProbe:
      return "probe";
    case Source::kOperator:
      return "operator";
  }
  return "unknown";
}

std::string_view Name(LeftBehind left) {
  switch (left) {
    case LeftBehind::kNothing:
      return "nothing";
    case LeftBehind::kPartial:
      return "partial";
    case LeftBehind::kUnknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view Name(machine::OnExpiry on_expiry) {
  switch (on_expiry) {
    case machine::OnExpiry::kHold:
      return "hold";
    case machine::OnExpiry::kReject:
      return "reject";
    case machine::OnExpiry::kEscalate:
      return "escalate";
  }
  return "unknown";
}

std::string_view Name(machine::Ending ending) {
  switch (ending) {
    case machine::Ending::kSucceeded:
      return "succeeded";
    case machine::Ending::kFailed:
      return "failed";
    case machine::Ending::kCancelled:
      return "cancelled";
    case machine::Ending::kRolledBack:
      return "rolled back";
  }
  return "unknown";
}

std::string_view Name(Finding finding) {
  switch (finding) {
    case Finding::kApplied:
      return "applied";
    case Finding::kNotApplied:
      return "not_applied";
    case Finding::kPartial:
      return "partial";
  }
  return "unknown";
}

std::string_view Name(Settlement settlement) {
  switch (settlement) {
    case Settlement::kApproved:
      return "approved";
    case Settlement::kRejected:
      return "rejected";
    case Settlement::kExpired:
      return "expired";
    case Settlement::kVoid:
      return "void";
    case Settlement::kRevoked:
      return "revoked";
  }
  return "unknown";
}

std::string_view Name(machine::Vote vote) {
  switch (vote) {
    case machine::Vote::kApprove:
      return "approve";
    case machine::Vote::kReject:
      return "reject";
    case machine::Vote::kWithdraw:
      return "withdraw";
  }
  return "unknown";
}

std::string_view Name(Question question) {
  switch (question) {
    case Question::kStepFailed:
      return "step_failed";
    case Question::kUnknownEffect:
      return "unknown_effect";
    case Question::kVerifyInconclusive:
      return "verify_inconclusive";
    case Question::kCompensationFailed:
      return "compensation_failed";
    case Question::kPastPivot:
      return "past_pivot";
    case Question::kApprovalExpired:
      return "approval_expired";
    case Question::kRolledBackTo:
      return "rolled_back_to";
    case Question::kWindowClosing:
      return "window_closing";
  }
  return "unknown";
}

std::string_view Told(Question question) {
  switch (question) {
    case Question::kStepFailed:
      return " failed";
    case Question::kUnknownEffect:
      return " may or may not have taken effect";
    case Question::kVerifyInconclusive:
      return " took effect, but the proof is missing";
    case Question::kCompensationFailed:
      return " could not be undone";
    case Question::kPastPivot:
      return ": going back would cross an irreversible step";
    case Question::kApprovalExpired:
      return " was not decided in time";
    case Question::kRolledBackTo:
      return " is reached by the rollback";
    case Question::kWindowClosing:
      return " does not fit in what is left of the window";
  }
  return "";
}

}  // namespace recourse::record
