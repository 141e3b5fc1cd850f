#include "engine/calendar/zone.h"

#include <date/tz.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <vector>

#include "engine/base/text.h"

namespace recourse::calendar {
namespace {

using std::chrono::seconds;

// Where the database has no bound it names years that microseconds cannot hold.
constexpr auto kEarliest = std::chrono::sys_days(std::chrono::year(1) / 1 / 1);
constexpr auto kLatest = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31);

Time Bounded(std::chrono::sys_seconds time) {
  return std::clamp<std::chrono::sys_seconds>(time, kEarliest, kLatest);
}

}  // namespace

Result<Zone> Zone::Find(std::string_view name) {
  if (name == "UTC") return Zone();
  try {
    const date::tzdb& database = date::get_tzdb();
    const auto zone = std::find_if(database.zones.begin(), database.zones.end(),
                                   [&](const auto& known) { return known.name() == name; });
    if (zone == database.zones.end()) {
      std::vector<std::string> names;
      for (const auto& known : database.zones) names.push_back(known.name());
      const std::string nearest = name.size() > 64 ? "" : Nearest(name, names);
      return NotFound("there is no time zone \"" + std::string(name.substr(0, 64)) + "\"" +
                      (nearest.empty() ? "; names are those of the IANA database, such as "
                                         "Europe/Berlin or UTC"
                                       : "; did you mean \"" + nearest + "\"?"));
    }
    // Reads the zone's file now, so that nothing that follows can fail.
    static_cast<void>(zone->get_info(std::chrono::sys_seconds()));
    return Zone(std::string(name), &*zone);
  } catch (const std::exception& error) {
    return Unavailable("the system's time zone database cannot be read (Debian: tzdata): " +
                       std::string(error.what()));
  }
}

Zone::Period Zone::At(Time time) const {
  if (zone_ == nullptr) return {kEarliest, kLatest, seconds(0), "UTC"};
  const auto info =
      zone_->get_info(std::chrono::floor<seconds>(std::clamp<Time>(time, kEarliest, kLatest)));
  return {Bounded(info.begin), Bounded(info.end), info.offset, info.abbrev};
}

LocalTime Zone::LocalOf(Time time) const {
  return LocalTime(std::chrono::floor<seconds>(time).time_since_epoch() + At(time).offset);
}

Time Zone::FirstAt(LocalTime local) const {
  if (zone_ == nullptr) return Bounded(std::chrono::sys_seconds(local.time_since_epoch()));
  const auto info = zone_->get_info(date::local_seconds(local.time_since_epoch()));
  if (info.result == date::local_info::nonexistent) return Bounded(info.first.end);
  return Bounded(std::chrono::sys_seconds(local.time_since_epoch() - info.first.offset));
}

std::string Zone::Format(Time time) const {
  const Period period = At(time);
  std::string text =
      FormatTimestamp(ToTimestamp(std::chrono::floor<seconds>(time) + period.offset));
  text.pop_back();  // the Z
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(period.offset).count();
  char offset[16];
  std::snprintf(offset, sizeof(offset), "%c%02d:%02d", minutes < 0 ? '-' : '+',
                static_cast<int>(std::abs(minutes) / 60), static_cast<int>(std::abs(minutes) % 60));
  return text + offset + " " + period.abbreviation;
}

}  // namespace recourse::calendar
