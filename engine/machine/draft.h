// A decision while it is being made: private to engine/machine.
//
// Events are applied to a copy of the state as they are added, so that each rule sees what the ones
// before it did.
#pragma once

#include <algorithm>
#include <string>

#include "engine/machine/decide.h"

namespace recourse::machine {

class Draft {
 public:
  Draft(const definition::Workflow& workflow, const RunState& state, const Facts& facts)
      : workflow_(workflow), state_(state), facts_(facts) {
    state_.position = std::max(state_.position, facts.position);
  }

  const definition::Workflow& workflow() const { return workflow_; }
  const RunState& state() const { return state_; }
  const Facts& facts() const { return facts_; }
  const definition::Step& StepAt(int index) const {
    return workflow_.steps[static_cast<std::size_t>(index)];
  }
  // REQUIRES: the step is an action.
  const definition::ActionStep& ActionAt(int index) const {
    return std::get<definition::ActionStep>(StepAt(index).kind);
  }
  RunScope Scope(StepRef at) const;
  // The idempotency key of an attempt: "R-1042@1763704238123456/restore/1", the number being the
  // microsecond in which the run started. Run ids begin anew with each journal, and an action that
  // finds its own work by the key must not take another journal's for it.
  std::string KeyOf(StepRef at, int number) const;

  void Emit(Event event);
  void Do(Effect effect) { decision_.effects.push_back(std::move(effect)); }
  Decision Take() && {
    decision_.after = std::move(state_);
    return std::move(decision_);
  }

  // --- forward.cc ---

  // Goes on from where the state stands until something is at work, the run waits, or it is over.
  void Continue();
  void BeginAttempt(StepRef at);
  // The effect that sets `phase` of the attempt at work going.
  // `resumed`: it was at work when the server stopped, and may have had effects.
  void StartPhaseOf(const Attempting& attempt, bool resumed = false);
  // Stops the attempt at work where that saves effects. A probe finds out what is true and a
  // compensation puts things back: the rest of the run's end needs what they come to.
  void StopPhase();

  // --- failure.cc ---

  // Ends the attempt at work as failed, tried again later when the step's retry allows it.
  void FailAttempt(const Attempting& attempt, Error error, Value evidence, LeftBehind left);
  void FailStep(StepRef at, Error error);
  void Ask(Question question, StepRef at, Error error);
  // Ends the run and lets go of its lock.
  void End(Event last);

  // --- rollback.cc ---

  // `automatic`: not at a person's word, so a pivot in the way asks one first, about the step `at`
  // where the run stands.
  void BeginRollback(RollbackStarted rollback, bool automatic, StepRef at);
  // Undoes the next step of a rollback, or ends it.
  void Unwind();
  void FailCompensation(const CompensationBroke& broke);

 private:
  void Enter(int step, bool again);
  void EnterKind(int step, const definition::ActionStep& action);
  void EnterKind(int step, const definition::ApprovalStep& approval);
  void EnterKind(int step, const definition::SwitchStep& choice);
  void EnterKind(int step, const definition::CheckpointStep&);
  void EnterKind(int step, const definition::WaitStep& wait);
  void EnterKind(int step, const definition::SucceedStep&);
  void EnterKind(int step, const definition::FailStep& fail);
  void FollowUp(StepRef at);
  void HandleFailure(StepRef at);
  // Fails a step whose turn has come too often. What would let the run go on past the failure
  // (on_error, continue) may be what leads it round, and is not asked.
  void BreakCircle(StepRef at, Error error);
  void Conclude(StepRef at, const Error& error, OnFailure on_failure);
  void ActOnStop(const StopRequested& stop);
  void Succeed();
  bool PivotAbove(std::optional<int> checkpoint) const;
  void EndRollback(const Rollback& rollback);

  const definition::Workflow& workflow_;
  RunState state_;
  const Facts& facts_;
  Decision decision_;
};

// What a person is asked where `action` is one that this server lacks; `left` says what was not
// done.
Error NoSuchAction(const definition::ActionStep& action, std::string_view left);

// Asks for the approval of the step, showing `plan`: in forward.cc.
void RequestApproval(Draft& draft, int step, Value plan);

// One function an input: outcomes.cc and operators.cc.
Result<void> On(Draft& draft, const Start& input);
Result<void> On(Draft& draft, const LockGranted& input);
Result<void> On(Draft& draft, const LockPassed& input);
Result<void> On(Draft& draft, const Prepared& input);
Result<void> On(Draft& draft, const Progressed& input);
Result<void> On(Draft& draft, const Applied& input);
Result<void> On(Draft& draft, const AttemptBroke& input);
Result<void> On(Draft& draft, const Probed& input);
Result<void> On(Draft& draft, const Compensated& input);
Result<void> On(Draft& draft, const CompensationBroke& input);
Result<void> On(Draft& draft, const PlanMade& input);
Result<void> On(Draft& draft, const TimerFired& input);
Result<void> On(Draft& draft, const Restarted& input);
Result<void> On(Draft& draft, const CastVote& input);
Result<void> On(Draft& draft, const Pause& input);
Result<void> On(Draft& draft, const Resume& input);
Result<void> On(Draft& draft, const Cancel& input);
Result<void> On(Draft& draft, const Retry& input);
Result<void> On(Draft& draft, const Skip& input);
Result<void> On(Draft& draft, const RollBack& input);
Result<void> On(Draft& draft, const Annotate& input);

}  // namespace recourse::machine
