// The five fields of a cron expression, as sets. Private to the module.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/error.h"
#include "engine/calendar/zone.h"

namespace recourse::calendar {

struct CronFields {
  std::uint64_t minutes = 0;    // bit m
  std::uint64_t hours = 0;      // bit h
  std::uint64_t days = 0;       // bit d, from 1
  std::uint64_t months = 0;     // bit m, from 1
  std::uint64_t week_days = 0;  // bit w, Sunday is 0

  std::uint64_t nearest_to = 0;          // `15W`: bit d, the weekday (MON-FRI) nearest to it
  bool last_day = false;                 // `L` among the days
  bool last_working_day = false;         // `LW`
  std::array<std::uint8_t, 7> nth = {};  // `SUN#1`: by week day, bit n
  std::uint64_t last_week_days = 0;      // `5L`: bit w

  // Whether the field begins with a star. What that changes: see Cron.
  bool any_minute = false;
  bool any_hour = false;
  bool any_day = false;
  bool any_week_day = false;

  bool Matches(LocalDay day) const;

  // The first match at or after `from`, looked for in the 50 years after it: rarer than every 40
  // years (a fifth Sunday in February, around 2100) no day is.
  std::optional<LocalTime> NextAt(LocalTime from) const;
};

// kInvalidArgument: "column 5: the hour 25 is not within 0 to 23".
Result<CronFields> ParseCronFields(std::string_view text);

}  // namespace recourse::calendar
