// The timers of all runs: they stand in the journal; only the time of the next is in memory.
//
// Belongs to the core loop's thread.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <vector>

#include "engine/journal/journal.h"

namespace recourse::runtime {

// How long to sleep for what is due at `due`, at most kSleepMax: the machine's clock may be moved
// meanwhile, and a time that is centuries away has no count of nanoseconds.
inline constexpr std::chrono::seconds kSleepMax{5};
std::chrono::steady_clock::duration SleepFor(Time due, Time now);

class Timers {
 public:
  explicit Timers(journal::Reader& reader) : reader_(reader) {}

  // Reads when the next one is due: at the start, and after those that were due are dealt with.
  // Errors are the reader's.
  Result<void> Load();

  // Those that are due, at most `limit`, the earliest first. Errors are the reader's.
  Result<std::vector<journal::TimerRow>> Due(Time now, int limit);

  // What was committed may make a timer due sooner.
  void Committed(std::span<const journal::RunChange> changes);

  // The run has no use for this timer in its state, and still has it: it is not told again until
  // its timers change, so that the loop does not spin on it.
  void Mute(const journal::TimerRow& timer) { muted_.insert(timer); }

  std::optional<Time> next() const { return next_; }

 private:
  journal::Reader& reader_;
  std::optional<Time> next_;
  std::set<journal::TimerRow> muted_;  // ordered by run
};

}  // namespace recourse::runtime
