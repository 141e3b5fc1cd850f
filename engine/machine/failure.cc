// What a failure leads to: another try, another path, the way back, a person, or the end.
#include <algorithm>
#include <cmath>

#include "engine/machine/draft.h"

namespace recourse::machine {
namespace {

using definition::ActionStep;

// The delay before attempt `tries + 1`: grows by `backoff`, capped, and up to a fifth shorter so
// that runs that failed together do not come back together.
std::chrono::microseconds RetryDelay(const RetryPolicy& retry, int tries, double jitter) {
  const double grown = static_cast<double>(retry.delay.count()) * std::pow(retry.backoff, tries - 1);
  const double capped = std::min(grown, static_cast<double>(retry.delay_max.count()));
  return std::chrono::microseconds(std::llround(capped * (1 - 0.2 * jitter)));
}

bool MayRetry(const ActionStep& action, int tries, Code code, LeftBehind left) {
  if (tries >= action.retry.attempts) return false;
  if (std::find(action.retry.on.begin(), action.retry.on.end(), code) == action.retry.on.end()) {
    return false;
  }
  // What is half done may be done again only by an action that says so.
  return left == LeftBehind::kNothing || action.repeat == RepeatClass::kIdempotent ||
         action.repeat == RepeatClass::kReadOnly;
}

}  // namespace

void Draft::FailAttempt(const Attempting& attempt, Error error, Value evidence, LeftBehind left) {
  const ActionStep& action = ActionAt(attempt.at.step);
  const auto* running = std::get_if<Running>(&state_.status);
  const bool stopping = running != nullptr && running->stop.has_value();
  AttemptFailed failed{attempt.at, attempt.number, std::move(error), std::move(evidence), left, {}};
  if (!stopping && MayRetry(action, attempt.tries, failed.error.code, left)) {
    failed.retry_at = facts_.now + RetryDelay(action.retry, attempt.tries, facts_.jitter);
  }
  Emit(std::move(failed));
  Continue();
}

void Draft::FailStep(StepRef at, Error error) { Emit(StepFailed{at, std::move(error)}); }

void Draft::HandleFailure(StepRef at) {
  const definition::Step& step = StepAt(at.step);
  const Error error = state_.steps.at(at.step).error.value_or(Error{});
  for (const definition::ErrorRule& rule : step.on_error) {
    if (rule.code && *rule.code != error.code) continue;
    if (rule.rollback_to) {
      return BeginRollback({rule.rollback_to, Afterwards::kGoTo, rule.go_to, error}, true, at);
    }
    return Emit(FailureHandled{at, rule.go_to});
  }
  Conclude(at, error, step.on_failure.value_or(workflow_.on_failure));
}

void Draft::BreakCircle(StepRef at, Error error) {
  FailStep(at, error);
  const OnFailure wanted = StepAt(at.step).on_failure.value_or(workflow_.on_failure);
  Conclude(at, error, wanted == OnFailure::kContinue ? OnFailure::kPause : wanted);
}

// What the definition says of a failure that no rule of on_error has taken.
void Draft::Conclude(StepRef at, const Error& error, OnFailure on_failure) {
  switch (on_failure) {
    case OnFailure::kRollback:
      return BeginRollback({{}, Afterwards::kRolledBack, {}, error}, true, at);
    case OnFailure::kPause:
      return Ask(Question::kStepFailed, at, error);
    case OnFailure::kContinue:
      return Emit(FailureHandled{at, {}});
    case OnFailure::kFail:
      return End(RunFailed{error});
  }
}

void Draft::ActOnStop(const StopRequested& stop) {
  const Ready ready = std::get<Ready>(*ActivityOf(state_));
  const StepRef at{ready.step, ready.item};
  const Error cause{stop.kind == StopKind::kDeadline ? Code::kDeadlineExceeded : Code::kCancelled,
                    stop.reason};
  switch (stop.kind) {
    case StopKind::kCancel:
      if (!stop.rollback) return End(RunCancelled{stop.reason});
      return BeginRollback({{}, Afterwards::kCancelled, {}, cause}, false, at);
    case StopKind::kRollback:
      return BeginRollback({stop.rollback_to,
                            stop.rollback_to ? Afterwards::kAsk : Afterwards::kRolledBack, {}, cause},
                           false, at);
    case StopKind::kDeadline:
      break;
  }
  switch (workflow_.on_failure) {
    case OnFailure::kRollback:
      return BeginRollback({{}, Afterwards::kRolledBack, {}, cause}, true, at);
    case OnFailure::kPause:
      return Ask(Question::kStepFailed, at, cause);
    case OnFailure::kContinue:  // A run that is over its time cannot go on.
    case OnFailure::kFail:
      return End(RunFailed{cause});
  }
}

void Draft::Ask(Question question, StepRef at, Error error) {
  Emit(AttentionNeeded{question, at, std::move(error)});
  Do(Notify{"needs_attention",
            state_.run.ToString() + " needs attention: " + WhyItWaits(workflow_, state_)->reason});
}

void Draft::End(Event last) {
  const bool held = state_.holds_lock;
  const bool well = std::holds_alternative<RunSucceeded>(last);
  Emit(std::move(last));
  if (held) Do(ReleaseLock{state_.lock});
  if (!well) {
    Do(Notify{"run_finished", state_.run.ToString() + " (" + state_.workflow + ") ended " +
                                  std::string(ToString(StatusOf(state_)))});
  }
}

}  // namespace recourse::machine
