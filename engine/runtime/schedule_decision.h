// What a schedule has to do now: a pure function of what it says, what it has come to, and the
// time.
#pragma once

#include <optional>
#include <string>

#include "engine/definition/schedule.h"
#include "engine/journal/journal.h"

namespace recourse::runtime {

// A time that is dealt with so soon after its start was due counts as kept: only what comes later
// is a matter of `catch_up`.
inline constexpr auto kOnTime = std::chrono::minutes(1);

// How many times of one schedule may wait for a run to end; others are not started.
inline constexpr std::size_t kQueueMax = 100;

struct ScheduleDecision {
  journal::ScheduleRow row;   // as it will be, but for the run that `start` begins
  std::optional<Time> start;  // the time for which a run is to be started
  bool changed = false;       // whether `row` differs from the one given
};

// Decides every time that is due and not decided yet. At most one run is started; times that wait
// are decided when the previous run is over. `previous_open`: whether row.last_run is still open.
ScheduleDecision DecideSchedule(const definition::Schedule& schedule,
                                const journal::ScheduleRow& row, Time now, bool previous_open);

// When the next time that is not decided is due; nothing while the schedule is paused.
std::optional<Time> NextDecision(const definition::Schedule& schedule,
                                 const journal::ScheduleRow& row);

// The row as it stands when the schedule is loaded. `stored`: what the journal has of it, if
// anything. What would have come before the schedule was first loaded, or before its expression or
// zone was changed, is not made up for.
journal::ScheduleRow RowWhenLoaded(const definition::Schedule& schedule,
                                   const std::optional<journal::ScheduleRow>& stored, Time now);

// Paused or resumed by `who`. Times that wait when it is paused are not started, nor are those that
// come until it is resumed.
journal::ScheduleRow RowWhenSteered(journal::ScheduleRow row, bool pause, const std::string& who,
                                    const std::string& why, Time now);

// One more time for which nothing was started.
void NoteNotStarted(journal::ScheduleRow& row, Time time, std::string why);

}  // namespace recourse::runtime
