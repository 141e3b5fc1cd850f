// The fold: what a run is after one more event.
#include "engine/machine/fold_people.h"

namespace recourse::machine {
namespace {

constexpr std::size_t kReferencesMax = 50;

class Fold : FoldPeople {
 public:
  Fold(RunState& state, const Envelope& envelope) : FoldPeople(state, envelope) {}
  using FoldPeople::operator();

  void operator()(const RunStarted& event) {
    state_.run = envelope_.run;
    state_.workflow = event.workflow;
    state_.digest = event.digest;
    state_.inputs = event.inputs;
    state_.requester = envelope_.principal;
    state_.request_id = event.request_id;
    state_.severity = event.severity;
    state_.hold = event.hold;
    state_.lock = event.lock;
    state_.started = envelope_.time;
    state_.deadline = event.deadline;
    state_.window = event.window;
    state_.policy = event.policy;
    Become(Running{Ready{}, {}});
  }
  void operator()(const LockQueued& event) {
    if (auto* queued = std::get_if<Queued>(&state_.status)) {
      queued->holder = event.holder;  // The run waits since it began to.
    } else {
      Become(Queued{event.holder});
    }
  }
  void operator()(const LockAcquired&) {
    state_.fencing_token = envelope_.position;
    state_.holds_lock = true;
    Become(Running{Ready{}, {}});
  }

