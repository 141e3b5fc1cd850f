#include "tests/simulation/witness.h"

#include <algorithm>

namespace recourse::simulation {

using namespace machine;

namespace {

template <class... Kind>
bool IsOneOf(const Event& event) {
  return (std::holds_alternative<Kind>(event) || ...);
}

// Events with which a step begins.
bool Begins(const Event& event) {
  return IsOneOf<AttemptStarted, ForEachStarted, SwitchTaken, CheckpointReached, WaitStarted,
                 PlanStarted, ParallelStarted, SubWorkflowStarted, ManualStarted>(event);
}

Ending EndingOf(const Event& end) {
  if (std::holds_alternative<RunSucceeded>(end)) return Ending::kSucceeded;
  if (std::holds_alternative<RunFailed>(end)) return Ending::kFailed;
  return std::holds_alternative<RunCancelled>(end) ? Ending::kCancelled : Ending::kRolledBack;
}

std::string_view WordOf(RunStatus status) { return machine::ToString(status); }

}  // namespace

Witness::Witness(const definition::Workflow& workflow, std::vector<Gate> gates)
    : workflow_(workflow), gates_(std::move(gates)) {}

bool Witness::CanBeUndone(StepRef at) const {
  const definition::ActionStep* action =
      definition::ActionOf(workflow_.steps[static_cast<std::size_t>(at.step)], at.item);
  return action != nullptr && action->can_compensate && action->repeat != RepeatClass::kReadOnly;
}

std::string Witness::See(const RunState& state, const Event& event) {
  const RunStatus status = StatusOf(state);
  const auto* running = std::get_if<Running>(&state.status);
  if (Begins(event)) {
    if (status != RunStatus::kRunning && status != RunStatus::kWaiting) {
      return "a step begins (" + std::string(NameOf(event)) + ") while the run is " +
             std::string(WordOf(status));
    }
    if (running != nullptr && running->stop) {
      return "a step begins (" + std::string(NameOf(event)) + ") after the run was to stop";
    }
  }
  if (const auto* started = std::get_if<AttemptStarted>(&event)) return SeeAttempt(state, *started);
  if (const auto* undoing = std::get_if<CompensationStarted>(&event)) {
    return SeeUndoing(undoing->at, true);
  }
  if (const auto* undone = std::get_if<CompensationSucceeded>(&event)) {
    return SeeUndoing(undone->at, false);
  }
  if (const auto* skipped = std::get_if<CompensationSkipped>(&event)) {
    if (CanBeUndone(skipped->at)) return Name(skipped->at) + " can be undone, and was left";
  }
  if (const auto* asked = std::get_if<ApprovalRequested>(&event)) {
    if (!asked_.emplace(asked->id, asked->step).second) {
      return "two approvals are " + asked->id.ToString();
    }
    open_.insert(asked->id);
    if (!asked->overrides && !asked->overrides_window) {
      of_steps_.insert(asked->id);
      approved_.erase(Name({asked->step, -1}));
    }
  }
  if (const auto* revoked = std::get_if<ApprovalRevoked>(&event)) {
    approved_.erase(Name({revoked->step, -1}));
  }
  if (std::holds_alternative<InputOverridden>(event)) {
    std::erase_if(open_, [&](ApprovalId id) { return of_steps_.contains(id); });
  }
  if (const auto* settled = std::get_if<ApprovalSettled>(&event)) {
    if (open_.erase(settled->id) == 0) return settled->id.ToString() + " is settled twice";
    if (settled->settlement == Settlement::kApproved && of_steps_.contains(settled->id)) {
      approved_.insert(Name({asked_.at(settled->id), -1}));
    }
  }
  if (const auto* finish = std::get_if<FinishStarted>(&event)) {
    if (!open_.empty()) return "the run is at its end, and an approval is still open";
    ending_ = finish->ending;
    at_work_.clear();
    return ending_ == Ending::kRolledBack ? SeeAllUndone() : "";
  }
  if (ending_ && std::holds_alternative<RollbackStarted>(event)) {
    return "a rollback begins after the end of the run was known";
  }
  SeeDone(event);
  return SeeEnd(event);
}

std::string Witness::SeeAttempt(const RunState& state, const AttemptStarted& event) {
  if (at_work_.contains(event.at)) return "two attempts of " + Name(event.at) + " are at work";
  int& last = attempts_[event.at];
  if (event.number != last + 1) {
    return "the attempt of " + Name(event.at) + " after " + std::to_string(last) + " is " +
           std::to_string(event.number);
  }
  ++last;
  at_work_.insert(event.at);
  for (const Gate& gate : gates_) {
    if (Name(event.at) == gate.pivot && !approved_.contains(gate.approval)) {
      return gate.pivot + " begins, and " + gate.approval + " was not given";
    }
  }
  if (std::holds_alternative<RollingBack>(state.status)) return "a step begins in a rollback";
  return {};
}

// A rollback undoes the newest of what can be undone and is not yet.
std::string Witness::SeeUndoing(StepRef at, bool starts) {
  while (!completed_.empty()) {
    const Entry& newest = completed_.back();
    if (newest.checkpoint && newest.at.step == rolls_back_to_) {
      return Name(at) + " is undone, which was done before the checkpoint";
    }
    if (!newest.checkpoint && CanBeUndone(newest.at)) break;
    completed_.pop_back();
  }
  if (completed_.empty()) return Name(at) + " is undone, and nothing is left to undo";
  const StepRef newest = completed_.back().at;
  if (newest != at) return Name(at) + " is undone before " + Name(newest) + ", which came after it";
  if (!starts) completed_.pop_back();
  return {};
}

void Witness::SeeDone(const Event& event) {
  if (const auto* done = std::get_if<AttemptSucceeded>(&event)) {
    at_work_.erase(done->at);
    completed_.push_back({done->at});
    for (const Gate& gate : gates_) {
      if (Name(done->at) == gate.pivot) approved_.erase(gate.approval);
    }
  } else if (const auto* failed = std::get_if<AttemptFailed>(&event)) {
    if (failed->left != LeftBehind::kUnknown) at_work_.erase(failed->at);
    if (failed->left == LeftBehind::kPartial) completed_.push_back({failed->at});
  } else if (const auto* resolved = std::get_if<EffectResolved>(&event)) {
    at_work_.erase(resolved->at);
    if (resolved->finding != Finding::kNotApplied) completed_.push_back({resolved->at});
  } else if (const auto* retried = std::get_if<RetryRequested>(&event)) {
    at_work_.erase(retried->at);
  } else if (const auto* reached = std::get_if<CheckpointReached>(&event)) {
    completed_.push_back({{reached->step, -1}, true});
  } else if (const auto* rollback = std::get_if<RollbackStarted>(&event)) {
    rolls_back_to_ = rollback->checkpoint;
    at_work_.clear();
  } else if (std::holds_alternative<RollbackEnded>(event)) {
    while (!completed_.empty() &&
           !(completed_.back().checkpoint && completed_.back().at.step == rolls_back_to_)) {
      completed_.pop_back();
    }
    rolls_back_to_.reset();
  }
}

std::string Witness::SeeEnd(const Event& event) const {
  if (!IsOneOf<RunSucceeded, RunFailed, RunCancelled, RunRolledBack>(event)) return {};
  if (ending_ && *ending_ != EndingOf(event)) return "what ran at last has changed the end";
  if (!open_.empty()) return "the run ends, and " + open_.begin()->ToString() + " is still open";
  return std::holds_alternative<RunRolledBack>(event) && !ending_ ? SeeAllUndone() : "";
}

std::string Witness::SeeAllUndone() const {
  for (const Entry& entry : completed_) {
    if (!entry.checkpoint && CanBeUndone(entry.at)) {
      return "the run is rolled back, and " + Name(entry.at) + " was not undone";
    }
  }
  return {};
}

std::string JudgeAtWork(const definition::Workflow& workflow, const RunState& state,
                        const AtWork& at_work) {
  std::map<StepRef, std::pair<int, Phase>> expected;
  if (const auto* rolling = std::get_if<RollingBack>(&state.status)) {
    const Rollback& rollback = rolling->rollback;
    if (rollback.at && !rollback.retry_at) {
      expected[*rollback.at] = {rollback.number, Phase::kCompensate};
    }
  }
  bool planning = false;
  if (const Activity* root = ActivityOf(state)) {
    for (const Activity* leaf : LeavesOf(*root)) {
      planning = planning || std::holds_alternative<Planning>(*leaf);
      const auto* attempt = std::get_if<Attempting>(leaf);
      if (attempt == nullptr || attempt->asked) continue;
      expected[attempt->at] = {attempt->number, attempt->phase};
    }
  }
  for (const auto& [at, start] : at_work) {
    const auto found = expected.find(at);
    if (found == expected.end()) return NameOf(workflow, at) + " is at work, and the state has not";
    if (found->second != std::pair{start.number, start.phase}) {
      return NameOf(workflow, at) + " is at work otherwise than the state says";
    }
    expected.erase(found);
  }
  if (!expected.empty()) {
    return NameOf(workflow, expected.begin()->first) + " is said to be at work, and is not";
  }
  const bool runs = std::holds_alternative<Running>(state.status);
  if (runs && at_work.empty() && !planning) return "the run is RUNNING, and nothing is at work";
  return {};
}

std::string JudgeTimers(const RunState& state) {
  const std::vector<Timer> timers = TimersOf(state);
  const RunStatus status = StatusOf(state);
  if (IsFinal(status) && !timers.empty()) return "a run that is over has a timer";
  const bool held = status == RunStatus::kPaused || status == RunStatus::kNeedsAttention;
  for (const Timer& timer : timers) {
    if (held && (timer.kind == TimerKind::kRetry || timer.kind == TimerKind::kWait ||
                 timer.kind == TimerKind::kWindowOpens)) {
      return "a timer would start something while the run is held";
    }
  }
  const auto has = [&](TimerKind kind, Time due) {
    return std::find(timers.begin(), timers.end(), Timer{kind, due}) != timers.end();
  };
  if (const auto* rolling = std::get_if<RollingBack>(&state.status)) {
    const auto& again = rolling->rollback.retry_at;
    if (again && !has(TimerKind::kCompensationRetry, *again)) return "nothing wakes the rollback";
  }
  const Activity* root = ActivityOf(state);
  const auto* running = std::get_if<Running>(&state.status);
  if (root == nullptr || (running != nullptr && running->stop)) return {};
  for (const Activity* leaf : LeavesOf(*root)) {
    const auto* backing = std::get_if<BackingOff>(leaf);
    const auto* sleeping = std::get_if<Sleeping>(leaf);
    const auto* approval = std::get_if<AwaitingApproval>(leaf);
    const auto* window = std::get_if<AwaitingWindow>(leaf);
    if (!held && window && !has(TimerKind::kWindowOpens, window->opens)) {
      return "nothing wakes what waits for the window";
    }
    if (!held && backing && !has(TimerKind::kRetry, backing->retry_at)) {
      return "nothing wakes a retry";
    }
    if (!held && sleeping && sleeping->until && !has(TimerKind::kWait, *sleeping->until)) {
      return "nothing ends a wait";
    }
    const Hold* hold = HoldOf(state);
    const bool stands = hold != nullptr && ClockStands(*hold, *leaf);
    if (approval && !stands && approval->request.expires &&
        !has(TimerKind::kApprovalExpiry, *approval->request.expires)) {
      return "nothing ends an approval";
    }
  }
  return {};
}

std::string JudgeWaiting(const definition::Workflow& workflow, const RunState& state) {
  const RunStatus status = StatusOf(state);
  const auto why = WhyItWaits(workflow, state);
  const auto* rolling = std::get_if<RollingBack>(&state.status);
  const bool at_work = status == RunStatus::kRunning ||
                       (rolling != nullptr && rolling->rollback.at && !rolling->rollback.retry_at);
  if (IsFinal(status) || at_work) {
    return why ? "a run that is " + std::string(WordOf(status)) + " says that it waits" : "";
  }
  if (!why || why->reason.empty()) return "the run does not say why it waits";
  if (why->who.empty()) return "nobody is named who can unblock the run";
  return {};
}

}  // namespace recourse::simulation
