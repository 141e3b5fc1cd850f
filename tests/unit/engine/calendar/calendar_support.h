// Times and expressions as the tests write them.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "engine/base/text.h"
#include "engine/calendar/cron.h"

namespace recourse::calendar {

inline Time At(std::string_view text) {
  auto parsed = ParseTimestamp(text);
  if (!parsed) FAIL(parsed.error().ToString());
  return FromTimestamp(*parsed);
}

inline Zone ZoneOf(std::string_view name) {
  auto zone = Zone::Find(name);
  if (!zone) FAIL(zone.error().ToString());
  return *zone;
}

inline Cron CronOf(std::string_view text, std::string_view zone = "UTC") {
  auto cron = Cron::Parse(text, ZoneOf(zone));
  if (!cron) FAIL(cron.error().ToString());
  return *cron;
}

inline std::string Show(Time time) { return FormatTimestamp(ToTimestamp(time)); }

}  // namespace recourse::calendar
