// When a line of a log was written, by the time that stands near its beginning.
//
// Known are:
//   2026-11-21T03:04:05.123Z        ISO 8601 and RFC 3339; a blank for the T, a comma for the point
//   2026/11/21 03:04:05             nginx's errors, Go
//   21/Nov/2026:03:04:05 +0000      access logs of nginx and Apache
//   21 Nov 2026 03:04:05.123        Redis
//   Sat Nov 21 03:04:05.123 2026    Apache's errors, ctime
//   Nov 21 03:04:05                 syslog; its year is the last in which that is not to come
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/error.h"

namespace recourse::host {

class LogClock {
 public:
  // `utc_offset`: of times that say none themselves. `now`: for years that are not said.
  LogClock(std::chrono::seconds utc_offset, Time now) : utc_offset_(utc_offset), now_(now) {}

  // Nothing when none of the known forms stands in the line's first 200 bytes.
  std::optional<Time> TimeOf(std::string_view line) const;

 private:
  std::chrono::seconds utc_offset_;
  Time now_;
};

// Of "+02:00", "-0530" or "Z". kInvalidArgument: anything else.
Result<std::chrono::seconds> ParseUtcOffset(std::string_view text);

// The line with "<time>" in the place of each time, "<id>", "<address>" and "<n>" in those of
// identifiers, addresses and numbers: what lines of the same kind have in common.
std::string FoldMessage(std::string_view line);

}  // namespace recourse::host
