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
  // REQUIRES: an attempt of it was made: an action, or the check of an item.
  const definition::ActionStep& ActionAt(StepRef at) const {
    return *definition::ActionOf(StepAt(at.step), at.item);
  }
  int EndIndex() const { return static_cast<int>(workflow_.steps.size()); }
  RunScope Scope(StepRef at) const;
  // The idempotency key of an attempt: "R-1042@1763704238123456/restore/1", the number being the
  // microsecond in which the run started. Run ids begin anew with each journal, and an action that
  // finds its own work by the key must not take another journal's for it.
  std::string KeyOf(StepRef at, int number) const;

  // One decision may ask for several.
  ApprovalId NextApproval() { return {facts_.next_approval.number + approvals_++}; }

  void Emit(Event event);
  void Do(Effect effect) { decision_.effects.push_back(std::move(effect)); }
  Decision Take() && {
    decision_.after = std::move(state_);
    return std::move(decision_);
  }

  // --- lanes.cc ---

  // Goes on from where the state stands until something is at work in every lane, the run waits, or
  // it is over.
  void Continue();
  // Whether an attempt of it is to end soon, and is not tried again: the run is being stopped, or
  // another lane has failed.
  bool IsStopping(StepRef at) const;
  // Closes the approvals that are open, of the whole run or within one lane: nobody is asked any
  // more.
  void VoidApprovals();
  void VoidApprovals(const Activity& within);
  // Nobody is asked any more whether an input may be overridden: the run does not go on forward.
  void VoidOverride();
  // Whether any leaf is an attempt about whose effect a person was asked.
  static bool AnyAsked(const Activity& activity);

  // --- forward.cc ---

  void BeginAttempt(StepRef at);
  // Hands signals that have come to the steps that wait for them.
  void TakeSignals();
  // The effect that sets `phase` of the attempt at work going.
  // `resumed`: it was at work when the server stopped, and may have had effects.
  void StartPhaseOf(const Attempting& attempt, bool resumed = false);
  // Stops the attempt at work where that saves effects. A probe finds out what is true and a
  // compensation puts things back: the rest of the run's end needs what they come to.
  void StopPhase(const Activity& leaf);
  void StopAllPhases();

  // --- failure.cc ---

  // Ends the attempt at work as failed, tried again later when the step's retry allows it.
  void FailAttempt(const Attempting& attempt, Error error, Value evidence, LeftBehind left);
  void FailStep(StepRef at, Error error);
  void Ask(Question question, StepRef at, Error error);
  // Ends the run and lets go of its lock; what its definition runs at last comes first.
  void EndRun(Event last);

  // --- rollback.cc ---

  // `automatic`: not at a person's word, so a pivot in the way asks one first, about the step `at`
  // where the run stands.
  void BeginRollback(RollbackStarted rollback, bool automatic, StepRef at);
  // Undoes the next step of a rollback, or ends it.
  void Unwind();
  void FailCompensation(const CompensationBroke& broke);

 private:
  struct Turn;
  std::optional<Turn> NextTurn(const Activity& activity, int step, int lane,
                               bool stopping = false) const;
  void Take(const Turn& turn);
  void GoOn(const Ready& at, int step, int lane);
  void Leave(int step, int lane);
  void LeaveBlockOf(int step);
  int LaneOf(int block) const;
  void StopLane(int step, int lane);
  void Close(int step);
  void FailLane(int step, int branch, Error error);
  // A step that stands inside another, or an item beside others, fails what it stands in: false
  // when it stands in none.
  bool FailsAround(StepRef at, const Error& error);

  void Enter(int step, bool again);
  void EnterKind(int step, const definition::ActionStep& action);
  void EnterKind(int step, const definition::ApprovalStep& approval);
  void EnterKind(int step, const definition::SwitchStep& choice);
  void EnterKind(int step, const definition::CheckpointStep&);
  void EnterKind(int step, const definition::WaitStep& wait);
  void EnterKind(int step, const definition::SucceedStep&);
  void EnterKind(int step, const definition::SetStep& set);
  void EnterKind(int step, const definition::ManualStep& manual);
  void EnterKind(int step, const definition::ParallelStep& parallel);
  void EnterKind(int step, const definition::SubWorkflowStep& sub);
  void EnterKind(int step, const definition::FailStep& fail);
  void BeginItem(StepRef at);
  void FollowUp(StepRef at);
  void AskPeople(int step, const definition::ManualStep& manual);
  // --- window.cc ---

  // Whether the attempt does not begin now because of the window; what happens instead is decided.
  bool HeldByWindow(StepRef at);
  // When a rollback that undoes the step too must begin; none: no window asks for it.
  std::optional<Time> RollbackBy(StepRef at) const;
  std::vector<StepRef> Changes(StepRef besides) const;
  std::chrono::microseconds UndoTime(StepRef besides) const;

  // When all attempts of the step must be over; none: nothing is said.
  std::optional<Time> DeadlineOf(StepRef at) const;
  void HandleFailure(StepRef at);
  // Fails a step whose turn has come too often. What would let the run go on past the failure
  // (on_error, continue) may be what leads it round, and is not asked.
  void BreakCircle(StepRef at, Error error);
  void Conclude(StepRef at, const Error& error, OnFailure on_failure);
  void ActOnStop(const StopRequested& stop);
  void Succeed();
  // Ends the run as it was to end before what runs at last.
  void EndAsKnown();
  void End(Event last);
  bool PivotAbove(std::optional<int> checkpoint) const;
  void EndRollback(const Rollback& rollback);
  void StartCompensation(const Done& done, StartPhase start);
  void CompensateInstead(const Done& done, const definition::ActionStep& action);

  const definition::Workflow& workflow_;
  RunState state_;
  const Facts& facts_;
  Decision decision_;
  std::int64_t approvals_ = 0;
};

// How many events one decision may come to before a person is asked: a path that goes in a circle
// without ever waiting would else hold up all runs, and fill the memory.
inline constexpr std::size_t kEventsMax = 10'000;

// What an expression answered as the journal gives it back, so that a run goes on from the same
// value after a crash as before it: a timestamp is a text, and so on.
Result<Value> AsJournaled(Result<Value> value);

// What a person is asked where `action` is one that this server lacks; `left` says what was not
// done.
Error NoSuchAction(const definition::ActionStep& action, std::string_view left);

// --- people.cc ---

// Asks for the approval of the step, showing `plan`.
void RequestApproval(Draft& draft, int step, Value plan);
// What an approval is bound to: SHA-256 of prompt, inputs and plan, in hexadecimal.
std::string DigestOf(const RunState& state, const ApprovalRequested& request);

// --- operators.cc ---

// "rolled back by ada: the page is damaged".
std::string Said(const Draft& draft, std::string_view what, const std::string& reason);

// --- policy.cc ---

// Tells the next level of the run's policy. REQUIRES: there is one.
void TellNextLevel(Draft& draft);

// One function an input: start.cc, outcomes.cc, people.cc, approvals.cc, changes.cc, operators.cc.
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
Result<void> On(Draft& draft, const SendSignal& input);
Result<void> On(Draft& draft, const AnswerItem& input);
Result<void> On(Draft& draft, const OverrideWindow& input);
Result<void> On(Draft& draft, const Quarantine& input);
Result<void> On(Draft& draft, const ResolveEffect& input);
Result<void> On(Draft& draft, const OverrideInput& input);
Result<void> On(Draft& draft, const Acknowledge& input);
Result<void> On(Draft& draft, const AdoptDefinition& input);

}  // namespace recourse::machine
