// What schedules come to: the runs that they start, and the times for which they start none.
#include "engine/base/text.h"
#include "engine/runtime/core_loop.h"
#include "engine/runtime/schedule_decision.h"

namespace recourse::runtime {
namespace {

// A schedule whose row or run the journal can never take is looked at again after this.
constexpr auto kRest = std::chrono::minutes(1);
// Between two looks at one that has nothing to do, whatever its times and jitter are.
constexpr auto kPause = std::chrono::milliseconds(100);

// Whether the journal may take it later. A limit that is reached is told instead of waited for.
bool JournalIsAway(const Error& error) { return error.code == Code::kUnavailable; }

}  // namespace

void CoreLoop::TakeSchedules(std::vector<Message>& batch) {
  for (std::string& name : schedules_.Due(clock_.Now())) {
    batch.push_back(ScheduleMessage{std::move(name)});
  }
}

// Whether the run that the schedule started last is not over.
Result<bool> CoreLoop::IsOpen(RunId run) {
  if (run.number == 0) return false;
  if (const LiveRun* live = runs_.Find(run))
    return !machine::IsFinal(machine::StatusOf(live->state));
  auto row = journal_.reader().FindRun(run);
  if (!row) return std::move(row).error().In("look for " + run.ToString());
  return *row && !machine::IsFinal(static_cast<machine::RunStatus>((*row)->status));
}

void CoreLoop::Take(Batch& batch, Message&, ScheduleMessage& of) {
  const Schedules::Entry* entry = schedules_.Find(of.schedule);
  if (entry == nullptr) return;
  const definition::Schedule& schedule = *entry->schedule;
  auto open = IsOpen(entry->row.last_run);
  // It is looked at again: nothing has been decided.
  if (!open) return SetWritable(&open.error());

  ScheduleDecision decision = DecideSchedule(schedule, entry->row, batch.now, *open);
  if (!decision.changed) {
    auto next = NextDecision(schedule, entry->row);
    if (next) next = std::max(*next, batch.now + kPause);
    return schedules_.LookAgain(schedule.name, next);
  }
  journal::ScheduleRow& row = decision.row;
  if (!decision.start) return batch.schedules.push_back(std::move(row));

  const StartRequest request{schedule.workflow, schedule.inputs,
                             schedule.RequestIdOf(*decision.start)};
  auto started = Start(batch, request, {schedule.Principal(), {}, "schedule"});
  if (!started && JournalIsAway(started.error())) return SetWritable(&started.error());
  if (!started) {
    NoteNotStarted(row, *decision.start, started.error().message);
    return batch.schedules.push_back(std::move(row));
  }
  row.last_time = decision.start;
  if (const auto* change = std::get_if<std::size_t>(&*started)) {
    row.last_run = batch.changes[*change].row.run;
    batch.changes[*change].schedule = std::move(row);
  } else {
    row.last_run = std::get<journal::RunRow>(*started).run;
    batch.schedules.push_back(std::move(row));
  }
}

// What the batch has come to for schedules is durable, or becomes so here.
void CoreLoop::FinishSchedules(Batch& batch) {
  for (const journal::RunChange& change : batch.changes) {
    if (change.schedule) StoredSchedule(*change.schedule);
  }
  if (!batch.schedules.empty()) {
    if (auto stored = journal_.StoreSchedules(batch.schedules); stored) {
      for (const journal::ScheduleRow& row : batch.schedules) StoredSchedule(row);
    } else {
      SetWritable(&stored.error());
    }
  }
  schedules_.Committed(batch.changes);
}

void CoreLoop::StoredSchedule(const journal::ScheduleRow& row) {
  const Schedules::Entry& entry = *schedules_.Find(row.name);
  if (row.not_started > entry.row.not_started) {
    const std::int64_t times = row.not_started - entry.row.not_started;
    Report(FailedPrecondition(
        "schedule " + row.name + " did not start " +
        (times == 1 ? "a run" : std::to_string(times) + " runs, the last one") + " for " +
        FormatTimestamp(ToTimestamp(*row.not_started_time)) + ": " + row.not_started_why));
  }
  schedules_.Stored(row);
}

void CoreLoop::RestSchedule(const ScheduleMessage& message) {
  schedules_.LookAgain(message.schedule, clock_.Now() + kRest);
}

// Runs are started from `catalogue` from now on. Errors are the reader's: nothing has changed then.
Result<void> CoreLoop::Use(std::shared_ptr<const Catalogue> catalogue) {
  if (auto loaded = schedules_.Load(catalogue->schedules, clock_.Now()); !loaded) return loaded;
  if (auto stored = schedules_.StoreNew(); !stored) SetWritable(&stored.error());
  definitions_.Add(catalogue->workflows);
  unknown_secrets_.clear();
  for (const auto& [name, workflow] : catalogue->workflows) {
    auto known = KnowsSecretsOf(*workflow, options_.secrets);
    if (!known) unknown_secrets_.emplace(name, std::move(known).error());
  }
  catalogue_ = std::move(catalogue);
  return {};
}

void CoreLoop::ServeReloads() {
  for (ReloadMessage& message : reloads_) message.done(Use(std::move(message.catalogue)));
  reloads_.clear();
}

void CoreLoop::ServeSteers() {
  for (SteerMessage& message : steers_) ServeSteer(message);
  steers_.clear();
}

void CoreLoop::ServeSteer(SteerMessage& message) {
  const Schedules::Entry* entry = schedules_.Find(message.schedule);
  if (entry == nullptr) {
    return message.done(
        Unavailable("the schedules have not been read from the journal yet; "
                    "nothing was changed, try again in a moment"));
  }
  const journal::ScheduleRow row = RowWhenSteered(
      entry->row, message.pause, message.caller.principal, message.reason, clock_.Now());
  if (row == entry->row) return message.done(row);
  if (auto stored = journal_.StoreSchedules({&row, 1}); !stored) {
    SetWritable(&stored.error());
    return message.done(stored.error().In("nothing was changed"));
  }
  StoredSchedule(row);
  message.done(row);
}

}  // namespace recourse::runtime
