// Windows: stretches of time in which something may be done, such as the first Sunday of a month
// from 02:00 to 04:00.
#pragma once

#include <chrono>
#include <optional>
#include <variant>

#include "engine/calendar/cron.h"

namespace recourse::calendar {

// Opens at each time of `start`, for `duration` of real time: one of two hours that opens in the
// night when clocks are put forward is two hours long nevertheless.
struct Window {
  Cron start;
  std::chrono::microseconds duration;  // above 0

  struct Open {
    Time since;
    Time until;  // exclusive; a window that opens before that is not counted into it
  };
  struct Closed {
    std::optional<Time> opens;  // none: not within 50 years
  };
  using State = std::variant<Open, Closed>;

  State At(Time now) const;
};

// The last moment at which a rollback that takes `undo` can begin and be over when the window
// closes.
inline Time LatestRollbackStart(Time closes, std::chrono::microseconds undo) {
  return closes - undo;
}

// Whether something that takes `expect`, and `undo` to take back after it, may begin now.
inline bool Fits(Time now, Time closes, std::chrono::microseconds expect,
                 std::chrono::microseconds undo) {
  return now + expect <= LatestRollbackStart(closes, undo);
}

}  // namespace recourse::calendar
