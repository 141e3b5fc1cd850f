// Waiting that ends at once when the phase is stopped.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

#include "actions/action.h"
#include "engine/base/file.h"

namespace recourse {

// A descriptor that becomes readable when the context's stop token is set: for poll(2) beside other
// descriptors. `context` must outlive it. One thread.
class StopEvent {
 public:
  explicit StopEvent(const Context& context);
  ~StopEvent();

  int descriptor() const { return event_.get(); }

  // The stop token is set or the context's deadline is over.
  bool stopped() const;

  // Waits until `descriptor` is readable, at most `duration`, and answers whether it is. Answers
  // false earlier when stopped(). With descriptor -1: only waits.
  bool WaitReadable(int descriptor, std::chrono::microseconds duration) const;

  // False when it was stopped meanwhile.
  bool WaitFor(std::chrono::microseconds duration) const {
    WaitReadable(-1, duration);
    return !stopped();
  }

 private:
  const Context& context_;
  Descriptor event_;
  std::stop_callback<std::function<void()>> callback_;
};

}  // namespace recourse
