// Cron expressions: when something is to happen again and again.
//
// Five fields: minute, hour, day of the month, month, day of the week; or one of @yearly,
// @annually, @monthly, @weekly, @daily, @midnight, @hourly, or `@every 90s`.
// In a field: `*`, numbers, names (JAN, SUN; any case), ranges 1-5, lists 1,5, steps */5 or 10-40/5
// (5/15 is 5-59/15). Sunday is 0, 7 or SUN. Days of the month also: L (the last), LW (the last
// from Monday to Friday), 15W (the one of these nearest to the 15th, in the same month). Days of
// the week also: SUN#1 (the first Sunday of the month), 5L (the last Friday).
//
// Two rules that surprise are those of Vixie's cron (crontab(5) and cron(8) of Debian):
// - A day of the month and a day of the week that are both restricted are alternatives: `0 2 1 *
// MON`
//   is every 1st and every Monday. A field that begins with a star restricts nothing in this sense;
//   the other one decides, and both must fit.
// - When clocks are changed: an expression whose minute or hour begins with a star happens in real
//   time, whenever clocks show a time that fits. Any other happens once for each time on the wall
//   that fits: at the first instant after the gap when clocks skip it, and the first time only when
//   they show it twice.
// `@every` counts in real time from 1970-01-01T00:00:00Z, whatever the zone.
//
// Thread safety: immutable; may be used from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/calendar/cron_fields.h"

namespace recourse::calendar {

class Cron {
 public:
  // Never fires.
  Cron() = default;

  // kInvalidArgument: it cannot be read, or never fires (30 February); the message begins with the
  // column, from 1: "column 5: the hour 25 is not within 0 to 23".
  static Result<Cron> Parse(std::string_view text, Zone zone);

  // The first time after `after`; nothing when it lies more than 50 years ahead, or after the year
  // 9900.
  std::optional<Time> Next(Time after) const;

  // The newest times after `after` up to and including `until`, at most `count` of them, the oldest
  // first. Costs time in proportion to `count`, however long ago `after` is.
  std::vector<Time> Newest(Time after, Time until, std::size_t count) const;

  const std::string& text() const { return text_; }
  const Zone& zone() const { return zone_; }

 private:
  Cron(std::string text, Zone zone) : text_(std::move(text)), zone_(std::move(zone)) {}

  Time NextOfEvery(Time after) const;
  std::optional<Time> NextOnTheWall(Time after) const;
  std::optional<Time> NextInRealTime(Time after) const;

  std::string text_;
  Zone zone_;
  CronFields fields_;
  std::chrono::microseconds every_{};  // of `@every`; 0: the fields count
};

}  // namespace recourse::calendar
