#include "engine/base/clock.h"

namespace recourse {

using std::chrono::microseconds;

Time SystemClock::Now() const {
  return std::chrono::time_point_cast<microseconds>(std::chrono::system_clock::now());
}

Timestamp ToTimestamp(Time time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  return {whole.time_since_epoch().count(),
          static_cast<std::int32_t>((time - whole).count() * 1000)};
}

Time FromTimestamp(Timestamp timestamp) {
  return Time(std::chrono::seconds(timestamp.seconds) + microseconds(timestamp.nanos / 1000));
}

}  // namespace recourse
