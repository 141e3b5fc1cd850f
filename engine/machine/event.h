// What happened to a run, in the order in which it was decided. A run is the fold of its events.
//
// The envelope's values and the alternatives' order in `Event` are not stored; engine/record gives
// each event its stored number and form.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actions/action.h"
#include "engine/base/choice.h"
#include "engine/base/clock.h"
#include "engine/base/ids.h"
#include "engine/base/value.h"
#include "engine/definition/workflow.h"
#include "engine/machine/people_event.h"
#include "engine/machine/terms.h"

namespace recourse::machine {

struct RunStarted {
  std::string workflow;
  std::string digest;
  Value inputs;
  std::string request_id;
  std::string severity;
  std::string lock;  // the key; empty: none
  std::optional<Time> deadline;
  Value window{};      // see definition::ReadWindow; null: none
  Value policy{};      // who is told while the run needs a person; see Policy; null: nobody
  std::string hold{};  // why it is paused before its first step; empty: it is not
  bool operator==(const RunStarted&) const = default;
};
struct LockQueued {
  RunId holder;
  bool operator==(const LockQueued&) const = default;
};
// The fencing token is the event's position in the journal.
struct LockAcquired {
  bool operator==(const LockAcquired&) const = default;
};

struct StepSkipped {  // its `when` was false, or an operator said so
  StepRef at;
  Source by = Source::kApply;
  Value output;
  std::string reason;
  bool operator==(const StepSkipped&) const = default;
};
struct ForEachStarted {
  int step = 0;
  Value items;
  int parallel_max = 1;  // how many items are at work at once
  bool operator==(const ForEachStarted&) const = default;
};
struct AttemptStarted {
  StepRef at;
  int number = 1;
  Phase phase = Phase::kApply;  // kPrepare when the action has a prepare
  Value inputs;
  Time deadline;
  // When a rollback, this step included, must begin to be over before the window closes: set where
  // it then begins by itself.
  std::optional<Time> rollback_by{};
  bool operator==(const AttemptStarted&) const = default;
};
// The attempt does not begin before the window opens.
struct WindowAwaited {
  StepRef at;
  Time opens;
  bool operator==(const WindowAwaited&) const = default;
};
struct AttemptPrepared {
  StepRef at;
  int number = 1;
  Value undo;
  bool operator==(const AttemptPrepared&) const = default;
};
struct AttemptProgressed {
  StepRef at;
  int number = 1;
  Value checkpoint;
  bool operator==(const AttemptProgressed&) const = default;
};
// After a crash, or when a failure left an unknown effect: this phase is (again) at work.
struct AttemptResumed {
  StepRef at;
  int number = 1;
  Phase phase = Phase::kApply;
  bool operator==(const AttemptResumed&) const = default;
};
struct AttemptSucceeded {
  StepRef at;
  int number = 1;
  Value output;
  Source by = Source::kApply;
  std::string note;  // what verify said, or the operator's reason
};
struct AttemptFailed {
  StepRef at;
  int number = 1;
  Error error;
  Value evidence;
  LeftBehind left = LeftBehind::kNothing;
  std::optional<Time> retry_at;
  bool operator==(const AttemptFailed&) const = default;
};
// A step failed without an attempt: an expression, a rejected approval, a `fail` step.
struct StepFailed {
  StepRef at;
  Error error;
  bool operator==(const StepFailed&) const = default;
};
struct RetryRequested {  // by an operator
  StepRef at;
  std::string reason;
  bool operator==(const RetryRequested&) const = default;
};
struct FailureHandled {  // a failed step does not stop the run: on_error goto or continue
  StepRef at;
  std::optional<int> go_to;
  bool operator==(const FailureHandled&) const = default;
};
struct SwitchTaken {
  int step = 0;
  int go_to = 0;
  bool operator==(const SwitchTaken&) const = default;
};
struct CheckpointReached {
  int step = 0;
  bool operator==(const CheckpointReached&) const = default;
};
struct WaitStarted {
  int step = 0;
  std::optional<Time> until;  // of a signal: none when it may take for ever
  std::string signal{};       // its name
  bool pause_stops_clock = false;
  bool operator==(const WaitStarted&) const = default;
};
struct WaitEnded {
  int step = 0;
  Value output{};  // of a signal: {"payload", "by"}
  bool operator==(const WaitEnded&) const = default;
};
struct SignalReceived {  // kept until a step waits for it
  std::string name;
  Value payload;
  bool operator==(const SignalReceived&) const = default;
};
// Every branch has begun, each on a way of its own.
struct ParallelStarted {
  struct Branch {
    std::string name;
    int first = 0;  // its steps: [first, end)
    int end = 0;
    bool operator==(const Branch&) const = default;
  };
  int step = 0;
  std::vector<Branch> branches;
  bool stops_others = true;  // when one fails
  bool operator==(const ParallelStarted&) const = default;
};
// A branch, or an item of a for_each that has several at work, has come to its end, or was stopped
// because another one failed.
struct BranchEnded {
  int step = 0;
  int branch = 0;  // counts from 0; or the item
  std::optional<Error> error;
  bool stopped = false;
  bool operator==(const BranchEnded&) const = default;
};
struct SubWorkflowStarted {
  int step = 0;
  int first = 0;  // its steps: [first, end)
  int end = 0;
  Value inputs;
  bool operator==(const SubWorkflowStarted&) const = default;
};
struct StepCompleted {  // set, manual, parallel or a sub-workflow
  int step = 0;
  Value output;
  bool operator==(const StepCompleted&) const = default;
};
// The rest follows when the outcome of the attempt at work is known; at once without one.
struct StopRequested {
  StopKind kind = StopKind::kCancel;
  bool rollback = false;           // with kCancel: what was done is undone first
  std::optional<int> rollback_to;  // with kRollback: down to this checkpoint; none: to the start
  std::string reason;
  bool operator==(const StopRequested&) const = default;
};
struct AttentionNeeded {
  Question question = Question::kStepFailed;
  StepRef at;
  Error error;
  bool operator==(const AttentionNeeded&) const = default;
};
struct EffectResolved {  // a person says what is true of an effect that could not be told
  StepRef at;
  Finding finding = Finding::kApplied;
  std::string reason;
  bool operator==(const EffectResolved&) const = default;
};
struct RollbackStarted {
  std::optional<int> checkpoint;  // none: to the start (or down to a pivot)
  Afterwards then = Afterwards::kRolledBack;
  std::optional<int> go_to;  // with kGoTo
  Error cause;
  bool operator==(const RollbackStarted&) const = default;
};
struct CompensationStarted {
  StepRef at;
  int number = 1;
  bool operator==(const CompensationStarted&) const = default;
};
struct CompensationSucceeded {
  StepRef at;
  Value output;
  Source by = Source::kApply;  // kOperator: skipped, with the reason in `note`
  std::string note;
  bool operator==(const CompensationSucceeded&) const = default;
};
struct CompensationFailed {
  StepRef at;
  int number = 1;
  Error error;
  Value evidence;
  std::optional<Time> retry_at;
  bool operator==(const CompensationFailed&) const = default;
};
struct CompensationSkipped {  // the action has no way back
  StepRef at;
  std::string reason;
  bool operator==(const CompensationSkipped&) const = default;
};
struct RollbackEnded {  // at a checkpoint: the run goes on at the go_to, or asks a person
  bool operator==(const RollbackEnded&) const = default;
};
// The run's end is known; what its definition runs at last comes before it.
struct FinishStarted {
  int first = 0;  // the step that it begins with
  Ending ending = Ending::kSucceeded;
  Error error;         // of the failure, or the cause of the rollback
  std::string reason;  // of a cancel
  Value outputs;
  bool operator==(const FinishStarted&) const = default;
};
struct RunSucceeded {
  Value outputs;
  bool operator==(const RunSucceeded&) const = default;
};
struct RunFailed {
  Error error;
  bool operator==(const RunFailed&) const = default;
};
struct RunCancelled {
  std::string reason;
  bool operator==(const RunCancelled&) const = default;
};
struct RunRolledBack {
  Error cause;
  bool operator==(const RunRolledBack&) const = default;
};
// A place outside that tells of the run, such as a message in a chat.
struct Reference {
  std::string kind;
  std::string about;  // "R-1042" or "A-381"
  std::string place;
  bool operator==(const Reference&) const = default;
};
struct RunAnnotated {
  std::string text;
  std::optional<Reference> reference{};  // set: no note, and `text` is empty
  bool operator==(const RunAnnotated&) const = default;
};

class Event
    : public std::variant<
          RunStarted, LockQueued, LockAcquired, StepSkipped, ForEachStarted, AttemptStarted,
          AttemptPrepared, AttemptProgressed, AttemptResumed, AttemptSucceeded, AttemptFailed,
          StepFailed, RetryRequested, FailureHandled, SwitchTaken, CheckpointReached, WaitStarted,
          WaitEnded, PlanStarted, ApprovalRequested, VoteCast, ApprovalSettled, RunPaused,
          RunResumed, StopRequested, AttentionNeeded, EffectResolved, RollbackStarted,
          CompensationStarted, CompensationSucceeded, CompensationFailed, CompensationSkipped,
          RollbackEnded, RunSucceeded, RunFailed, RunCancelled, RunRolledBack, RunAnnotated,
          SignalReceived, ParallelStarted, BranchEnded, SubWorkflowStarted, StepCompleted,
          ManualStarted, ItemAnswered, ApprovalEscalated, FinishStarted, WindowAwaited,
          ApprovalRevoked, InputOverridden, Escalated, RunAcknowledged, DefinitionAdopted> {
 public:
  Event();
  template <AlternativeOf<Event> T>
  Event(T&& one) : variant(std::in_place_type<std::remove_cvref_t<T>>, std::forward<T>(one)) {}
  Event(const Event&);
  Event(Event&&) noexcept;
  Event& operator=(const Event&);
  Event& operator=(Event&&) noexcept;
  ~Event();
};

// "AttemptStarted": the event's name, as the timeline shows it.
std::string_view NameOf(const Event& event);

// What every event carries beside its content.
struct Envelope {
  RunId run;
  std::int64_t sequence = 0;  // in the run, from 1
  std::int64_t position = 0;  // in the journal, from 1
  Time time;
  std::string principal;  // who caused it; "engine" for the engine itself
  std::string via{};  // who passed the principal's word on, and for which chat user; empty: nobody
};

}  // namespace recourse::machine
