// What the engine's own inputs do: outcomes of attempts, timers, a restart.
#include <algorithm>

#include "engine/machine/draft.h"

namespace recourse::machine {
namespace {

// The attempt at work, when `at`, `number` and `phase` name it.
Result<Attempting> TheAttempt(const Draft& draft, StepRef at, int number, Phase phase) {
  const Activity* root = ActivityOf(draft.state());
  const Activity* lane = root == nullptr ? nullptr : FindActivity(*root, at);
  const auto* attempt = lane == nullptr ? nullptr : std::get_if<Attempting>(lane);
  if (attempt == nullptr || attempt->asked || attempt->at != at || attempt->number != number ||
      attempt->phase != phase) {
    return Aborted("the outcome of an attempt of " + NameOf(draft.workflow(), at) +
                   " that is no longer at work");
  }
  return *attempt;
}

Result<Rollback> TheCompensation(const Draft& draft, StepRef at, int number) {
  const auto* rolling = std::get_if<RollingBack>(&draft.state().status);
  if (rolling == nullptr || rolling->rollback.at != at || rolling->rollback.number != number ||
      rolling->rollback.retry_at) {
    return Aborted("the outcome of a compensation of " + NameOf(draft.workflow(), at) +
                   " that is no longer at work");
  }
  return rolling->rollback;
}

// The attempt in the lane of `at`, which is there.
const Attempting& AttemptIn(const Draft& draft, StepRef at) {
  return std::get<Attempting>(*FindActivity(*ActivityOf(draft.state()), at));
}

void ResumeIn(Draft& draft, const Attempting& attempt, Phase phase, bool resumed = false) {
  const StepRef at = attempt.at;
  draft.Emit(AttemptResumed{at, attempt.number, phase});
  draft.StartPhaseOf(AttemptIn(draft, at), resumed);
}

// The effect is unknown: a probe may tell, else a person must.
void Doubt(Draft& draft, const Attempting& attempt, Question question, const Error& error) {
  const bool probed = draft.ActionAt(attempt.at).repeat == RepeatClass::kProbed;
  if (probed && question == Question::kUnknownEffect)
    return ResumeIn(draft, attempt, Phase::kProbe);
  draft.Ask(question, attempt.at, error);
}

// After a crash: a phase was at work and nothing is known of how it ended.
void ResumeAfterCrash(Draft& draft, const Attempting& attempt) {
  if (attempt.phase != Phase::kApply) return ResumeIn(draft, attempt, attempt.phase);
  const definition::ActionStep& action = draft.ActionAt(attempt.at);
  if (!action.known) {
    return draft.Ask(Question::kUnknownEffect, attempt.at,
                     NoSuchAction(action,
                                  "the attempt was at work when the server stopped, and "
                                  "nothing is known of how it ended"));
  }
  switch (action.repeat) {
    case RepeatClass::kReadOnly:
    case RepeatClass::kIdempotent:
      return ResumeIn(draft, attempt, Phase::kApply, true);
    case RepeatClass::kProbed:
      return ResumeIn(draft, attempt, Phase::kProbe);
    case RepeatClass::kOnce:
      return draft.Ask(Question::kUnknownEffect, attempt.at,
                       Error{Code::kUnknown,
                             "the server stopped while the attempt was at work, and the action can "
                             "neither be repeated nor asked whether it took effect"});
  }
}

// The run is to stop and the attempt has changed nothing (any more): it ends here.
Result<void> EndUntouched(Draft& draft, const Attempting& attempt) {
  draft.FailAttempt(attempt, Error{Code::kCancelled, "stopped; it has changed nothing"}, {},
                    LeftBehind::kNothing);
  return {};
}

bool Pending(const RunState& state, const Timer& timer) {
  for (const Timer& pending : TimersOf(state)) {
    if (pending == timer) return true;
  }
  return false;
}

// Nobody decided in time.
void Expire(Draft& draft, const AwaitingApproval& awaiting) {
  const ApprovalRequested request = awaiting.request;
  if (request.on_expiry == OnExpiry::kEscalate) {
    const std::string& to = request.escalations.back().to;
    draft.Emit(ApprovalEscalated{request.id, to, true});
    return draft.Do(Notify{"approval_escalated",
                           draft.state().run.ToString() + ": " + request.id.ToString() +
                               " is overdue and waits for " + to + ": " + request.prompt});
  }
  const Error error{Code::kDeadlineExceeded,
                    "nobody decided " + request.id.ToString() + " in time; nothing was decided"};
  draft.Emit(ApprovalSettled{request.id, Settlement::kExpired});
  if (request.on_expiry == OnExpiry::kHold) {
    return draft.Ask(Question::kApprovalExpired, {request.step, -1}, error);
  }
  draft.FailStep({request.step, -1}, error);
  draft.Continue();
}

void Escalate(Draft& draft, const AwaitingApproval& awaiting) {
  const ApprovalRequested& request = awaiting.request;
  const std::string to = request.escalations[awaiting.escalated].to;
  const std::string text = draft.state().run.ToString() + " still waits for approval " +
                           request.id.ToString() + (to.empty() ? "" : ", now also from " + to) +
                           ": " + request.prompt;
  draft.Emit(ApprovalEscalated{request.id, to, false});
  draft.Do(Notify{"approval_escalated", text});
}

// What the action was to say goes out with the event that says that it has succeeded.
void Say(Draft& draft, const definition::ActionStep& action, const Value& output) {
  if (!action.sends) return;
  const std::string subject = output.StringOr("subject", "");
  draft.Do(Notify{std::string(kMessage),
                  (subject.empty() ? "" : subject + "\n\n") + output.StringOr("text", ""),
                  output.StringOr("channel", "")});
}

// A wait, or the time for a checklist, is over.
void EndWait(Draft& draft, const Activity& leaf) {
  if (const auto* checklist = std::get_if<Checklist>(&leaf)) {
    draft.FailStep({checklist->step, -1},
                   Error{Code::kDeadlineExceeded, "the checklist was not done in time"});
  } else if (const auto& sleeping = std::get<Sleeping>(leaf); sleeping.signal.empty()) {
    draft.Emit(WaitEnded{sleeping.step, {}});
  } else {
    draft.FailStep({sleeping.step, -1}, Error{Code::kDeadlineExceeded,
                                              "no signal " + sleeping.signal + " came in time"});
  }
  draft.Continue();
}

// Time is over: attempts at work are stopped first, the rest follows their outcomes.
void StopNow(Draft& draft, const StopRequested& stop) {
  const RunState& state = draft.state();
  std::vector<StepRef> waiting;
  for (const Activity* leaf : LeavesOf(*ActivityOf(state))) {
    const bool attempting = std::holds_alternative<Attempting>(*leaf);
    const bool stands = std::holds_alternative<Ready>(*leaf) || std::holds_alternative<Over>(*leaf);
    if (!attempting && !stands) waiting.push_back(PlaceOf(*leaf));
  }
  draft.VoidApprovals();
  draft.Emit(stop);
  draft.StopAllPhases();
  // Where nothing was under way (under pause), no step fails.
  for (const StepRef at : waiting) {
    draft.FailStep(at, Error{Code::kDeadlineExceeded, stop.reason});
  }
  draft.Continue();
}

void MissDeadline(Draft& draft) {
  if (std::holds_alternative<Queued>(draft.state().status)) {
    return draft.EndRun(RunFailed{
        {Code::kDeadlineExceeded, "the run's deadline was over before the lock was free"}});
  }
  StopNow(draft, {StopKind::kDeadline, false, {}, "the run's deadline is over"});
}

// The leaf whose time it is; null for a timer of the whole run.
const Activity* LeafOf(const RunState& state, const Timer& timer) {
  const Activity* root = ActivityOf(state);
  if (root == nullptr) return nullptr;
  const Hold* hold = HoldOf(state);
  for (const Activity* leaf : LeavesOf(*root)) {
    if (hold != nullptr && ClockStands(*hold, *leaf)) continue;
    const auto timers = TimersOf(*leaf);
    if (std::find(timers.begin(), timers.end(), timer) != timers.end()) return leaf;
  }
  return nullptr;
}

}  // namespace

Result<void> On(Draft& draft, const Prepared& input) {
  auto attempt = TheAttempt(draft, input.at, input.number, Phase::kPrepare);
  if (!attempt) return std::move(attempt).error();
  if (draft.IsStopping(input.at)) return EndUntouched(draft, *attempt);
  draft.Emit(AttemptPrepared{input.at, input.number, input.undo});
  draft.StartPhaseOf(AttemptIn(draft, input.at));
  return {};
}

Result<void> On(Draft& draft, const Progressed& input) {
  auto attempt = TheAttempt(draft, input.at, input.number, Phase::kApply);
  if (!attempt) return std::move(attempt).error();
  draft.Emit(AttemptProgressed{input.at, input.number, input.checkpoint});
  return {};
}

Result<void> On(Draft& draft, const Applied& input) {
  auto attempt = TheAttempt(draft, input.at, input.number, Phase::kApply);
  if (!attempt) return std::move(attempt).error();
  draft.Emit(AttemptSucceeded{input.at, input.number, input.output, Source::kApply, input.note});
  Say(draft, draft.ActionAt(input.at), input.output);
  draft.Continue();
  return {};
}

Result<void> On(Draft& draft, const AttemptBroke& input) {
  auto attempt = TheAttempt(draft, input.at, input.number, input.phase);
  if (!attempt) return std::move(attempt).error();
  const Failure& failure = input.failure;
  if (input.inconclusive) {
    draft.Emit(
        AttemptFailed{input.at,
                      input.number,
                      failure.error,
                      Value::Object({{"output", input.output}, {"verify", failure.evidence}}),
                      LeftBehind::kUnknown,
                      {}});
    draft.Ask(Question::kVerifyInconclusive, input.at, failure.error);
    return {};
  }
  LeftBehind left = input.phase == Phase::kPrepare ? LeftBehind::kNothing : failure.left;
  const RepeatClass repeat = draft.ActionAt(input.at).repeat;
  if (repeat == RepeatClass::kReadOnly) left = LeftBehind::kNothing;
  if (left == LeftBehind::kUnknown && repeat == RepeatClass::kIdempotent) {
    // Whatever it left, repeating or undoing it ends in a known state.
    left = LeftBehind::kPartial;
  }
  if (left == LeftBehind::kUnknown) {
    draft.Emit(AttemptFailed{input.at, input.number, failure.error, failure.evidence, left, {}});
    Doubt(draft, AttemptIn(draft, input.at), Question::kUnknownEffect, failure.error);
    return {};
  }
  draft.FailAttempt(*attempt, failure.error, failure.evidence, left);
  return {};
}

Result<void> On(Draft& draft, const Probed& input) {
  auto found = TheAttempt(draft, input.at, input.number, Phase::kProbe);
  if (!found) return std::move(found).error();
  const Attempting& attempt = *found;
  const ProbeAnswer& answer = input.answer;
  using Verdict = ProbeAnswer::Verdict;
  const auto doubt = attempt.doubt;
  switch (answer.verdict) {
    case Verdict::kApplied:
      draft.Emit(
          AttemptSucceeded{input.at, input.number, answer.output, Source::kProbe, answer.message});
      draft.Continue();
      return {};
    case Verdict::kNotApplied:
      if (draft.IsStopping(input.at)) return EndUntouched(draft, attempt);
      if (doubt) {
        draft.FailAttempt(attempt, doubt->error, doubt->evidence, LeftBehind::kNothing);
      } else {
        ResumeIn(draft, attempt, Phase::kApply);
      }
      return {};
    case Verdict::kPartial:
      if (doubt) {
        draft.FailAttempt(attempt, doubt->error, doubt->evidence, LeftBehind::kPartial);
        return {};
      }
      if (draft.ActionAt(input.at).can_compensate) {
        ResumeIn(draft, attempt, Phase::kCompensate);
        return {};
      }
      break;
    case Verdict::kRepeatable:
      if (draft.IsStopping(input.at)) {
        draft.FailAttempt(attempt, Error{Code::kCancelled, "stopped; it may have taken effect"}, {},
                          LeftBehind::kPartial);
        return {};
      }
      // Another attempt would have another key.
      if (doubt) break;
      ResumeIn(draft, attempt, Phase::kApply, true);
      return {};
    case Verdict::kUnknown:
      break;
  }
  const std::string said = answer.message.empty() ? "the probe cannot tell" : answer.message;
  draft.Ask(Question::kUnknownEffect, input.at,
            doubt ? doubt->error.In(said) : Error{Code::kUnknown, said});
  return {};
}

Result<void> On(Draft& draft, const Compensated& input) {
  if (!std::holds_alternative<RollingBack>(draft.state().status)) {
    // Part of the effect was found after a crash and is put back: now it applies again.
    auto attempt = TheAttempt(draft, input.at, input.number, Phase::kCompensate);
    if (!attempt) return std::move(attempt).error();
    if (draft.IsStopping(input.at)) return EndUntouched(draft, *attempt);
    ResumeIn(draft, *attempt, Phase::kApply);
    return {};
  }
  auto rollback = TheCompensation(draft, input.at, input.number);
  if (!rollback) return std::move(rollback).error();
  draft.Emit(CompensationSucceeded{input.at, input.output, Source::kApply, {}});
  if (const auto& instead = draft.ActionAt(input.at).compensation)
    Say(draft, *instead, input.output);
  draft.Unwind();
  return {};
}

Result<void> On(Draft& draft, const CompensationBroke& input) {
  if (!std::holds_alternative<RollingBack>(draft.state().status)) {
    auto attempt = TheAttempt(draft, input.at, input.number, Phase::kCompensate);
    if (!attempt) return std::move(attempt).error();
    draft.Ask(Question::kUnknownEffect, input.at,
              input.failure.error.In("part of the effect was found and could not be put back"));
    return {};
  }
  auto rollback = TheCompensation(draft, input.at, input.number);
  if (!rollback) return std::move(rollback).error();
  draft.FailCompensation(input);
  return {};
}

Result<void> On(Draft& draft, const PlanMade& input) {
  const Activity* root = ActivityOf(draft.state());
  const Activity* lane = root == nullptr ? nullptr : FindActivity(*root, {input.step, -1});
  const auto* planning = lane == nullptr ? nullptr : std::get_if<Planning>(lane);
  const bool other = planning != nullptr && input.of != 0 && input.of != planning->of;
  if (planning == nullptr || planning->step != input.step || other) {
    return Aborted("a plan that nobody waits for any more");
  }
  if (draft.IsStopping({input.step, -1})) {
    draft.FailStep({input.step, -1}, Error{Code::kCancelled, "stopped before anybody was asked"});
  } else {
    RequestApproval(draft, input.step, input.plan);
  }
  draft.Continue();
  return {};
}

Result<void> On(Draft& draft, const TimerFired& input) {
  if (!Pending(draft.state(), input.timer)) return Aborted("a timer that is no longer set");
  if (input.timer.due > draft.facts().now) return Aborted("a timer that is not due");
  if (input.timer.kind == TimerKind::kDeadline) {
    MissDeadline(draft);
  } else if (input.timer.kind == TimerKind::kCompensationRetry) {
    draft.Unwind();
  } else if (input.timer.kind == TimerKind::kPolicyLevel) {
    TellNextLevel(draft);
  } else if (input.timer.kind == TimerKind::kWindowClosing) {
    StopNow(draft,
            {StopKind::kWindow, true, {}, "the window closes; what was done is undone in time"});
  } else if (const Activity* leaf = LeafOf(draft.state(), input.timer)) {
    const bool begins =
        std::holds_alternative<BackingOff>(*leaf) || std::holds_alternative<AwaitingWindow>(*leaf);
    if (begins) {
      draft.BeginAttempt(PlaceOf(*leaf));
      draft.Continue();
    } else if (const auto* awaiting = std::get_if<AwaitingApproval>(leaf)) {
      const bool expires = input.timer.kind == TimerKind::kApprovalExpiry;
      expires ? Expire(draft, *awaiting) : Escalate(draft, *awaiting);
    } else {
      EndWait(draft, Activity(*leaf));
    }
  }
  return {};
}

Result<void> On(Draft& draft, const Restarted&) {
  const RunState& state = draft.state();
  if (const auto* rolling = std::get_if<RollingBack>(&state.status)) {
    if (!rolling->rollback.retry_at) draft.Unwind();
    return {};
  }
  if (ActivityOf(state) == nullptr) return {};
  std::vector<Activity> at_work;
  for (const Activity* leaf : LeavesOf(*ActivityOf(state))) {
    if (IsAtWork(*leaf)) at_work.push_back(*leaf);
  }
  for (const Activity& leaf : at_work) {
    if (const auto* planning = std::get_if<Planning>(&leaf)) {
      draft.Do(MakePlan{planning->step, planning->of});
      continue;
    }
    const auto& attempt = std::get<Attempting>(leaf);
    ResumeAfterCrash(draft, attempt);
    if (draft.IsStopping(attempt.at)) {
      draft.StopPhase(*FindActivity(*ActivityOf(draft.state()), attempt.at));
    }
  }
  return {};
}

}  // namespace recourse::machine
