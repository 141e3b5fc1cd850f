// Events as lines of a timeline: what happened, to which step, by whom, and what follows.
#include <algorithm>
#include <chrono>

#include "engine/base/text.h"
#include "engine/machine/decide.h"
#include "engine/record/describe_people.h"
#include "engine/record/names.h"
#include "engine/record/record.h"
#include "engine/record/target.h"

namespace recourse::record {
namespace {

// Fills in an entry's step, text and details.
class Describer : public PeopleDescriber {
 public:
  using PeopleDescriber::PeopleDescriber;
  using PeopleDescriber::operator();

  void operator()(const RunStarted& e) {
    Say("started by " + who_ + ": " + e.workflow + After(" on ", TargetOf(workflow_, e.inputs)) +
            (e.deadline ? ", to be over by " + Moment(*e.deadline) : std::string()) +
            After(", on hold: ", e.hold),
        {{"workflow", e.workflow},
         {"digest", e.digest},
         {"inputs", e.inputs},
         {"request_id", e.request_id},
         {"severity", e.severity},
         {"lock", e.lock},
         {"hold", e.hold},
         {"deadline", TimeOrNull(e.deadline)}});
  }
  void operator()(const LockQueued& e) {
    Say("waits for its lock, which " + e.holder.ToString() + " holds",
        {{"holder", e.holder.ToString()}});
  }
  void operator()(const LockAcquired&) {
    const std::int64_t token = entry_.envelope.position;
    Say("holds its lock, with fencing token " + std::to_string(token), {{"fencing_token", token}});
  }
  void operator()(const StepSkipped& e) {
    const std::string by = e.by == Source::kOperator ? " by " + who_ : std::string();
    Say(e.at, " skipped" + by + After(": ", e.reason),
        {{"by", Name(e.by)}, {"output", e.output}, {"reason", e.reason}});
  }
  void operator()(const ForEachStarted& e) {
    const std::size_t count = e.items.is_list() ? e.items.as_list().size() : 0;
    Say(StepRef{e.step, -1},
        " begins, for " + std::to_string(count) + (count == 1 ? " item" : " items"),
        {{"items", e.items}});
  }
  void operator()(const AttemptStarted& e) {
    Attempt(e.at, e.number, " started",
            {{"attempt", e.number},
             {"phase", Name(e.phase)},
             {"inputs", e.inputs},
             {"deadline", ToTimestamp(e.deadline)}});
  }
  void operator()(const AttemptPrepared& e) {
    Say(e.at,
        e.undo.is_null() ? " is prepared: its preconditions hold"
                         : " is prepared: what undoes it is recorded",
        {{"attempt", e.number}, {"undo", e.undo}});
  }
  void operator()(const AttemptProgressed& e) {
    Say(e.at, " saved its progress", {{"attempt", e.number}, {"checkpoint", e.checkpoint}});
  }
  void operator()(const AttemptResumed& e) {
    std::string how;
    switch (e.phase) {
      case Phase::kPrepare:
        how = " prepares again";
        break;
      case Phase::kApply:
        how = " is applied again, with the same key";
        break;
      case Phase::kProbe:
        how = ": finding out whether it took effect";
        break;
      case Phase::kCompensate:
        how = ": putting back the part of it that took effect";
        break;
    }
    Attempt(e.at, e.number, how, {{"attempt", e.number}, {"phase", Name(e.phase)}});
  }
  void operator()(const AttemptSucceeded& e) {
    std::string how = " succeeded";
    if (e.by == Source::kProbe) how = " had taken effect";
    if (e.by == Source::kOperator) how = " counts as done, by " + who_;
    Say(e.at, how + After(": ", e.note),
        {{"attempt", e.number}, {"output", e.output}, {"by", Name(e.by)}, {"note", e.note}});
  }
  void operator()(const AttemptFailed& e) {
    std::string left;
    if (e.left == LeftBehind::kPartial) left = "; part of its effect is left";
    if (e.left == LeftBehind::kUnknown) left = "; whether it took effect is not known";
    Attempt(e.at, e.number, " failed: " + e.error.ToString() + left + Retried(e.retry_at),
            {{"attempt", e.number},
             {"error", ErrorValue(e.error)},
             {"evidence", e.evidence},
             {"left", Name(e.left)},
             {"retry_at", TimeOrNull(e.retry_at)}});
  }
  void operator()(const StepFailed& e) {
    Say(e.at, " failed: " + e.error.ToString(), {{"error", ErrorValue(e.error)}});
  }
  void operator()(const RetryRequested& e) {
    Say(e.at, " is tried again, by " + who_ + After(": ", e.reason), {{"reason", e.reason}});
  }
  void operator()(const FailureHandled& e) {
    Say(e.at,
        e.go_to ? " failed, so the run goes on at " + Id(*e.go_to)
                : " failed, and the run goes on without it",
        {{"go_to", e.go_to ? Value(Id(*e.go_to)) : Value()}});
  }
  void operator()(const SwitchTaken& e) {
    Say(StepRef{e.step, -1}, " goes on at " + Id(e.go_to), {{"go_to", Id(e.go_to)}});
  }
  void operator()(const CheckpointReached& e) {
    Say(StepRef{e.step, -1}, " reached: a checkpoint to roll back to", {});
  }
  void operator()(const WaitStarted& e) {
    const std::string signal = e.signal.empty() ? "" : " for the signal " + e.signal;
    Say(StepRef{e.step, -1}, " waits" + signal + (e.until ? " until " + Moment(*e.until) : ""),
        {{"until", TimeOrNull(e.until)}, {"signal", e.signal}});
  }
  void operator()(const WaitEnded& e) {
    if (e.output.is_null()) return Say(StepRef{e.step, -1}, " has waited", {});
    Say(StepRef{e.step, -1}, " has its signal, from " + e.output.StringOr("by", ""),
        {{"output", e.output}});
  }
  void operator()(const SignalReceived& e) {
    Say("signal " + e.name + " from " + who_, {{"name", e.name}, {"payload", e.payload}});
  }
  void operator()(const ParallelStarted& e) {
    std::string names;
    for (const auto& branch : e.branches) names += (names.empty() ? "" : ", ") + branch.name;
    Say(StepRef{e.step, -1}, " begins its branches: " + names, {{"stops_others", e.stops_others}});
  }
  void operator()(const BranchEnded& e) {
    const std::string name = BranchName(e);
    Say(StepRef{e.step, -1},
        e.error     ? ": " + name + " failed: " + e.error->ToString()
        : e.stopped ? ": " + name + " was stopped, because another one failed"
                    : ": " + name + " is done",
        {{"branch", name},
         {"error", e.error ? ErrorValue(*e.error) : Value()},
         {"stopped", e.stopped}});
  }
  void operator()(const SubWorkflowStarted& e) {
    Say(StepRef{e.step, -1}, " begins its workflow", {{"inputs", e.inputs}});
  }
  void operator()(const StepCompleted& e) {
    Say(StepRef{e.step, -1}, " is done", {{"output", e.output}});
  }
  void operator()(const WindowAwaited& e) {
    Say(e.at, " waits for the window, which opens at " + Moment(e.opens),
        {{"opens", ToTimestamp(e.opens)}});
  }
  void operator()(const FinishStarted& e) {
    const std::string end(Name(e.ending));
    Say("before it ends as " + end + ", what is to run at last",
        {{"ending", end}, {"reason", e.reason}, {"outputs", e.outputs}});
  }
  void operator()(const PlanStarted& e) {
    Say(StepRef{e.step, -1}, ": making the plan of what follows", {});
  }
  void operator()(const StopRequested& e) {
    std::string what = "stop requested";
    if (e.kind == StopKind::kCancel) what = "cancel requested by " + who_;
    if (e.kind == StopKind::kRollback) what = "rollback requested by " + who_;
    if (e.kind == StopKind::kCancel && e.rollback) what += ", with rollback";
    if (e.rollback_to) what += ", to " + Id(*e.rollback_to);
    Say(what + After(": ", e.reason),
        {{"rollback", e.rollback},
         {"rollback_to", e.rollback_to ? Value(Id(*e.rollback_to)) : Value()},
         {"reason", e.reason}});
  }
  void operator()(const AttentionNeeded& e) {
    const std::string error = e.error.message.empty() ? "" : ": " + e.error.ToString();
    At(e.at);
    Say("needs attention: " + entry_.step + std::string(Told(e.question)) + error,
        {{"question", Name(e.question)}, {"error", ErrorValue(e.error)}});
  }
  void operator()(const EffectResolved& e) {
    std::string what = " took effect";
    if (e.finding == Finding::kNotApplied) what = " did not take effect";
    if (e.finding == Finding::kPartial) what = " took effect in part";
    Say(e.at, what + ", says " + who_ + After(": ", e.reason),
        {{"finding", Name(e.finding)}, {"reason", e.reason}});
  }
  void operator()(const RollbackStarted& e) {
    const std::string to = e.checkpoint ? "to " + Id(*e.checkpoint) : std::string("to the start");
    Say("rolling back " + to + After(": ", e.cause.message),
        {{"checkpoint", e.checkpoint ? Value(Id(*e.checkpoint)) : Value()},
         {"go_to", e.go_to ? Value(Id(*e.go_to)) : Value()},
         {"cause", ErrorValue(e.cause)}});
  }
  void operator()(const CompensationStarted& e) {
    At(e.at);
    Say("undoing " + entry_.step + ", attempt " + std::to_string(e.number),
        {{"attempt", e.number}});
  }
  void operator()(const CompensationSucceeded& e) {
    const bool by_hand = e.by == Source::kOperator;
    Say(e.at,
        (by_hand ? " was undone by hand, says " + who_ : std::string(" undone")) +
            After(": ", e.note),
        {{"output", e.output}, {"by", Name(e.by)}, {"note", e.note}});
  }
  void operator()(const CompensationFailed& e) {
    At(e.at);
    Say("undoing " + entry_.step + ", attempt " + std::to_string(e.number) +
            ", failed: " + e.error.ToString() + Retried(e.retry_at),
        {{"attempt", e.number},
         {"error", ErrorValue(e.error)},
         {"evidence", e.evidence},
         {"retry_at", TimeOrNull(e.retry_at)}});
  }
  void operator()(const CompensationSkipped& e) {
    Say(e.at, " is not undone" + After(": ", e.reason), {{"reason", e.reason}});
  }
  void operator()(const RollbackEnded&) { Say("rolled back as far as asked", {}); }
  void operator()(const RunSucceeded& e) { Say("succeeded", {{"outputs", e.outputs}}); }
  void operator()(const RunFailed& e) {
    Say("failed: " + e.error.ToString(), {{"error", ErrorValue(e.error)}});
  }
  void operator()(const RunCancelled& e) {
    Say("cancelled" + After(": ", e.reason), {{"reason", e.reason}});
  }
  void operator()(const RunRolledBack& e) {
    Say("rolled back" + After(": ", e.cause.message), {{"cause", ErrorValue(e.cause)}});
  }
};

}  // namespace

TimelineEntry Describe(const definition::Workflow& workflow, const Recorded& recorded) {
  TimelineEntry entry;
  entry.envelope = recorded.envelope;
  entry.type = machine::NameOf(recorded.event);
  std::visit(Describer(workflow, entry), recorded.event);
  if (!entry.envelope.via.empty()) {
    Value::Map details = entry.details.as_map();
    details.emplace("via", entry.envelope.via);
    entry.details = Value(std::move(details));
  }
  return entry;
}

}  // namespace recourse::record
