#include "engine/calendar/window.h"

namespace recourse::calendar {

Window::State Window::At(Time now) const {
  const std::vector<Time> opened = start.Newest(now - duration, now, 1);
  if (!opened.empty()) return Open{opened.back(), opened.back() + duration};
  return Closed{start.Next(now)};
}

}  // namespace recourse::calendar
