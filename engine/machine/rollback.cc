// The way back: steps are undone in reverse order of their completion.
#include <algorithm>

#include "engine/machine/draft.h"

namespace recourse::machine {
namespace {

// Compensations have no retry of their own in a definition: what undoes a step is tried three
// times, one and two seconds apart, before a person is asked.
constexpr int kCompensationTries = 3;
constexpr std::chrono::seconds kCompensationDelay{1};

}  // namespace

bool Draft::PivotAbove(std::optional<int> checkpoint) const {
  for (auto done = state_.done.rbegin(); done != state_.done.rend(); ++done) {
    if (done->kind == Done::Kind::kCheckpoint) {
      if (done->at.step == checkpoint) return false;
    } else if (StepAt(done->at.step).irreversible) {
      return true;
    }
  }
  return false;
}

void Draft::BeginRollback(RollbackStarted rollback, bool automatic, StepRef at) {
  if (automatic && PivotAbove(rollback.checkpoint)) {
    return Ask(Question::kPastPivot, at, rollback.cause);
  }
  if (rollback.checkpoint) {
    const bool reached = std::any_of(state_.done.begin(), state_.done.end(), [&](const Done& done) {
      return done.kind == Done::Kind::kCheckpoint && done.at.step == *rollback.checkpoint;
    });
    if (!reached) {
      return Ask(Question::kStepFailed, at,
                 FailedPrecondition("cannot roll back to " +
                                    NameOf(workflow_, {*rollback.checkpoint, -1}) +
                                    ", which this run has not passed; the failure was " +
                                    rollback.cause.ToString()));
    }
  }
  VoidOverride();
  Emit(std::move(rollback));
  Unwind();
}

void Draft::Unwind() {
  const Rollback rollback = std::get<RollingBack>(state_.status).rollback;
  // From the top down; Apply drops the entries above the one that an event names.
  for (std::size_t left = state_.done.size(); left > 0;) {
    const Done done = state_.done[left - 1];
    if (done.kind == Done::Kind::kCheckpoint) {
      if (rollback.checkpoint == done.at.step) return EndRollback(rollback);
      --left;
      continue;
    }
    const definition::ActionStep& action = ActionAt(done.at);
    if (StepAt(done.at.step).irreversible) {
      return Ask(Question::kPastPivot, done.at, rollback.cause);
    }
    if (action.repeat == RepeatClass::kReadOnly) {
      --left;
      continue;
    }
    if (action.can_compensate && !action.known) {
      return Ask(Question::kCompensationFailed, done.at,
                 NoSuchAction(action, "what it did was not undone"));
    }
    if (action.compensation) return CompensateInstead(done, *action.compensation);
    if (!action.can_compensate) {
      Emit(CompensationSkipped{done.at, action.action + " has no way back"});
      left = state_.done.size();
      continue;
    }
    StartPhase start;
    start.action = action.action;
    start.inputs = done.inputs;
    start.undo = done.undo;
    start.output = done.output;
    start.deadline = facts_.now + action.timeout;
    return StartCompensation(done, std::move(start));
  }
  EndRollback(rollback);
}

void Draft::StartCompensation(const Done& done, StartPhase start) {
  const Rollback& rollback = std::get<RollingBack>(state_.status).rollback;
  start.at = done.at;
  start.number = rollback.at == done.at ? rollback.number + 1 : 1;
  start.phase = Phase::kCompensate;
  // Another action must not take the step's own work for its.
  start.key = KeyOf(done.at, done.number) + (start.instead ? "/undo" : "");
  start.fencing_token = state_.fencing_token;
  Emit(CompensationStarted{start.at, start.number});
  Do(std::move(start));
}

// The step says what undoes it: another action, which is applied.
void Draft::CompensateInstead(const Done& done, const definition::ActionStep& action) {
  if (!action.known) {
    return Ask(Question::kCompensationFailed, done.at,
               NoSuchAction(action, "what the step did was not undone"));
  }
  auto inputs = action.with.Evaluate(RunScope(workflow_, state_, facts_.now, done));
  if (!inputs) {
    return Ask(Question::kCompensationFailed, done.at,
               std::move(inputs).error().In("compensate: with"));
  }
  StartPhase start;
  start.action = action.action;
  start.instead = true;
  start.inputs = inputs->is_null() ? Value(Value::Map()) : *std::move(inputs);
  start.deadline = facts_.now + action.timeout;
  StartCompensation(done, std::move(start));
}

void Draft::EndRollback(const Rollback& rollback) {
  switch (rollback.then) {
    case Afterwards::kRolledBack:
      return EndRun(RunRolledBack{rollback.cause});
    case Afterwards::kCancelled:
      return EndRun(RunCancelled{rollback.cause.message});
    case Afterwards::kGoTo:
      Emit(RollbackEnded{});
      return Continue();
    case Afterwards::kAsk:
      Emit(RollbackEnded{});
      return Ask(Question::kRolledBackTo, {*rollback.checkpoint, -1}, rollback.cause);
  }
}

void Draft::FailCompensation(const CompensationBroke& broke) {
  CompensationFailed failed{
      broke.at, broke.number, broke.failure.error, broke.failure.evidence, {}};
  if (broke.number < kCompensationTries) {
    failed.retry_at = facts_.now + kCompensationDelay * broke.number;
  }
  const bool ask = !failed.retry_at;
  Emit(std::move(failed));
  if (ask) Ask(Question::kCompensationFailed, broke.at, broke.failure.error);
}

}  // namespace recourse::machine
