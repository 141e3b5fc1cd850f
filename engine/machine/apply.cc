// The fold: what a run is after one more event.
#include "engine/base/check.h"
#include "engine/machine/state.h"

namespace recourse::machine {
namespace {

using Point = Ready::Point;

class Fold {
 public:
  Fold(RunState& state, const Envelope& envelope) : state_(state), envelope_(envelope) {}

  void operator()(const RunStarted& event) {
    state_.run = envelope_.run;
    state_.workflow = event.workflow;
    state_.digest = event.digest;
    state_.inputs = event.inputs;
    state_.requester = envelope_.principal;
    state_.request_id = event.request_id;
    state_.severity = event.severity;
    state_.lock = event.lock;
    state_.started = envelope_.time;
    state_.deadline = event.deadline;
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
    if (event.by == Source::kOperator) PassDeadline();
    StepState& step = state_.steps[event.at.step];
    step.skipped = event.by == Source::kApply;
    if (event.by == Source::kOperator) Store(step, event.at, event.output);
    Work(Ready{event.at.step, event.at.item, Point::kFinished});
  }
  void operator()(const ForEachStarted& event) {
    CountVisit({event.step, -1});
    StepState& step = state_.steps[event.step];
    step.items = event.items;
    step.output = Value::List();
    const bool empty = event.items.as_list().empty();
    step.succeeded = empty;
    Work(Ready{event.step, empty ? -1 : 0, empty ? Point::kFinished : Point::kAgain});
  }
  void operator()(const AttemptStarted& event) {
    CountVisit(event.at);
    int tries = 1;
    if (const auto* backing = std::get_if<BackingOff>(&CurrentActivity())) {
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
    Work(std::move(attempting));
  }
  void operator()(const AttemptPrepared& event) {
    Attempting& attempt = CurrentAttempt();
    attempt.undo = event.undo;
    attempt.phase = Phase::kApply;
  }
  void operator()(const AttemptProgressed& event) { CurrentAttempt().checkpoint = event.checkpoint; }
  void operator()(const AttemptResumed& event) {
    Attempting& attempt = CurrentAttempt();
    // What was put back cannot be gone on from.
    const bool put_back = attempt.phase == Phase::kCompensate && event.phase == Phase::kApply;
    if (put_back) attempt.checkpoint = Value();
    attempt.phase = event.phase;
  }
  void operator()(const AttemptSucceeded& event) {
    if (event.by == Source::kOperator) PassDeadline();
    Attempting& attempt = CurrentAttempt();
    state_.done.push_back({Done::Kind::kStep, event.at, event.number, std::move(attempt.inputs),
                           std::move(attempt.undo), event.output});
    Store(state_.steps[event.at.step], event.at, event.output);
    Work(Ready{event.at.step, event.at.item, Point::kFinished});
  }
  void operator()(const AttemptFailed& event) {
    RecordError(event.at, event.error, event.evidence);
    Attempting& attempt = CurrentAttempt();
    if (event.left == LeftBehind::kUnknown) {
      attempt.doubt = event;
      return;
    }
    const int tries = attempt.tries;
    if (event.left == LeftBehind::kPartial) PushPartial(attempt);
    if (event.retry_at) {
      Park(BackingOff{event.at, tries, event.error, *event.retry_at});
    } else {
      Work(Ready{event.at.step, event.at.item, Point::kFailed});
    }
  }
  void operator()(const StepFailed& event) {
    CountVisit(event.at);
    RecordError(event.at, event.error, Value());
    Work(Ready{event.at.step, event.at.item, Point::kFailed});
  }
  void operator()(const RetryRequested& event) {
    PassDeadline();
    auto* attention = std::get_if<NeedsAttention>(&state_.status);
    if (attention == nullptr) return Work(Ready{event.at.step, event.at.item, Point::kAgain});
    if (auto* rollback = std::get_if<Rollback>(&attention->from)) {
      if (attention->question == Question::kPastPivot) {
        // Forward again: what came after the pivot is undone, the pivot itself stands, unless it
        // was left half done.
        PopAbove(event.at);
        const bool half_done = state_.done.back().kind == Done::Kind::kPartial;
        Become(Running{Ready{event.at.step, event.at.item,
                             half_done ? Point::kAgain : Point::kFinished},
                       {}});
        return;
      }
      Rollback again = std::move(*rollback);
      again.at.reset();
      again.number = 0;
      Become(RollingBack{std::move(again)});
      return;
    }
    Ready ready{event.at.step, event.at.item, Point::kAgain};
    const Activity& from = std::get<Activity>(attention->from);
    const auto* stood = std::get_if<Ready>(&from);
    if (stood != nullptr && stood->point == Point::kFinished) ready = *stood;
    Work(ready);
  }
  void operator()(const FailureHandled& event) {
    // An item that failed, where failures let the run go on: the list has nothing in its place.
    if (!event.go_to && event.at.item >= 0) StoreItem(state_.steps[event.at.step], event.at, {});
    Work(event.go_to ? Ready{*event.go_to, -1, Point::kEnter}
                     : Ready{event.at.step, event.at.item, Point::kFinished});
  }
  void operator()(const SwitchTaken& event) {
    CountVisit({event.step, -1});
    Work(Ready{event.go_to, -1, Point::kEnter});
  }
  void operator()(const CheckpointReached& event) {
    CountVisit({event.step, -1});
    state_.done.push_back({Done::Kind::kCheckpoint, {event.step, -1}, 0, {}, {}, {}});
    Work(Ready{event.step, -1, Point::kFinished});
  }
  void operator()(const WaitStarted& event) {
    CountVisit({event.step, -1});
    Park(Sleeping{event.step, event.until});
  }
  void operator()(const WaitEnded& event) { Work(Ready{event.step, -1, Point::kFinished}); }
  void operator()(const PlanStarted& event) {
    CountVisit({event.step, -1});
    Work(Planning{event.step});
  }
  void operator()(const ApprovalRequested& event) {
    CountVisit({event.step, -1});
    Park(AwaitingApproval{event.step, event, {}, envelope_.time});
  }
  void operator()(const VoteCast& event) {
    CountVote(std::get<AwaitingApproval>(CurrentActivity()).votes, envelope_, event);
  }
  void operator()(const ApprovalSettled& event) {
    const int step = std::get<AwaitingApproval>(CurrentActivity()).step;
    if (event.settlement == Settlement::kApproved) Work(Ready{step, -1, Point::kFinished});
    // Otherwise the next event says what becomes of the run.
  }

  void operator()(const RunPaused& event) {
    Activity activity = std::move(CurrentActivity());
    Become(Paused{std::move(activity), event.reason, envelope_.principal});
  }
  void operator()(const RunResumed&) {
    Activity activity = std::move(std::get<Paused>(state_.status).activity);
    const bool parked = std::holds_alternative<BackingOff>(activity) ||
                        std::holds_alternative<AwaitingApproval>(activity) ||
                        std::holds_alternative<Sleeping>(activity);
    if (parked) {
      Become(Waiting{std::move(activity)});
    } else {
      Become(Running{std::move(activity), {}});
    }
  }
  void operator()(const StopRequested& event) {
    if (event.kind == StopKind::kDeadline) state_.deadline_over = true;
    if (ActivityOf(state_) == nullptr) return;
    Activity activity = std::move(CurrentActivity());
    Become(Running{std::move(activity), event});
  }
  void operator()(const AttentionNeeded& event) {
    NeedsAttention attention{event.question, event.at, event.error, {}};
    if (auto* rolling = std::get_if<RollingBack>(&state_.status)) {
      attention.from = std::move(rolling->rollback);
    } else {
      const auto* running = std::get_if<Running>(&state_.status);
      if (running != nullptr && IsDoubt(event.question)) attention.stop = running->stop;
      attention.from = std::move(CurrentActivity());
    }
    Become(std::move(attention));
  }
  void operator()(const EffectResolved& event) {
    Activity* activity = MutableActivity();
    if (activity == nullptr) {
      activity = &std::get<Activity>(std::get<NeedsAttention>(state_.status).from);
    }
    Attempting& attempt = std::get<Attempting>(*activity);
    if (event.finding != Finding::kNotApplied) PushPartial(attempt);
    *activity = Ready{event.at.step, event.at.item, Point::kFailed};
  }

  void operator()(const RollbackStarted& event) {
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
    Become(Running{rollback.go_to ? Ready{*rollback.go_to, -1, Point::kEnter}
                                  : Ready{*rollback.checkpoint, -1, Point::kFinished},
                   {}});
  }

  void operator()(const RunSucceeded& event) { End(Succeeded{event.outputs}); }
  void operator()(const RunFailed& event) { End(Failed{event.error}); }
  void operator()(const RunCancelled& event) { End(Cancelled{event.reason}); }
  void operator()(const RunRolledBack& event) { End(RolledBack{event.cause}); }
  void operator()(const RunAnnotated&) {}

 private:
  Activity* MutableActivity() {
    if (auto* running = std::get_if<Running>(&state_.status)) return &running->activity;
    if (auto* waiting = std::get_if<Waiting>(&state_.status)) return &waiting->activity;
    if (auto* paused = std::get_if<Paused>(&state_.status)) return &paused->activity;
    return nullptr;
  }
  Activity& CurrentActivity() {
    Activity* activity = MutableActivity();
    RECOURSE_CHECK(activity != nullptr);
    return *activity;
  }
  // The attempt at work, or the one that a person was asked about.
  Attempting& CurrentAttempt() {
    if (auto* attention = std::get_if<NeedsAttention>(&state_.status)) {
      return std::get<Attempting>(std::get<Activity>(attention->from));
    }
    return std::get<Attempting>(CurrentActivity());
  }

  void Become(Status status) {
    state_.status = std::move(status);
    state_.since = envelope_.time;
  }

  // The activity changes; a paused run stays paused, a request to stop stays.
  void Work(Activity activity) {
    state_.since = envelope_.time;
    if (auto* running = std::get_if<Running>(&state_.status)) {
      running->activity = std::move(activity);
    } else if (auto* paused = std::get_if<Paused>(&state_.status)) {
      paused->activity = std::move(activity);
    } else {
      auto* attention = std::get_if<NeedsAttention>(&state_.status);
      auto stop = attention == nullptr ? std::nullopt : std::move(attention->stop);
      state_.status = Running{std::move(activity), std::move(stop)};
    }
  }
  void Park(Activity activity) {
    if (auto* paused = std::get_if<Paused>(&state_.status)) {
      paused->activity = std::move(activity);
      state_.since = envelope_.time;
    } else {
      Become(Waiting{std::move(activity)});
    }
  }

  // Who answers a run's question after its deadline lets it go on past it.
  void PassDeadline() {
    if (!std::holds_alternative<NeedsAttention>(state_.status)) return;
    if (state_.deadline && *state_.deadline <= envelope_.time) state_.deadline_over = true;
  }

  void CountVisit(StepRef at) {
    const Activity* activity = MutableActivity();
    if (activity == nullptr || at.item >= 0) return;
    const auto* ready = std::get_if<Ready>(activity);
    // What comes after a finished step is entered from there, without a state in between.
    if (ready != nullptr && (ready->point == Point::kEnter || ready->point == Point::kFinished)) {
      ++state_.steps[at.step].visits;
    }
  }

  void Store(StepState& step, StepRef at, const Value& output) {
    step.error.reset();
    step.evidence = Value();
    if (at.item < 0) {
      step.output = output;
      step.succeeded = true;
      return;
    }
    StoreItem(step, at, output);
  }

  void StoreItem(StepState& step, StepRef at, const Value& output) {
    Value::List outputs = step.output.is_list() ? step.output.as_list() : Value::List();
    outputs.resize(static_cast<std::size_t>(at.item));
    outputs.push_back(output);
    step.succeeded = outputs.size() == step.items.as_list().size();
    step.output = std::move(outputs);
  }

  void RecordError(StepRef at, const Error& error, const Value& evidence) {
    StepState& step = state_.steps[at.step];
    step.error = error;
    step.evidence = evidence;
    state_.error = error;
    state_.error_at = at;
    state_.error_evidence = evidence;
  }

  void PushPartial(const Attempting& attempt) {
    state_.done.push_back({Done::Kind::kPartial, attempt.at, attempt.number, attempt.inputs,
                           attempt.undo, Value()});
  }

  // Drops what lies above the newest entry of `at`: it changed nothing, so nothing was undone.
  void PopAbove(StepRef at) {
    while (!state_.done.empty() && state_.done.back().at != at) state_.done.pop_back();
    RECOURSE_CHECK(!state_.done.empty());
  }
  void Undone(StepRef at) {
    state_.done.pop_back();
    StepState& step = state_.steps[at.step];
    step.succeeded = false;
    if (at.item < 0) step.output = Value();
  }

  void End(Status status) {
    state_.holds_lock = false;
    Become(std::move(status));
  }

  RunState& state_;
  const Envelope& envelope_;
};

}  // namespace

void Apply(RunState& state, const Envelope& envelope, const Event& event) {
  RECOURSE_CHECK(envelope.sequence == state.revision + 1);
  std::visit(Fold(state, envelope), event);
  state.revision = envelope.sequence;
  state.position = envelope.position;
  state.changed = envelope.time;
}

}  // namespace recourse::machine
