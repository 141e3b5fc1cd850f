// The jobs that are at work or queued, and the watch over their deadlines.
//
// Belongs to the core loop's thread; count() may be called from any.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "engine/runtime/job.h"

namespace recourse::runtime {

class Attempts {
 public:
  void Begin(std::shared_ptr<Job> job);
  void End(const std::shared_ptr<Job>& job);

  // Asks the run's jobs at `at` to stop.
  void Stop(RunId run, machine::StepRef at);
  void StopAll(Job::StoppedBy by);

  // Asks those to stop whose deadline is over.
  void StopOverdue(Time now);
  // The earliest deadline that StopOverdue has yet to act on.
  std::optional<Time> NextDeadline() const;

  bool empty() const { return jobs_.empty(); }
  std::int64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  std::unordered_multimap<RunId, std::shared_ptr<Job>> jobs_;
  std::set<std::pair<Time, Job*>> deadlines_;
  std::atomic<std::int64_t> count_ = 0;
};

}  // namespace recourse::runtime
