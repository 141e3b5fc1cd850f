// Tells an operator that requests are refused, without a line for each.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

namespace recourse::chatops::web {

// Thread safety: any.
class Refusals {
 public:
  explicit Refusals(std::function<void(const std::string&)> report) : report_(std::move(report)) {}

  // Reports the first one, and after that at most every 10 s how many there were and why the last.
  void Count(const std::string& why) {
    std::unique_lock lock(mutex_);
    ++count_;
    const auto now = std::chrono::steady_clock::now();
    if (reported_ && now - *reported_ < std::chrono::seconds(10)) return;
    const std::string requests =
        count_ == 1 ? "a request was" : std::to_string(count_) + " requests were";
    reported_ = now;
    count_ = 0;
    lock.unlock();
    report_(requests + " refused, and did nothing: " + why);
  }

 private:
  const std::function<void(const std::string&)> report_;
  std::mutex mutex_;
  std::int64_t count_ = 0;                                         // guarded by mutex_
  std::optional<std::chrono::steady_clock::time_point> reported_;  // guarded by mutex_
};

}  // namespace recourse::chatops::web
