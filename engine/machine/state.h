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

#include "engine/machine/activity.h"

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
// A person has stopped the run for a while: what is at work is finished, nothing begins.
struct Hold {
  std::string reason;
  std::string by;
  Time since;
  // Put aside: no timer of the run fires, and nobody decides anything in it but to let it go on or
  // to end it.
  bool quarantined = false;
  bool operator==(const Hold&) const = default;
};
struct Paused {
  Activity activity;
  Hold hold;
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
  // What the run was at: an attempt whose effect is in doubt, an expired approval, a failed step,
  // or a rollback.
  std::variant<Activity, Rollback> from;
  // The attempt in doubt was being stopped: what was asked goes on once its effect is known.
  std::optional<StopRequested> stop{};
  // What else a person must answer, after this: other branches had work when the first one asked.
  std::vector<AttentionNeeded> others{};
  // It was held when it came to ask, or is since: once answered, it is paused.
  std::optional<Hold> hold{};
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

class Status : public std::variant<Created, Queued, Running, Waiting, Paused, NeedsAttention,
                                   RollingBack, Succeeded, Failed, Cancelled, RolledBack> {
 public:
  Status();
  template <AlternativeOf<Status> T>
  Status(T&& one) : variant(std::in_place_type<std::remove_cvref_t<T>>, std::forward<T>(one)) {}
  Status(const Status&);
  Status(Status&&) noexcept;
  Status& operator=(const Status&);
  Status& operator=(Status&&) noexcept;
  ~Status();
  bool operator==(const Status& other) const;
};

// A step, or checkpoint, that a rollback may have to undo: the stack of these is RunState::done.
struct Done {
  enum class Kind { kStep = 1, kPartial = 2, kCheckpoint = 3 };
  Kind kind = Kind::kStep;
  StepRef at;
  int number = 1;  // the attempt
  Value inputs;
  Value undo;
  Value output;
  Value item{};               // of a for_each
  Value inputs_around{};      // of the sub-workflow that it stands in
  std::int64_t sequence = 0;  // of the event by which it was done, or left half done
  bool operator==(const Done&) const = default;
};

// An approval that was given.
struct Given {
  AwaitingApproval approval;
  Time settled;
  std::int64_t sequence = 0;  // of the event by which it was given
  bool operator==(const Given&) const = default;
};

// What is known of one step, by its index.
struct StepState {
  int visits = 0;          // how often the run entered it
  bool succeeded = false;  // its output is valid
  bool skipped = false;
  Value output;                 // of a for_each: the list of the items' outputs
  std::map<int, int> attempts;  // by item (-1 without): attempts so far, over all visits
  Value items;                  // of a for_each
  Time entered{};               // at the last visit
  // The run has not come to the step again since its sub-workflow began anew, or since a rollback
  // to before it: to expressions it is as if it had not run.
  bool stale = false;
  std::int64_t first = 0;  // of the event by which the run came to it first; from then on, anew
  Value inputs;            // of a sub-workflow
  std::optional<std::pair<int, int>> inside;  // of a sub-workflow: its steps, [first, end)
  std::optional<Error> error;                 // its last failure
  Value evidence;
  std::optional<Given> given{};  // of an approval: the one that was given last
  bool operator==(const StepState&) const = default;
};

struct Signal {
  Value payload;
  std::string by;
  bool operator==(const Signal&) const = default;
};

// Who is told while a run needs a person, until one acknowledges it. Read from RunState::policy.
struct Policy {
  struct Level {
    std::chrono::microseconds after{};  // since the run needs a person
    std::string to;                     // a role, or a name that notifications are routed by
    bool operator==(const Level&) const = default;
  };
  std::string name;
  std::vector<Level> levels;  // by time
  bool may_decide = false;    // who is told later than at once may; see Escalated
  // How soon a person is to acknowledge it; none: nothing is said.
  std::optional<std::chrono::microseconds> respond_within;
  bool operator==(const Policy&) const = default;
};
Policy PolicyOf(const Value& stored);

// The run needs a person: it asks for an approval, has a checklist open, or does not know on.
struct Need {
  Time since;
  int told = 0;  // levels of the policy
  std::string acknowledged_by{};
  std::optional<Time> acknowledged{};
  bool operator==(const Need&) const = default;
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
  std::string hold;  // why nothing begins before a person resumes it; empty once one has
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
  std::optional<Time> rollback_by;                     // see AttemptStarted
  std::map<std::string, std::vector<Signal>> signals;  // that no step has taken yet, by name
  Value policy;                                        // see PolicyOf; null: none
  std::optional<Need> need;                            // of a run with a policy
  std::map<int, std::map<std::string, InputOverride>> overrides;  // by step and input
  std::set<std::string> authors;                   // who has changed what the run does
  std::optional<AwaitingApproval> override_asked;  // may an input be overridden?
  std::vector<Reference> references;               // the newest, oldest first
  bool operator==(const RunState&) const = default;
};

RunStatus StatusOf(const RunState& state);

// Takes a vote into `votes`: the last word of each person counts.
void CountVote(std::vector<AwaitingApproval::Cast>& votes, const Envelope& envelope,
               const VoteCast& cast);

// What the run is at: of the statuses that have an activity, and where it needs attention and is
// not on its way back; null in the others.
const Activity* ActivityOf(const RunState& state);
Activity* ActivityOf(RunState& state);

// Who holds the run; null: nobody.
const Hold* HoldOf(const RunState& state);
// Whether the time of what the leaf waits for stands still while the run is held.
bool ClockStands(const Hold& hold, const Activity& leaf);

// --- activities are trees, whose leaves are what the lanes are at ---

// The lane that `place` stands in, or the item of a for_each: what it is at. Null when there is
// none.
const Activity* FindActivity(const Activity& root, StepRef place);
Activity* FindActivity(Activity& root, StepRef place);

// Every leaf, in the order of the lanes.
std::vector<const Activity*> LeavesOf(const Activity& root);

// Whether the run waits for a person's word: an approval, a checklist, an answer to its question.
bool NeedsPerson(const RunState& state);

// Whether an effect is at work that will bring an outcome.
bool IsAtWork(const Activity& leaf);
bool AnyAtWork(const Activity& root);

// The inputs of a step, with those that people have overridden.
Value WithOverrides(const RunState& state, int step, Value inputs);

// Of which groups how many approvals are still missing; none for an approval without groups.
std::vector<ApprovalRequested::Group> MissingGroups(const AwaitingApproval& awaiting);
// Whether the votes are what the request takes.
bool IsGiven(const AwaitingApproval& awaiting);

// The open approval of that id; null when there is none.
const AwaitingApproval* FindApproval(const RunState& state, ApprovalId id);
std::vector<const AwaitingApproval*> ApprovalsOf(const RunState& state);

// The step, or item of it, that an activity is about: of one with lanes, of the first that is at
// work or waits.
StepRef PlaceOf(const Activity& activity);

// Why a run waits: stored with the transition that parked it, shown as it is.
struct WhyWaiting {
  std::string reason;  // "waits for an approval: Restore ...?"
  std::string who;     // who or what can unblock it: "dba or incident-commander"
  std::string next;    // what happens next by itself: "expires and is held"; empty: nothing
  Time since;
  std::optional<Time> next_at;
  bool operator==(const WhyWaiting&) const = default;
};
// The reason of a lane that waits for people to work off a checklist begins with this.
inline constexpr std::string_view kChecklistReason = "checklist at ";
// And what a run waits for that a person must let begin.
inline constexpr std::string_view kHoldReason = "started on hold by ";
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
  kPolicyLevel = 9,    // the run needs a person, and the next ones are told
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