  void operator()(const StepSkipped& event) {
    CountVisit(event.at);
    StepState& step = state_.steps[event.at.step];
    step.skipped = event.by == Source::kApply;
    if (event.by == Source::kOperator) {
      PassDeadline();
      Store(step, event.at, event.output);
      Answered();
      NoteAuthor(event.output);
    }
    Finish(event.at);
  }
  void operator()(const ForEachStarted& event) {
    CountVisit({event.step, -1});
    StepState& step = state_.steps[event.step];
    step.items = event.items;
    step.output = Value::List();
    const bool empty = event.items.as_list().empty();
    step.succeeded = empty;
    if (empty || event.parallel_max == 1) {
      Work({event.step, -1},
           Ready{event.step, empty ? -1 : 0, empty ? Point::kFinished : Point::kAgain});
      return;
    }
    Inside inside;
    inside.step = event.step;
    inside.items = static_cast<int>(event.items.as_list().size());
    inside.parallel_max = event.parallel_max;
    GoInside(std::move(inside));
  }
  void operator()(const AttemptStarted& event) {
    CountVisit(event.at);
    int tries = 1;
    const Activity* lane = FindActivity(Root(), event.at);  // null: an item that begins
    if (const auto* backing = lane == nullptr ? nullptr : std::get_if<BackingOff>(lane)) {
      tries = backing->tries + 1;
    }
    StepState& step = state_.steps[event.at.step];
    step.attempts[event.at.item] = event.number;
    step.skipped = false;
    Attempting attempting;
    attempting.at = event.at;
    attempting.number = event.number;
    attempting.phase = event.phase;
    attempting.inputs = event.inputs;
    attempting.started = envelope_.time;
    attempting.tries = tries;
    if (event.rollback_by && (!state_.rollback_by || *event.rollback_by < *state_.rollback_by)) {
      state_.rollback_by = event.rollback_by;
    }
    // What waited for the window has its whole deadline from here.
    if (lane != nullptr && std::holds_alternative<AwaitingWindow>(*lane))
      step.entered = envelope_.time;
    Work(event.at, std::move(attempting));
  }
  void operator()(const WindowAwaited& event) {
    CountVisit(event.at);
    state_.rollback_by.reset();  // nothing was changed that would have to be undone
    Work(event.at, AwaitingWindow{event.at, event.opens});
  }
  void operator()(const AttemptPrepared& event) {
    Attempting& attempt = AttemptAt(event.at);
    attempt.undo = event.undo;
    attempt.phase = Phase::kApply;
  }
  void operator()(const AttemptProgressed& event) {
    AttemptAt(event.at).checkpoint = event.checkpoint;
  }
  void operator()(const AttemptResumed& event) {
    Attempting& attempt = AttemptAt(event.at);
    // What was put back cannot be gone on from.
    const bool put_back = attempt.phase == Phase::kCompensate && event.phase == Phase::kApply;
    if (put_back) attempt.checkpoint = Value();
    attempt.phase = event.phase;
  }
  void operator()(const AttemptSucceeded& event) {
    Attempting& attempt = AttemptAt(event.at);
    state_.done.push_back({Done::Kind::kStep, event.at, event.number, std::move(attempt.inputs),
                           std::move(attempt.undo), event.output, ItemOf(event.at),
                           InputsAround(event.at.step), envelope_.sequence});
    Store(state_.steps[event.at.step], event.at, event.output);
    if (event.by == Source::kOperator) {
      PassDeadline();
      Answered();
      NoteAuthor(event.output);
    }
    Finish(event.at);
  }
  void operator()(const AttemptFailed& event) {
    RecordError(event.at, event.error, event.evidence);
    Attempting& attempt = AttemptAt(event.at);
    if (event.left == LeftBehind::kUnknown) {
      attempt.doubt = event;
      return;
    }
    const int tries = attempt.tries;
    if (event.left == LeftBehind::kPartial) PushPartial(attempt);
    if (event.retry_at) {
      Work(event.at, BackingOff{event.at, tries, event.error, *event.retry_at});
    } else {
      Work(event.at, Ready{event.at.step, event.at.item, Point::kFailed, event.error});
    }
  }
  void operator()(const StepFailed& event) {
    CountVisit(event.at);
    RecordError(event.at, event.error, Value());
    Work(event.at, Ready{event.at.step, event.at.item, Point::kFailed, event.error});
  }
  void operator()(const RetryRequested& event) {
    PassDeadline();
    auto* attention = std::get_if<NeedsAttention>(&state_.status);
    auto* rollback = attention == nullptr ? nullptr : std::get_if<Rollback>(&attention->from);
    if (rollback != nullptr) return RetryOnTheWayBack(event, *attention, std::move(*rollback));
    Ready ready{event.at.step, event.at.item, Point::kAgain};
    const auto* stood = attention == nullptr ? nullptr : std::get_if<Ready>(&LaneOf(event.at));
    if (stood != nullptr && stood->point == Point::kFinished) ready = *stood;
    Answered();
    // Of a step with lanes these go on as they stand.
    if (std::holds_alternative<Inside>(LaneOf(event.at))) return Answered(), Settle();
    // A step's deadline counts anew from a person's retry.
    if (ready.point == Point::kAgain) state_.steps[event.at.step].entered = envelope_.time;
    Work(event.at, ready);
  }
  void operator()(const FailureHandled& event) {
    // An item that failed, where failures let the run go on: the list has nothing in its place.
    if (!event.go_to && event.at.item >= 0) StoreItem(state_.steps[event.at.step], event.at, {});
    if (!event.go_to) return Finish(event.at);
    Work({event.at.step, -1}, Ready{*event.go_to, -1, Point::kEnter});
  }
  void operator()(const SwitchTaken& event) {
    CountVisit({event.step, -1});
    Work({event.step, -1}, Ready{event.go_to, -1, Point::kEnter});
  }
  void operator()(const CheckpointReached& event) {
    CountVisit({event.step, -1});
    state_.done.push_back(
        {Done::Kind::kCheckpoint, {event.step, -1}, 0, {}, {}, {}, {}, {}, envelope_.sequence});
    Work({event.step, -1}, Ready{event.step, -1, Point::kFinished});
  }
  void operator()(const WaitStarted& event) {
    CountVisit({event.step, -1});
    Work({event.step, -1},
         Sleeping{event.step, event.until, event.signal, event.pause_stops_clock});
  }
  void operator()(const WaitEnded& event) {
    const auto& sleeping = std::get<Sleeping>(LaneOf({event.step, -1}));
    if (!sleeping.signal.empty()) {
      auto& waiting = state_.signals.at(sleeping.signal);  // never empty
      waiting.erase(waiting.begin());
      if (waiting.empty()) state_.signals.erase(sleeping.signal);
      Store(state_.steps[event.step], {event.step, -1}, event.output);
    }
    Finish({event.step, -1});
  }
  void operator()(const PlanStarted& event) {
    CountVisit({event.step, -1});
    Work({event.step, -1}, Planning{event.step, envelope_.sequence});
  }
  void operator()(const StopRequested& event) {
    if (event.kind == StopKind::kDeadline) state_.deadline_over = true;
    if (ActivityOf(state_) == nullptr) return;
    Activity activity = std::move(*ActivityOf(state_));
    Become(Running{std::move(activity), event});
  }
  void operator()(const AttentionNeeded& event) { AskAbout(event); }
  // What follows says what becomes of the run.
  void operator()(const EffectResolved& event) {
    Attempting& attempt = AttemptAt(event.at);
    if (event.finding != Finding::kNotApplied) PushPartial(attempt);
    LaneOf(event.at) = Ready{event.at.step, event.at.item, Point::kFailed};
  }

