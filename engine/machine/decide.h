// The rules: what an input does to a run.
//
// Pure: no clock, no randomness, no I/O, no locks, no logs. What a rule needs of the world stands
// in Facts.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "engine/machine/state.h"

namespace recourse::machine {

// --- inputs ---

struct Start {
  std::string request_id;
  Value inputs;  // resolved
  std::string lock;
  RunId lock_holder;       // 0: the lock is free, or there is none
  Value window{};          // see definition::ReadWindow; null: none
  Value policy{};          // see PolicyOf; null: none
  std::string severity{};  // empty: the workflow's
  std::string hold{};      // why the run is paused before its first step; empty: it is not
};
struct LockGranted {};
// Another run has got the lock that this one waits for.
struct LockPassed {
  RunId holder;
};
struct Prepared {
  StepRef at;
  int number = 1;
  Value undo;
};
struct Progressed {
  StepRef at;
  int number = 1;
  Value checkpoint;
};
struct Applied {  // applied and verified
  StepRef at;
  int number = 1;
  Value output;
  std::string note;
};
// `phase` is the one that failed. A failed Prepare leaves nothing behind.
struct AttemptBroke {
  StepRef at;
  int number = 1;
  Phase phase = Phase::kApply;
  Failure failure;
  bool inconclusive = false;  // applied, but verify could not tell; failure.evidence has its facts
  Value output;               // with inconclusive
};
struct Probed {
  StepRef at;
  int number = 1;
  ProbeAnswer answer;
};
struct Compensated {
  StepRef at;
  int number = 1;
  Value output;
};
struct CompensationBroke {
  StepRef at;
  int number = 1;
  Failure failure;
};
struct PlanMade {
  int step = 0;
  // See engine/runtime/plan_maker.h.
  Value plan;
  std::int64_t of = 0;  // MakePlan's; 0: not said
};
struct TimerFired {
  Timer timer;
};
// The server has started again and found the run at work.
struct Restarted {};

// From people. The envelope's principal is who.
struct CastVote {
  ApprovalId id;
  Vote vote = Vote::kApprove;
  std::string reason;
  std::string channel;
  std::vector<std::string> roles;  // the voter's
  std::string digest;              // of what was shown; empty: not checked
  bool second_factor = false;      // the voter gave a one-time code that is right
};
struct Pause {
  std::string reason;
};
struct Resume {
  std::string reason;
};
// Puts the run aside: as Pause, and its timers stop. Also of one that asks.
struct Quarantine {
  std::string reason;
};
struct Cancel {
  std::string reason;
  bool rollback = false;
  std::optional<Finding> finding;  // where an effect is unknown: what is true of it
};
struct Retry {
  std::string reason;
  std::string step{};  // its id; may be empty where the run is at one step only
};
struct Skip {
  std::string step;  // its id; may be empty where the run is at one step only
  Value output;
  std::string reason;
};
struct RollBack {
  std::string checkpoint;  // its id; empty: to the start
  std::string reason;
  std::optional<Finding> finding;
};
struct Annotate {
  std::string text;
  std::optional<Reference> reference{};
};
struct SendSignal {
  std::string name;
  Value payload;
};
// Asks those who may for leave to go on outside the window.
struct OverrideWindow {
  std::string reason;
};
// A person says what is true of an effect that the run asks about.
struct ResolveEffect {
  std::string step;  // its id; may be empty
  Finding finding = Finding::kApplied;
  Value output;  // with kApplied: what the step should have answered
  std::string reason;
};
// Gives an input of a step that has not begun another value. What was approved is asked anew: an
// open approval by its step, one that was given by those who gave it.
struct OverrideInput {
  std::string step;
  std::string input;
  Value value;
  std::string reason;
};
// Who says it takes care of the run.
struct Acknowledge {
  std::string reason;
  std::vector<std::string> roles{};  // of who says so
};
// Goes on by `to`, which is the same as the run's definition as far as the run has come.
struct AdoptDefinition {
  std::shared_ptr<const definition::Workflow> to;
  std::string reason;
  std::string
      digest{};  // how the digest of the one that is meant begins; checked before it gets here
};
struct AnswerItem {  // of a checklist
  std::string step;  // its id; may be empty where one checklist is open
  std::string item;
  bool done = true;  // false: it cannot be done, which needs a note
  std::string note;
  std::vector<std::string> roles;  // of who answers
};

class Input
    : public std::variant<Start, LockGranted, LockPassed, Prepared, Progressed, Applied,
                          AttemptBroke, Probed, Compensated, CompensationBroke, PlanMade,
                          TimerFired, Restarted, CastVote, Pause, Resume, Cancel, Retry, Skip,
                          RollBack, Annotate, SendSignal, AnswerItem, OverrideWindow, Quarantine,
                          ResolveEffect, OverrideInput, Acknowledge, AdoptDefinition> {
 public:
  Input();
  template <AlternativeOf<Input> T>
  Input(T&& one) : variant(std::in_place_type<std::remove_cvref_t<T>>, std::forward<T>(one)) {}
  Input(const Input&);
  Input(Input&&) noexcept;
  Input& operator=(const Input&);
  Input& operator=(Input&&) noexcept;
  ~Input();
};
std::string_view NameOf(const Input& input);

// How the run's window stands.
struct WindowNow {
  std::optional<Time> closes;  // set while it is open
  std::optional<Time> opens;   // for the next time; none: never again
};

// What a rule may know beside definition, state and input.
struct Facts {
  Time now;
  std::string principal;     // who caused the input; "engine" for the engine itself
  double jitter = 0;         // 0 to 1, drawn by the caller: spreads retries
  ApprovalId next_approval;  // the id that a requested approval gets
  // Of the journal's last event: a lock's fencing token is the place of the event that acquires it.
  std::int64_t position = 0;
  std::int64_t inputs_bytes_max = 256 * 1024;  // of an attempt, as JSON
  std::optional<WindowNow> window{};           // where the run has one
  std::string via{};                           // see Envelope
};

// --- effects: what the runtime does once the events are durable ---

struct StartPhase {  // prepare, apply (and verify), probe or compensate, by `phase`
  StepRef at;
  int number = 1;
  Phase phase = Phase::kApply;
  std::string action;
  std::string key;  // "R-1042@1763704238123456/restore/1", the same after a crash
  Value inputs;
  Value undo;
  Value checkpoint;
  Value output;  // with kCompensate: what the attempt answered
  Time deadline;
  std::int64_t fencing_token = 0;
  // This apply was at work when the server stopped: it may have had effects before it begins again.
  bool resumed = false;
  // With kCompensate: the action is another than the step's; it is applied, and so undoes the step.
  bool instead = false;
  bool operator==(const StartPhase&) const = default;
};
struct StopAttempt {
  StepRef at;
  bool operator==(const StopAttempt&) const = default;
};
// Calls Plan() of every action that may follow `step`, then sends PlanMade.
struct MakePlan {
  int step = 0;
  std::int64_t of = 0;  // the sequence of the PlanStarted that it answers
  bool operator==(const MakePlan&) const = default;
};
struct ReleaseLock {  // grants it to the run that has waited longest
  std::string lock;
  bool operator==(const ReleaseLock&) const = default;
};
// What is told. "attended": nobody is needed any more; the run goes on, or has ended well.
inline constexpr std::string_view kNotifications[] = {
    "approval_requested", "approval_escalated", "checklist",     "needs_attention", "escalated",
    "acknowledged",       "attended",           "run_succeeded", "run_failed"};

// What a step has said to a channel of its choice. The first line of its text is its subject.
inline constexpr std::string_view kMessage = "message";

// Tells the channels that listen: stored in the outbox with the events.
struct Notify {
  std::string event;  // one of kNotifications, or kMessage
  std::string text;
  std::string channel{};  // of kMessage: the one that is told; else those that the routes say
  bool operator==(const Notify&) const = default;
};

class Effect : public std::variant<StartPhase, StopAttempt, MakePlan, ReleaseLock, Notify> {
 public:
  Effect();
  template <AlternativeOf<Effect> T>
  Effect(T&& one) : variant(std::in_place_type<std::remove_cvref_t<T>>, std::forward<T>(one)) {}
  Effect(const Effect&);
  Effect(Effect&&) noexcept;
  Effect& operator=(const Effect&);
  Effect& operator=(Effect&&) noexcept;
  ~Effect();
  bool operator==(const Effect& other) const;
};

struct Decision {
  std::vector<Event> events;
  std::vector<Effect> effects;
  RunState after;  // with the events applied
};

// What `input` does to the run. The caller journals the events, then runs the effects. `after` is
// the fold of the journaled events when they go where facts.position says, one after the other.
//
// kFailedPrecondition: the input is not legal in the run's status; the message names the status.
// PossibleVerbs() tells what is legal. kAborted: the input answers something that is over (an older
// attempt, a settled approval, a plan that has changed). kInvalidArgument: the input itself is
// wrong (names the field). kPermissionDenied: a vote by somebody who may not. In each case nothing
// happens.
Result<Decision> Decide(const definition::Workflow& workflow, const RunState& state,
                        const Input& input, const Facts& facts);

// Whether a rule exists for this kind of input in this status: the table that the documentation
// prints and the tests hold.
bool IsLegal(RunStatus status, const Input& input);

// "stop[2]", the step's id with its item.
std::string NameOf(const definition::Workflow& workflow, StepRef at);

// The steps that may follow `step`, as far as they are known: the path that is taken when nothing
// fails and every switch takes its default (or, where that only fails, its first case that does
// not), up to the end or the next approval.
std::vector<int> ExpectedPath(const definition::Workflow& workflow, int step);

// The variables that expressions of a run see: inputs, steps, run, now, item, index, error.
class RunScope final : public expression::Scope {
 public:
  RunScope(const definition::Workflow& workflow, const RunState& state, Time now, StepRef at = {},
           const Value* items = nullptr)
      : workflow_(workflow),
        state_(state),
        now_(now),
        at_(at),
        items_(items),
        frame_(workflow.steps[static_cast<std::size_t>(at.step)].frame) {}
  // Where a step is undone: `item` is that of its time, and `steps` has what it answered then.
  RunScope(const definition::Workflow& workflow, const RunState& state, Time now,
           const Done& undone)
      : RunScope(workflow, state, now, undone.at) {
    undone_ = &undone;
  }
  // What stands at the end of a sub-workflow.
  RunScope(const definition::Workflow& workflow, const RunState& state, Time now, int frame)
      : workflow_(workflow), state_(state), now_(now), frame_(frame) {}
  std::optional<Value> Find(std::string_view name) const override;

 private:
  Value Steps() const;

  const definition::Workflow& workflow_;
  const RunState& state_;
  Time now_;
  StepRef at_;
  const Value* items_ = nullptr;
  const Done* undone_ = nullptr;
  int frame_ = -1;  // whose names are seen
};

}  // namespace recourse::machine
