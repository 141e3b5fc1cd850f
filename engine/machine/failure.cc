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
  const double grown =
      static_cast<double>(retry.delay.count()) * std::pow(retry.backoff, tries - 1);
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
  const ActionStep& action = ActionAt(attempt.at);
  AttemptFailed failed{attempt.at, attempt.number, std::move(error), std::move(evidence), left, {}};
  if (!IsStopping(attempt.at) && MayRetry(action, attempt.tries, failed.error.code, left)) {
    const Time again = facts_.now + RetryDelay(action.retry, attempt.tries, facts_.jitter);
    const auto deadline = DeadlineOf(attempt.at);
    if (!deadline || again < *deadline) {
      failed.retry_at = again;
    } else {
      failed.error =
          Error{Code::kDeadlineExceeded,
                "the step's deadline leaves no time for another attempt; the last failed: " +
                    failed.error.ToString()};
    }
  }
  Emit(std::move(failed));
  Continue();
}

void Draft::FailStep(StepRef at, Error error) { Emit(StepFailed{at, std::move(error)}); }

void Draft::HandleFailure(StepRef at) {
  const definition::Step& step = StepAt(at.step);
  // Another item may have succeeded since: what the step knows is not this item's any more.
  const auto* ready = std::get_if<Ready>(FindActivity(*ActivityOf(state_), at));
  const Error error = ready != nullptr && ready->error
                          ? *ready->error
                          : state_.steps.at(at.step).error.value_or(Error{});
  if (at.item >= 0 && std::holds_alternative<definition::ManualStep>(step.kind)) {
    return Emit(FailureHandled{at, {}});  // a check that fails leaves its item to people
  }
  const bool beside = at.item >= 0 && std::holds_alternative<Inside>(
                                          *FindActivity(*ActivityOf(state_), {at.step, -1}));
  for (const definition::ErrorRule& rule : step.on_error) {
    if (rule.code && *rule.code != error.code) continue;
    if (beside && rule.go_to) {
      // The other items are at work: the step goes elsewhere once they are over.
      FailsAround(at, error);
      return;
    }
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
  const bool ends = on_failure == OnFailure::kRollback || on_failure == OnFailure::kFail;
  if (ends && FailsAround(at, error)) return;
  switch (on_failure) {
    case OnFailure::kRollback:
      return BeginRollback({{}, Afterwards::kRolledBack, {}, error}, true, at);
    case OnFailure::kPause:
      return Ask(Question::kStepFailed, at, error);
    case OnFailure::kContinue:
      return Emit(FailureHandled{at, {}});
    case OnFailure::kFail:
      return EndRun(RunFailed{error});
  }
}

void Draft::ActOnStop(const StopRequested& stop) {
  const StepRef at = PlaceOf(*ActivityOf(state_));
  VoidApprovals();
  if (state_.finishing) return EndAsKnown();
  const bool late = stop.kind == StopKind::kDeadline || stop.kind == StopKind::kWindow;
  const Error cause{late ? Code::kDeadlineExceeded : Code::kCancelled, stop.reason};
  switch (stop.kind) {
    case StopKind::kCancel:
      if (!stop.rollback) return EndRun(RunCancelled{stop.reason});
      return BeginRollback({{}, Afterwards::kCancelled, {}, cause}, false, at);
    case StopKind::kRollback:
      return BeginRollback({stop.rollback_to,
                            stop.rollback_to ? Afterwards::kAsk : Afterwards::kRolledBack,
                            {},
                            cause},
                           false, at);
    case StopKind::kWindow:
      return BeginRollback({{}, Afterwards::kRolledBack, {}, cause}, true, at);
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
      return EndRun(RunFailed{cause});
  }
}

void Draft::Ask(Question question, StepRef at, Error error) {
  Emit(AttentionNeeded{question, at, std::move(error)});
  Do(Notify{"needs_attention",
            state_.run.ToString() + " needs attention: " + WhyItWaits(workflow_, state_)->reason});
}

namespace {

FinishStarted BeforeThat(const Event& last) {
  FinishStarted finish;
  if (const auto* succeeded = std::get_if<RunSucceeded>(&last)) {
    finish.ending = Ending::kSucceeded;
    finish.outputs = succeeded->outputs;
  } else if (const auto* failed = std::get_if<RunFailed>(&last)) {
    finish.ending = Ending::kFailed;
    finish.error = failed->error;
  } else if (const auto* cancelled = std::get_if<RunCancelled>(&last)) {
    finish.ending = Ending::kCancelled;
    finish.reason = cancelled->reason;
  } else {
    finish.ending = Ending::kRolledBack;
    finish.error = std::get<RunRolledBack>(last).cause;
  }
  return finish;
}

}  // namespace

void Draft::EndRun(Event last) {
  if (state_.finishing) return EndAsKnown();
  VoidOverride();
  const bool begun = !std::holds_alternative<Queued>(state_.status);
  if (workflow_.on_finish && begun) {
    FinishStarted finish = BeforeThat(last);
    finish.first = *workflow_.on_finish;
    Emit(std::move(finish));
    return Continue();
  }
  End(std::move(last));
}

void Draft::EndAsKnown() {
  const FinishStarted finish = *state_.finishing;
  switch (finish.ending) {
    case Ending::kSucceeded:
      return End(RunSucceeded{finish.outputs});
    case Ending::kFailed:
      return End(RunFailed{finish.error});
    case Ending::kCancelled:
      return End(RunCancelled{finish.reason});
    case Ending::kRolledBack:
      return End(RunRolledBack{finish.error});
  }
}

void Draft::End(Event last) {
  const bool held = state_.holds_lock;
  const bool well = std::holds_alternative<RunSucceeded>(last);
  VoidOverride();
  Emit(std::move(last));
  if (held) Do(ReleaseLock{state_.lock});
  Do(Notify{well ? "run_succeeded" : "run_failed", state_.run.ToString() + " (" + state_.workflow +
                                                       ") ended " +
                                                       std::string(ToString(StatusOf(state_)))});
}

}  // namespace recourse::machine