  void operator()(const RollbackStarted& event) {
    state_.rollback_by.reset();
    Rollback rollback;
    rollback.checkpoint = event.checkpoint;
    rollback.then = event.then;
    rollback.go_to = event.go_to;
    rollback.cause = event.cause;
    Become(RollingBack{std::move(rollback)});
  }
  void operator()(const CompensationStarted& event) {
    PopAbove(event.at);
    Rollback& rollback = std::get<RollingBack>(state_.status).rollback;
    rollback.at = event.at;
    rollback.number = event.number;
    rollback.retry_at.reset();
  }
  void operator()(const CompensationSucceeded& event) {
    PopAbove(event.at);
    Undone(event.at);
    if (auto* attention = std::get_if<NeedsAttention>(&state_.status)) {
      Rollback rollback = std::move(std::get<Rollback>(attention->from));
      Become(RollingBack{std::move(rollback)});
    }
    Rollback& rollback = std::get<RollingBack>(state_.status).rollback;
    rollback.at.reset();
    rollback.number = 0;
    rollback.retry_at.reset();
  }
  void operator()(const CompensationFailed& event) {
    std::get<RollingBack>(state_.status).rollback.retry_at = event.retry_at;
  }
  void operator()(const CompensationSkipped& event) {
    PopAbove(event.at);
    state_.done.pop_back();
  }
  // A rollback that ends the run ends with that event; only one to a checkpoint goes on.
  void operator()(const RollbackEnded&) {
    const Rollback rollback = std::move(std::get<RollingBack>(state_.status).rollback);
    RECOURSE_CHECK(rollback.checkpoint.has_value());
    PopAbove({*rollback.checkpoint, -1});
    // What was allowed after the checkpoint is asked again on the way there; what was allowed
    // before stands, wherever it stands in the definition.
    const std::int64_t passed = state_.done.empty() ? 0 : state_.done.back().sequence;
    for (auto& [index, step] : state_.steps) {
      if (step.given && step.given->sequence > passed) step.given.reset();
    }
    // Where the definition says what follows, that may name what was found on the way.
    if (!rollback.go_to) ForgetBehind(passed);
    GoOnAt(rollback.go_to ? Ready{*rollback.go_to, -1, Point::kEnter}
                          : Ready{*rollback.checkpoint, -1, Point::kFinished});
  }

