#include "engine/runtime/schedule_decision.h"

#include <algorithm>
#include <utility>

#include "engine/base/text.h"

namespace recourse::runtime {
namespace {

using definition::CatchUp;
using definition::Overlap;

// The most times that are looked at when a schedule comes back; those before them are decided with
// them, and not counted.
constexpr std::size_t kLookedAt = 1000;

// The times that are due, the oldest first: one that its jitter puts off holds back those after it.
std::vector<Time> DueTimes(const definition::Schedule& schedule, const journal::ScheduleRow& row,
                           Time now) {
  std::vector<Time> times = schedule.cron.Newest(row.decided, now, kLookedAt);
  const auto not_yet = std::find_if(times.begin(), times.end(),
                                    [&](Time time) { return schedule.StartOf(time) > now; });
  times.erase(not_yet, times.end());
  return times;
}

// How many of the newest of `times` are acted on.
std::size_t ActedOn(const definition::Schedule& schedule, const std::vector<Time>& times,
                    Time now) {
  switch (schedule.catch_up) {
    case CatchUp::kNone:
      return now - schedule.StartOf(times.back()) <= kOnTime ? 1 : 0;
    case CatchUp::kLast:
      return 1;
    case CatchUp::kAll:
      return std::min(times.size(), static_cast<std::size_t>(schedule.catch_up_limit));
  }
  return 0;
}

std::string TimingOf(const definition::Schedule& schedule) {
  return schedule.cron.text() + " " + schedule.cron.zone().name();
}

}  // namespace

void NoteNotStarted(journal::ScheduleRow& row, Time time, std::string why) {
  ++row.not_started;
  row.not_started_time = time;
  row.not_started_why = std::move(why);
}

ScheduleDecision DecideSchedule(const definition::Schedule& schedule,
                                const journal::ScheduleRow& row, Time now, bool previous_open) {
  ScheduleDecision decision{row, std::nullopt, false};
  if (row.paused) return decision;
  journal::ScheduleRow& next = decision.row;

  if (!previous_open && !next.queued.empty()) {
    decision.start = next.queued.front();
    next.queued.erase(next.queued.begin());
  }
  const std::vector<Time> times = DueTimes(schedule, row, now);
  if (!times.empty()) {
    next.decided = times.back();
    const std::size_t missed = times.size() - ActedOn(schedule, times, now);
    for (std::size_t i = 0; i < missed; ++i) {
      NoteNotStarted(next, times[i],
                     "nobody was there to start it in time (catch_up: " +
                         std::string(ToString(schedule.catch_up)) + ")");
    }
    for (std::size_t i = missed; i < times.size(); ++i) {
      if (!previous_open && !decision.start) {
        decision.start = times[i];
      } else if (schedule.overlap == Overlap::kSkip) {
        NoteNotStarted(next, times[i],
                       next.last_run.ToString() + " was still open (overlap: skip)");
      } else if (next.queued.size() < kQueueMax) {
        next.queued.push_back(times[i]);
      } else {
        NoteNotStarted(next, times[i],
                       std::to_string(kQueueMax) +
                           " times were waiting already, the most there "
                           "may be (overlap: queue)");
      }
    }
  }
  decision.changed = decision.start.has_value() || next != row;
  return decision;
}

std::optional<Time> NextDecision(const definition::Schedule& schedule,
                                 const journal::ScheduleRow& row) {
  if (row.paused) return std::nullopt;
  const auto time = schedule.cron.Next(row.decided);
  return time ? std::optional(schedule.StartOf(*time)) : std::nullopt;
}

journal::ScheduleRow RowWhenLoaded(const definition::Schedule& schedule,
                                   const std::optional<journal::ScheduleRow>& stored, Time now) {
  journal::ScheduleRow row = stored.value_or(journal::ScheduleRow());
  if (row.paused_in_file != schedule.paused) {
    row.paused = schedule.paused;  // the file has the last word, until somebody speaks again
    row.changed_by.clear();
    row.changed.reset();
    row.changed_why.clear();
  }
  if (!stored || row.timing != TimingOf(schedule)) row.decided = now;
  row.name = schedule.name;
  row.timing = TimingOf(schedule);
  row.paused_in_file = schedule.paused;
  return row;
}

journal::ScheduleRow RowWhenSteered(journal::ScheduleRow row, bool pause, const std::string& who,
                                    const std::string& why, Time now) {
  if (row.paused == pause) return row;
  row.paused = pause;
  row.changed_by = who;
  row.changed = now;
  row.changed_why = why;
  if (!pause) row.decided = std::max(row.decided, now);
  for (const Time time : std::exchange(row.queued, {})) {
    NoteNotStarted(row, time, "the schedule was paused by " + who + " while it waited");
  }
  return row;
}

}  // namespace recourse::runtime
