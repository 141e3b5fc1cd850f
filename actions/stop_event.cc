#include "actions/stop_event.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace recourse {
namespace {

using SteadyClock = std::chrono::steady_clock;

}  // namespace

StopEvent::StopEvent(const Context& context)
    : context_(context),
      event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      callback_(context.stop, [this] {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = write(event_.get(), &one, sizeof one);
      }) {}

StopEvent::~StopEvent() = default;

bool StopEvent::stopped() const {
  return context_.stop.stop_requested() || SteadyClock::now() >= context_.deadline;
}

bool StopEvent::WaitReadable(int descriptor, std::chrono::microseconds duration) const {
  // A day is long enough for one wait and keeps the sum below the clock's range.
  const auto longest = std::chrono::microseconds(std::chrono::hours(24));
  const auto until = std::min(SteadyClock::now() + std::min(duration, longest), context_.deadline);
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - SteadyClock::now()).count();
    pollfd fds[] = {{descriptor, POLLIN, 0}, {event_.get(), POLLIN, 0}};
    const int ready = poll(fds, 2, static_cast<int>(std::clamp<long>(left, 0, 86'400'000)));
    if (ready < 0 && errno != EINTR) return false;
    if (ready > 0) return fds[0].revents != 0 && fds[1].revents == 0;
    if (ready == 0 && SteadyClock::now() >= until) return false;
  }
}

}  // namespace recourse
