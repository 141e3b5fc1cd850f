#include "engine/runtime/timers.h"

#include <algorithm>

namespace recourse::runtime {

std::chrono::steady_clock::duration SleepFor(Time due, Time now) {
  return std::clamp<Time::duration>(due - now, Time::duration::zero(), kSleepMax);
}

Result<void> Timers::Load() {
  auto first = Due(Time::max(), 1);
  if (!first) return std::move(first).error();
  next_.reset();
  if (!first->empty()) next_ = first->front().due;
  return {};
}

Result<std::vector<journal::TimerRow>> Timers::Due(Time now, int limit) {
  auto due = reader_.TimersDue(now, limit + static_cast<int>(muted_.size()));
  if (!due) return std::move(due).error().In("read the timers");
  std::erase_if(*due, [&](const journal::TimerRow& timer) { return muted_.contains(timer); });
  if (due->size() > static_cast<std::size_t>(limit)) due->resize(static_cast<std::size_t>(limit));
  return due;
}

void Timers::Committed(std::span<const journal::RunChange> changes) {
  for (const journal::RunChange& change : changes) {
    if (!change.timers) continue;
    if (!muted_.empty()) {
      std::erase_if(muted_,
                    [&](const journal::TimerRow& timer) { return timer.run == change.row.run; });
    }
    for (const journal::TimerRow& timer : *change.timers) {
      next_ = next_ ? std::min(*next_, timer.due) : timer.due;
    }
  }
}

}  // namespace recourse::runtime
