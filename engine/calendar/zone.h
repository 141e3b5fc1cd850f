// Time zones of the IANA database, as the system has it.
//
// Thread safety: immutable; may be used from any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/error.h"

namespace date {
class time_zone;
}

namespace recourse::calendar {

// What a clock on the wall shows; it says nothing about the zone.
using LocalTime = std::chrono::time_point<std::chrono::local_t, std::chrono::seconds>;
using LocalDay = std::chrono::time_point<std::chrono::local_t, std::chrono::days>;

class Zone {
 public:
  // UTC, which needs no database.
  Zone() = default;

  // kNotFound: there is no zone of that name (with the nearest one). kUnavailable: the system has
  // no time zone database; the message names the package.
  static Result<Zone> Find(std::string_view name);

  // "Europe/Berlin", or "UTC".
  const std::string& name() const { return name_; }

  // A stretch of time in which clocks are not changed.
  struct Period {
    Time begin;
    Time end;  // exclusive
    std::chrono::seconds offset;
    std::string abbreviation;  // "CEST"
  };
  Period At(Time time) const;

  LocalTime LocalOf(Time time) const;

  // When clocks first show `local`, or, where they skip it, the moment of the skip: the first
  // instant after the gap.
  Time FirstAt(LocalTime local) const;

  // RFC 3339 with the zone's offset and name: "2026-11-25T03:00:00+01:00 CET".
  std::string Format(Time time) const;

 private:
  Zone(std::string name, const date::time_zone* zone) : name_(std::move(name)), zone_(zone) {}

  std::string name_ = "UTC";
  const date::time_zone* zone_ = nullptr;  // lives as long as the process; null: UTC
};

}  // namespace recourse::calendar
