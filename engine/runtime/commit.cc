// Making a batch durable, and what follows from it: nothing takes effect and nobody is answered
// before.
#include <algorithm>

#include "engine/base/fail_point.h"
#include "engine/record/record.h"
#include "engine/runtime/core_loop.h"

namespace recourse::runtime {
namespace {

// Whether the journal refused because of one of the changes: without it the others can be stored.
bool IsOnesFault(const Error& error) {
  return error.code == Code::kInternal || error.code == Code::kAborted ||
         error.code == Code::kAlreadyExists;
}

}  // namespace

void CoreLoop::Process(std::span<Message> messages) {
  RECOURSE_FAIL_POINT("input_taken");
  Batch batch;
  batch.now = clock_.Now();
  batch.heads = journal_.heads();
  batch.inputs_bytes_max = options_.inputs_bytes_max;
  batch.route = &options_.route;
  batch.surroundings = &surroundings_;
  batch.changes.reserve(messages.size());
  batch.answers.reserve(messages.size());
  for (Message& message : messages) Take(batch, message);

  if (!batch.changes.empty()) {
    RECOURSE_FAIL_POINT("before_append");
    auto appended = journal_.Append(batch.changes);
    if (!appended) {
      for (const RunId run : batch.runs) runs_.Drop(run);
      if (IsOnesFault(appended.error())) return Redo(messages, appended.error());
      return KeepOrRefuse(messages, batch, appended.error());
    }
    RECOURSE_FAIL_POINT("after_append");
    if (!writable_) SetWritable(nullptr);
  }
  Finish(batch);
}

// A member that fails, fails alone: the halves are tried on their own, until it is found.
void CoreLoop::Redo(std::span<Message> messages, const Error& error) {
  if (messages.size() > 1) {
    const std::size_t half = messages.size() / 2;
    Process(messages.first(half));
    Process(messages.subspan(half));
    return;
  }
  // An input of the engine's own that can never be stored leaves its run as it was: the next start
  // finds it at work and goes on with it as after a crash.
  Report(error.In("an input that the journal cannot store was dropped"));
  if (const auto* timer = std::get_if<TimerMessage>(&messages[0])) timers_.Mute(timer->timer);
  if (const auto* schedule = std::get_if<ScheduleMessage>(&messages[0])) RestSchedule(*schedule);
  Refuse(messages[0], error);
}

// The journal cannot be written now: callers hear that nothing was stored; what the engine itself
// knows is kept until it can.
void CoreLoop::KeepOrRefuse(std::span<Message> messages, Batch& batch, const Error& error) {
  SetWritable(&error);
  const Code code =
      error.code == Code::kResourceExhausted ? Code::kResourceExhausted : Code::kUnavailable;
  // After a failed sync nothing is stored as far as this process goes, but the next may find it.
  const std::string left =
      error.code == Code::kUnknown
          ? "; nothing was done, but should the server end now, what you asked for may turn out to "
            "be stored. Ask again with the same request_id, or look at the run first"
          : "; nothing was stored or done, try again when it can";
  const Error told{code, "the journal cannot be written: " + error.message + left};
  for (Batch::Answer& answer : batch.answers) {
    // A refusal that hangs on what was not stored would be a lie.
    const auto* refusal = std::get_if<Error>(&answer.content);
    const bool hangs = std::any_of(batch.changes.begin(), batch.changes.end(),
                                   [&](const auto& of) { return of.row.run == answer.run; });
    if (refusal != nullptr && !hangs && IsCallers(*answer.message)) {
      runtime::Refuse(*answer.message, *refusal);
    }
  }
  for (Message& message : messages) {
    if (IsCallers(message)) {
      runtime::Refuse(message, told);
    } else if (!std::holds_alternative<TimerMessage>(message) &&
               !std::holds_alternative<ScheduleMessage>(message)) {
      held_.push_back(std::move(message));
    }
  }
}

void CoreLoop::SetWritable(const Error* error) {
  if (error != nullptr && writable_) Report(error->In("the journal cannot be written"));
  held_until_ = std::chrono::steady_clock::now();
  if (error != nullptr) held_until_ += options_.append_retry;
  writable_ = error == nullptr;
  const std::lock_guard lock(error_mutex_);
  journal_error_ = error == nullptr ? std::string() : error->ToString();
}

void CoreLoop::Finish(Batch& batch) {
  RunEffects(batch);
  Answer(batch);
  if (!batch.changes.empty()) {
    listeners_.Committed(batch.heads.position, batch.changes);
    timers_.Committed(batch.changes);
    AnswerWaiters(batch);
    definitions_stored_.merge(batch.definitions);
    open_runs_ += batch.runs_opened;
  }
  FinishSchedules(batch);
  if (!batch.held.empty()) {
    const Error error = Unavailable("the journal cannot be read");
    SetWritable(&error);
    for (Message* message : batch.held) held_.push_back(std::move(*message));
  }
  for (const RunId run : batch.runs) runs_.DropIfParked(run);
}

void CoreLoop::RunEffects(Batch& batch) {
  RECOURSE_FAIL_POINT("before_effect");
  std::vector<std::shared_ptr<Job>> jobs;
  for (auto& [id, effect] : batch.effects) {
    const LiveRun& run = *runs_.Find(id);
    std::shared_ptr<Job> job;
    if (auto* start = std::get_if<machine::StartPhase>(&effect)) {
      job = MakeAttemptJob(surroundings_, id, run.workflow, std::move(*start));
    } else if (const auto* plan = std::get_if<machine::MakePlan>(&effect)) {
      job = MakePlanJob(surroundings_, run.workflow, run.state, *plan);
    } else if (const auto* stop = std::get_if<machine::StopAttempt>(&effect)) {
      attempts_.Stop(id, stop->at);
    } else if (auto* release = std::get_if<machine::ReleaseLock>(&effect)) {
      // Granted in the next batch; after a crash in between, by the next start.
      if (!letters_.closed) grants_.push_back(GrantMessage{std::move(release->lock)});
    }
    // Also when the grace is over: what is journaled as begun and cannot be asked is begun.
    if (job == nullptr || (letters_.closed && !job->MustNotBeLeft())) continue;
    attempts_.Begin(job);
    jobs.push_back(std::move(job));
  }
  executor_.Push(jobs);
}

void CoreLoop::Answer(Batch& batch) {
  if (batch.answers.empty()) return;
  RECOURSE_FAIL_POINT("before_answer");
  struct Answerer {
    const Batch& batch;
    const Batch::Answer& answer;
    journal::Reader& reader;

    void operator()(StartMessage& of) const { Run(of.done); }
    void operator()(SubmitMessage& of) const { Run(of.done); }
    void operator()(VoteMessage& of) const { Vote(of); }
    void operator()(EngineMessage& of) const { std::exchange(of.done, nullptr)({}); }
    void operator()(WaitMessage&) const {}
    void operator()(TimerMessage&) const {}
    void operator()(GrantMessage&) const {}
    void operator()(ScheduleMessage&) const {}
    void operator()(SteerMessage&) const {}
    void operator()(ReloadMessage&) const {}
    void operator()(RemoveMessage&) const {}
    void operator()(NoteMessage&) const {}

    void Run(RunCallback& done) const {
      const auto* change = std::get_if<std::size_t>(&answer.content);
      std::exchange(done, nullptr)(change != nullptr ? batch.changes[*change].row
                                                     : std::get<journal::RunRow>(answer.content));
    }
    void Vote(VoteMessage& of) const {
      const auto done = std::exchange(of.done, nullptr);
      if (const auto* change = std::get_if<std::size_t>(&answer.content)) {
        for (const journal::ApprovalRow& row : batch.changes[*change].approvals) {
          if (row.approval == of.vote.id) return done(row);
        }
      }
      auto row = reader.FindApproval(of.vote.id);
      if (!row) return done(std::move(row).error());
      if (!*row) return done(NotFound("there is no approval " + of.vote.id.ToString()));
      done(**std::move(row));
    }
  };
  for (const Batch::Answer& answer : batch.answers) {
    if (const auto* refusal = std::get_if<Error>(&answer.content)) {
      runtime::Refuse(*answer.message, *refusal);
    } else {
      std::visit(Answerer{batch, answer, journal_.reader()}, *answer.message);
    }
  }
}

void CoreLoop::AnswerWaiters(const Batch& batch) {
  if (waiters_.empty()) return;
  for (const journal::RunChange& change : batch.changes) {
    const auto waiting = waiters_.find(change.row.run);
    if (waiting == waiters_.end()) continue;
    const LiveRun& run = *runs_.Find(change.row.run);
    if (!IsSettled(run.state)) continue;
    const journal::RunRow row = record::RowOf(*run.workflow, run.state);
    const std::vector<RunCallback> callbacks = std::move(waiting->second);
    waiters_.erase(waiting);
    for (const RunCallback& done : callbacks) done(row);
  }
}

void CoreLoop::ServeNotes() {
  if (notes_.empty()) return;
  std::vector<journal::OutboxRow> rows;
  for (const NoteMessage& message : notes_) {
    rows.insert(rows.end(), message.notes.begin(), message.notes.end());
  }
  const auto stored = journal_.NoteNotifications(rows);
  for (NoteMessage& message : notes_) message.done(stored);
  notes_.clear();
}

void CoreLoop::ServeRemovals() {
  for (RemoveMessage& message : removals_) message.done(Remove(message.removal));
  removals_.clear();
}

Result<journal::Position> CoreLoop::Remove(const journal::Removal& removal) {
  if (runs_.Find(removal.run) != nullptr) {
    return FailedPrecondition(removal.run.ToString() + " is at work; it was left as it is");
  }
  auto removed = journal_.RemoveRun(removal);
  if (removed) listeners_.Committed(*removed, {});
  return removed;
}

}  // namespace recourse::runtime
