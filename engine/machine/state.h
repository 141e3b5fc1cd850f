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
  // It is over, and a person was asked what is true of its effect.
  bool asked = false;
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
  std::optional<Error> error{};  // of kFailed, where an attempt or the step failed
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
  std::size_t escalated = 0;  // how many of the request's escalations have come
  std::optional<StepRef> held;  // of one that overrides the window: what goes on then
  bool operator==(const AwaitingApproval&) const = default;
};
struct Sleeping {
  int step = 0;
  std::optional<Time> until;
  std::string signal;  // that it waits for; empty: for a time
  bool operator==(const Sleeping&) const = default;
};
struct AwaitingWindow {
  StepRef at;
  Time opens;
  bool operator==(const AwaitingWindow&) const = default;
};
struct Answer {  // to an item of a checklist
  std::string by;
  std::string note;
  Time at;
  bool operator==(const Answer&) const = default;
};
struct Checklist {
  int step = 0;
  ManualStarted request;
  std::map<std::string, Answer> answers;  // by item
  bool operator==(const Checklist&) const = default;
};
// Of a branch: nothing is left to do in it.
struct Over {
  std::optional<Error> error;
  bool stopped = false;
  bool operator==(const Over&) const = default;
};
// The run is inside a step: on a way through each of its blocks, or in several items of a for_each.
struct Lane;
struct Inside {
  int step = 0;
  std::vector<Lane> lanes;  // of a for_each: of the items at work
  bool stops_others = true;
  std::optional<Error> failure;  // of the first lane that failed
  // Of a for_each; items is 0 otherwise.
  int items = 0;
  int next_item = 0;
  int parallel_max = 1;
  bool operator==(const Inside& other) const;
};

// What a run, or a lane of it, is at.
using Activity = std::variant<Ready, Attempting, Planning, BackingOff, AwaitingApproval, Sleeping,
                              AwaitingWindow, Checklist, Over, Inside>;

struct Lane {
  int first = 0;  // its steps: [first, end)
  int end = 0;
  int item = -1;  // of a for_each: its item
  Activity activity;
  bool operator==(const Lane&) const = default;
};
inline bool Inside::operator==(const Inside& other) const {
  return step == other.step && lanes == other.lanes && stops_others == other.stops_others &&
         failure == other.failure && items == other.items && next_item == other.next_item &&
         parallel_max == other.parallel_max;
}

// --- statuses ---

struct Created {  // before RunStarted
  bool operator==(const Created&) const = default;
};
struct Queued {
  RunId holder;
  bool operator==(const Queued&) const = default;
};
struct Running {  // something is Ready (inside a decision only), Attempting or Planning
  Activity activity;
  std::optional<StopRequested> stop;
  bool operator==(const Running&) const = default;
};
struct Waiting {  // everything is BackingOff, AwaitingApproval, Sleeping or Checklist
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
  // What else a person must answer, after this: other branches had work when the first one asked.
  std::vector<AttentionNeeded> others{};
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
  Value item{};    // of a for_each
  Value inputs_around{};  // of the sub-workflow that it stands in
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
  Time entered{};             // at the last visit
  bool stale = false;         // the sub-workflow began anew and has not come to the step again
  Value inputs;               // of a sub-workflow
  std::optional<std::pair<int, int>> inside;  // of a sub-workflow: its steps, [first, end)
  std::optional<Error> error;  // its last failure
  Value evidence;
  bool operator==(const StepState&) const = default;
};

struct Signal {
  Value payload;
  std::string by;
  bool operator==(const Signal&) const = default;
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
  // What the run ends in once what its definition runs at last is done.
  std::optional<FinishStarted> finishing;
  Value window;  // null: none
  bool window_overridden = false;
  std::optional<Time> rollback_by;  // see AttemptStarted
  std::map<std::string, std::vector<Signal>> signals;  // that no step has taken yet, by name
  bool operator==(const RunState&) const = default;
};

RunStatus StatusOf(const RunState& state);

// Takes a vote into `votes`: the last word of each person counts.
void CountVote(std::vector<AwaitingApproval::Cast>& votes, const Envelope& envelope,
               const VoteCast& cast);

// What the run is at: of the statuses that have an activity, and where it needs attention and is not
// on its way back; null in the others.
const Activity* ActivityOf(const RunState& state);
Activity* ActivityOf(RunState& state);

// --- activities are trees, whose leaves are what the lanes are at ---

// The lane that `place` stands in, or the item of a for_each: what it is at. Null when there is none.
const Activity* FindActivity(const Activity& root, StepRef place);
Activity* FindActivity(Activity& root, StepRef place);

// Every leaf, in the order of the lanes.
std::vector<const Activity*> LeavesOf(const Activity& root);

// Whether an effect is at work that will bring an outcome.
bool IsAtWork(const Activity& leaf);
bool AnyAtWork(const Activity& root);

// The open approval of that id; null when there is none.
const AwaitingApproval* FindApproval(const RunState& state, ApprovalId id);
std::vector<const AwaitingApproval*> ApprovalsOf(const RunState& state);

// The step, or item of it, that an activity is about: of one with lanes, of the first that is at work
// or waits.
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
// The reason of a lane that waits for people to work off a checklist begins with this.
inline constexpr std::string_view kChecklistReason = "checklist at ";
// Nothing for a run that is at work or over.
std::optional<WhyWaiting> WhyItWaits(const definition::Workflow& workflow, const RunState& state);

// A time at which the run wants to be told; stored in an index. Stored: the numbers.
enum class TimerKind {
  kRetry = 1,
  kWait = 2,  // the end of a wait, and of the time that people have for a checklist
  kApprovalExpiry = 3,
  kDeadline = 4,
  kCompensationRetry = 5,
  kEscalation = 6,
  kWindowOpens = 7,
  kWindowClosing = 8,  // a rollback must begin now to be over in time
};
struct Timer {
  TimerKind kind = TimerKind::kRetry;
  Time due;
  auto operator<=>(const Timer&) const = default;
};
std::vector<Timer> TimersOf(const RunState& state);
std::vector<Timer> TimersOf(const Activity& leaf);

// The state after one more event. Has a case for every event; an event that cannot follow `state`
// is a broken invariant.
// REQUIRES: envelope.sequence == state.revision + 1.
void Apply(RunState& state, const Envelope& envelope, const Event& event);

}  // namespace recourse::machine
