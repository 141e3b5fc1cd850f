// Time as the engine reads and stores it.
#pragma once

#include <chrono>

#include "engine/base/value.h"

namespace recourse {

// A point in time, UTC, in microseconds since 1970.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

// Where the time comes from; only the runtime holds one. Now() may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time Now() const = 0;
};

// The machine's real-time clock.
class SystemClock final : public Clock {
 public:
  Time Now() const override;
};

Timestamp ToTimestamp(Time time);
Time FromTimestamp(Timestamp timestamp);

}  // namespace recourse
