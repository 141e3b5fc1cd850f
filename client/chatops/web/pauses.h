// What a vendor's rate limit forbids for a while.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>

#include "engine/base/error.h"

namespace recourse::chatops::web {

// Thread safety: any.
class Pauses {
 public:
  using Clock = std::chrono::steady_clock;

  // Nothing is to be done to `what` for that long; a longer pause that is known already stays.
  void Begin(const std::string& what, std::chrono::seconds length);

  // Returns when no pause of `what` is left.
  // kResourceExhausted, at once: one lasts beyond `deadline`. kUnavailable: stopped.
  Result<void> Wait(const std::string& what, Clock::time_point deadline, std::stop_token stop);

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Clock::time_point> ends_;  // guarded by mutex_; past ones are removed
};

}  // namespace recourse::chatops::web