  void operator()(const SignalReceived& event) {
    state_.signals[event.name].push_back({event.payload, envelope_.principal});
    NoteAuthor(event.payload);
  }
  void operator()(const ParallelStarted& event) {
    CountVisit({event.step, -1});
    Inside inside;
    inside.step = event.step;
    inside.stops_others = event.stops_others;
    for (const ParallelStarted::Branch& branch : event.branches) {
      inside.lanes.push_back(
          {branch.first, branch.end, -1, Ready{branch.first, -1, Point::kEnter}});
    }
    GoInside(std::move(inside));
  }
  void operator()(const BranchEnded& event) {
    auto& inside = std::get<Inside>(LaneOf({event.step, -1}));
    if (event.error && !inside.failure) inside.failure = event.error;
    if (inside.items > 0) {
      RemoveItem(inside, event.branch);
    } else {
      inside.lanes.at(static_cast<std::size_t>(event.branch)).activity =
          Over{event.error, event.stopped};
    }
    Settle();
  }
  void operator()(const SubWorkflowStarted& event) {
    CountVisit({event.step, -1});
    StepState& step = state_.steps[event.step];
    step.inputs = event.inputs;
    step.inside = {event.first, event.end};
    for (auto inner = state_.steps.lower_bound(event.first);
         inner != state_.steps.end() && inner->first < event.end; ++inner) {
      BeginAnew(inner->second);
    }
    Inside inside;
    inside.step = event.step;
    inside.lanes.push_back({event.first, event.end, -1, Ready{event.first, -1, Point::kEnter}});
    GoInside(std::move(inside));
  }
  void operator()(const StepCompleted& event) {
    CountVisit({event.step, -1});
    StepState& step = state_.steps[event.step];
    step.skipped = false;
    Store(step, {event.step, -1}, event.output);
    Work({event.step, -1}, Ready{event.step, -1, Point::kFinished});
  }
  void operator()(const FinishStarted& event) {
    state_.finishing = event;
    Become(Running{Ready{event.first, -1, Point::kEnter}, {}});
  }

  void operator()(const RunSucceeded& event) { End(Succeeded{event.outputs}); }
  void operator()(const RunFailed& event) { End(Failed{event.error}); }
  void operator()(const RunCancelled& event) { End(Cancelled{event.reason}); }
  void operator()(const RunRolledBack& event) { End(RolledBack{event.cause}); }
  void operator()(const RunAnnotated& event) {
    if (!event.reference) return;
    state_.references.push_back(*event.reference);
    if (state_.references.size() > kReferencesMax)
      state_.references.erase(state_.references.begin());
  }
};

}  // namespace

bool NeedsPerson(const RunState& state) {
  if (std::holds_alternative<NeedsAttention>(state.status) || state.override_asked) return true;
  // Nobody paused it, so nobody knows of it yet.
  if (std::holds_alternative<Paused>(state.status) && !state.hold.empty()) return true;
  const Activity* root = ActivityOf(state);
  if (root == nullptr) return false;
  for (const Activity* leaf : LeavesOf(*root)) {
    if (std::holds_alternative<AwaitingApproval>(*leaf) ||
        std::holds_alternative<Checklist>(*leaf)) {
      return true;
    }
  }
  return false;
}

namespace {

// Whether the event asks people for something that nobody was asked for before.
bool AsksPeople(const Event& event) {
  return std::holds_alternative<ApprovalRequested>(event) ||
         std::holds_alternative<ManualStarted>(event) ||
         std::holds_alternative<AttentionNeeded>(event);
}

// Whom the policy tells: what is asked while something else is open is told to all those whose time
// has come, and anew when somebody had taken care of the other only.
void NoteNeed(RunState& state, Time now, bool asks) {
  if (!NeedsPerson(state)) {
    state.need.reset();
  } else if (!state.need || (asks && state.need->acknowledged)) {
    state.need = Need{now, 0, {}, {}};
  } else if (asks) {
    state.need->told = 0;
  }
}

}  // namespace

void Apply(RunState& state, const Envelope& envelope, const Event& event) {
  RECOURSE_CHECK(envelope.sequence == state.revision + 1);
  std::visit(Fold(state, envelope), event);
  if (!state.policy.is_null()) NoteNeed(state, envelope.time, AsksPeople(event));
  state.revision = envelope.sequence;
  state.position = envelope.position;
  state.changed = envelope.time;
}

}  // namespace recourse::machine
