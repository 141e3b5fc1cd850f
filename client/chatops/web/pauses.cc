#include "client/chatops/web/pauses.h"

namespace recourse::chatops::web {

void Pauses::Begin(const std::string& what, std::chrono::seconds length) {
  const std::lock_guard lock(mutex_);
  auto& end = ends_[what];
  end = std::max(end, Clock::now() + length);
}

Result<void> Pauses::Wait(const std::string& what, Clock::time_point deadline,
                          std::stop_token stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto now = Clock::now();
    std::erase_if(ends_, [now](const auto& pause) { return pause.second <= now; });
    const auto found = ends_.find(what);
    if (found == ends_.end()) return {};
    const auto end = found->second;
    if (end > deadline) {
      const auto left = std::chrono::ceil<std::chrono::seconds>(end - now);
      return Error{Code::kResourceExhausted, "the rate limit allows nothing for another " +
                                                 std::to_string(left.count()) +
                                                 " s; nothing was sent"};
    }
    changed_.wait_until(lock, stop, end, [] { return false; });
    if (stop.stop_requested()) return Unavailable("stopped while the rate limit was waited for");
  }
}

}  // namespace recourse::chatops::web
