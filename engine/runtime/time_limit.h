// A stop token that is also requested when a time is over.
#pragma once

#include <chrono>
#include <stop_token>
#include <thread>

namespace recourse::runtime {

class TimeLimit {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // Its token is stopped when `outer` is, or at `deadline`.
  TimeLimit(const std::stop_token& outer, Deadline deadline);

  std::stop_token token() const { return stop_.get_token(); }

 private:
  struct Request {
    std::stop_source& stop;
    void operator()() const { stop.request_stop(); }
  };

  std::stop_source stop_;
  std::stop_callback<Request> outer_;
  std::jthread watch_;
};

}  // namespace recourse::runtime
