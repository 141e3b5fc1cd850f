// What a run is, after its events so far.
//
// One struct a status, holding only what is true there; what is true in every status is in
// RunState itself. States are values: Apply() alone changes them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "engine/machine/event.h"

namespace recourse::machine {

// Stored: the numbers are never reused.
enum class RunStatus {
  kQueued = 1,
  kRunning = 2,
  kWaiting = 3,
  kPaused = 4,
  kNeedsAttention = 5,
  kRollingBack = 6,
  kSucceeded = 7,
  kFailed = 8,
  kCancelled = 9,
  kRolledBack = 10,
};
std::string_view ToString(RunStatus status);
bool IsFinal(RunStatus status);

// --- what a run is doing, or would go on with ---

// An attempt is at work.
struct Attempting {
  StepRef at;
  int number = 1;
  Phase phase = Phase::kApply;
  Value inputs;
  Value undo;
  Value checkpoint;
  Time started;
  int tries = 1;  // attempts since the step was entered, this one included
  // Why the effect is in doubt: the failure that left it unknown (none after a crash).
  std::optional<AttemptFailed> doubt;
  bool operator==(const Attempting&) const = default;
};
// Nothing is at work: what comes next is known and has not begun. Stands between two events of one
// decision, and longer only while the run is paused or needs attention.
struct Ready {
  enum class Point {
    kEnter,     // the step is next; workflow.steps.size() is the end
    kAgain,     // the same, on an operator's word: it counts as no new visit and asks no `when`
    kFinished,  // the step (or item) is done; what follows it is next
    kFailed,    // the step has failed for good; what its definition says of that is next
  };
  int step = 0;
  int item = -1;
  Point point = Point::kEnter;
  bool operator==(const Ready&) const = default;
};
struct Planning {
  int step = 0;
  bool operator==(const Planning&) const = default;
};
struct BackingOff {
  StepRef at;
  int tries = 1;
  Error error;
  Time retry_at;
  bool operator==(const BackingOff&) const = default;
};
struct AwaitingApproval {
  int step = 0;
  ApprovalRequested request;
  struct Cast {
    std::string principal;
    Vote vote = Vote::kApprove;
    std::string reason;
    std::string channel;
    Time at;
    bool operator==(const Cast&) const = default;
  };
  std::vector<Cast> votes;
  Time requested{};      // the time of ApprovalRequested
  bool operator==(const AwaitingApproval&) const = default;
};
struct Sleeping {
  int step = 0;
  Time until;
  bool operator==(const Sleeping&) const = default;
};

// What a paused or running run is at.
using Activity = std::variant<Ready, Attempting, Planning, BackingOff, AwaitingApproval, Sleeping>;

// --- statuses ---

struct Created {  // before RunStarted
  bool operator==(const Created&) const = default;
};
struct Queued {
  RunId holder;
  bool operator==(const Queued&) const = default;
};
struct Running {  // Ready (inside a decision only), Attempting or Planning
  Activity activity;
  std::optional<StopRequested> stop;
  bool operator==(const Running&) const = default;
};
struct Waiting {  // BackingOff, AwaitingApproval or Sleeping
  Activity activity;
  bool operator==(const Waiting&) const = default;
};
struct Paused {
  Activity activity;
  std::string reason;
  std::string by;
  bool operator==(const Paused&) const = default;
};
// What a rollback has to do and has done.
struct Rollback {
  std::optional<int> checkpoint;
  Afterwards then = Afterwards::kRolledBack;
  std::optional<int> go_to;
  Error cause;
  // The compensation at work, if any: the top of RunState::done.
  std::optional<StepRef> at;
  int number = 0;
  std::optional<Time> retry_at;  // set while it waits to try a compensation again
  bool operator==(const Rollback&) const = default;
};
struct NeedsAttention {
  Question question = Question::kStepFailed;
  StepRef at;
  Error error;
  // What the run was at: an attempt whose effect is in doubt, an expired approval, a failed step, or
  // a rollback.
  std::variant<Activity, Rollback> from;
  // The attempt in doubt was being stopped: what was asked goes on once its effect is known.
  std::optional<StopRequested> stop{};
  bool operator==(const NeedsAttention&) const = default;
};
struct RollingBack {
  Rollback rollback;
  bool operator==(const RollingBack&) const = default;
};
struct Succeeded {
  Value outputs;
  bool operator==(const Succeeded&) const = default;
};
struct Failed {
  Error error;
  bool operator==(const Failed&) const = default;
};
struct Cancelled {
  std::string reason;
  bool operator==(const Cancelled&) const = default;
};
struct RolledBack {
  Error cause;
  bool operator==(const RolledBack&) const = default;
};

using Status = std::variant<Created, Queued, Running, Waiting, Paused, NeedsAttention, RollingBack,
                            Succeeded, Failed, Cancelled, RolledBack>;

// A step, or checkpoint, that a rollback may have to undo: the stack of these is RunState::done.
struct Done {
  enum class Kind { kStep = 1, kPartial = 2, kCheckpoint = 3 };
  Kind kind = Kind::kStep;
  StepRef at;
  int number = 1;  // the attempt
  Value inputs;
  Value undo;
  Value output;
  bool operator==(const Done&) const = default;
};

// What is known of one step, by its index.
struct StepState {
  int visits = 0;             // how often the run entered it
  bool succeeded = false;     // its output is valid
  bool skipped = false;
  Value output;               // of a for_each: the list of the items' outputs
  std::map<int, int> attempts;  // by item (-1 without): attempts so far, over all visits
  Value items;                // of a for_each
  std::optional<Error> error;  // its last failure
  Value evidence;
  bool operator==(const StepState&) const = default;
};

struct RunState {
  RunId run;
  std::int64_t revision = 0;  // the sequence of the last event
  std::int64_t position = 0;  // the position of the last event
  std::string workflow;
  std::string digest;
  Value inputs;
  std::string requester;
  std::string request_id;
  std::string severity;
  std::string lock;
  std::int64_t fencing_token = 0;
  bool holds_lock = false;
  Time started;
  Time changed;  // of the last event
  Time since;    // of the last change of status or activity
  std::optional<Time> deadline;
  bool deadline_over = false;  // it has been acted on
  Status status;
  std::map<int, StepState> steps;
  std::vector<Done> done;  // in the order of completion
  // The last failure, which `error` names in an error path; none before the first.
  std::optional<Error> error;
  std::optional<StepRef> error_at;
  Value error_evidence;
  bool operator==(const RunState&) const = default;
};

RunStatus StatusOf(const RunState& state);

// Takes a vote into `votes`: the last word of each person counts.
void CountVote(std::vector<AwaitingApproval::Cast>& votes, const Envelope& envelope,
               const VoteCast& cast);

// What the run is at: of the statuses that have an activity; null in the others.
const Activity* ActivityOf(const RunState& state);

// The step, or item of it, that an activity is about.
StepRef PlaceOf(const Activity& activity);

// Why a run waits: stored with the transition that parked it, shown as it is.
struct WhyWaiting {
  std::string reason;   // "waits for an approval: Restore ...?"
  std::string who;      // who or what can unblock it: "dba or incident-commander"
  std::string next;     // what happens next by itself: "expires and is held"; empty: nothing
  Time since;
  std::optional<Time> next_at;
  bool operator==(const WhyWaiting&) const = default;
};
// Nothing for a run that is at work or over.
std::optional<WhyWaiting> WhyItWaits(const definition::Workflow& workflow, const RunState& state);

// A time at which the run wants to be told; stored in an index. Stored: the numbers.
enum class TimerKind { kRetry = 1, kWait = 2, kApprovalExpiry = 3, kDeadline = 4, kCompensationRetry = 5 };
struct Timer {
  TimerKind kind = TimerKind::kRetry;
  Time due;
  auto operator<=>(const Timer&) const = default;
};
std::vector<Timer> TimersOf(const RunState& state);

// The state after one more event. Has a case for every event; an event that cannot follow `state`
// is a broken invariant.
// REQUIRES: envelope.sequence == state.revision + 1.
void Apply(RunState& state, const Envelope& envelope, const Event& event);

}  // namespace recourse::machine
