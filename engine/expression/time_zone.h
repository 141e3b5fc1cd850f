// How far local time is from UTC: fixed offsets and the system's time zone files (TZif, RFC 8536).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/expression/time_zone_rule.h"

namespace recourse::expression {

// Immutable; may be used from any thread.
class TimeZone {
 public:
  // "UTC", "+05:30", "-09:30", "02:00", or a name like "Europe/Paris", whose file is read from
  // /usr/share/zoneinfo.
  // kInvalidArgument: none of these, or the system has no such zone, or its file is damaged.
  static Result<TimeZone> Load(std::string_view name);

  // From the content of a TZif file. kInvalidArgument: it is none.
  static Result<TimeZone> FromFile(std::string_view content);

  // Seconds to add to UTC at that time (seconds since 1970).
  std::int64_t OffsetAt(std::int64_t time) const;

 private:
  std::vector<std::int64_t> transitions_;  // ascending
  std::vector<std::int64_t> offsets_;      // offsets_[i] holds from transitions_[i] on
  std::int64_t first_offset_ = 0;          // before the first transition
  std::optional<TimeZoneRule> rule_;       // after the last one; none: its offset stays
};

}  // namespace recourse::expression
