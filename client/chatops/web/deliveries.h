// What was delivered lately, so that a second delivery of the same does nothing and hears the same.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "engine/base/error.h"

namespace recourse::chatops::web {

// Thread safety: any.
class Deliveries {
 public:
  // Remembers each for `kept`, and `kept_max` at a time.
  Deliveries(std::chrono::seconds kept, std::size_t kept_max) : kept_(kept), kept_max_(kept_max) {}

  // What `handle` answers, or answered when `delivery` came before; a second delivery waits for the
  // first one's answer.
  // kResourceExhausted: `handle` was not called, for too many are remembered.
  Result<std::string> Once(const std::string& delivery, const std::function<std::string()>& handle);

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    Clock::time_point came;
    std::optional<std::string> answer;  // none while it is being made
  };

  void Forget(Clock::time_point now);

  const std::chrono::seconds kept_;
  const std::size_t kept_max_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::map<std::string, Entry> entries_;                  // guarded by mutex_
  std::multimap<Clock::time_point, std::string> by_age_;  // guarded by mutex_
};

}  // namespace recourse::chatops::web
