// Who is told what was committed and what attempts report.
//
// Thread safety: every function may be called from any thread. Remove() waits for calls under way,
// so a listener must not remove itself from within one.
#pragma once

#include <atomic>
#include <shared_mutex>
#include <vector>

#include "engine/runtime/engine.h"

namespace recourse::runtime {

class Listeners {
 public:
  void Add(Listener* listener);
  void Remove(Listener* listener);

  // Whether news would reach anybody: saves making it when not.
  bool any() const { return count_.load(std::memory_order_relaxed) > 0; }

  void Committed(journal::Position position, std::span<const journal::RunChange> changes);
  void News(const AttemptNews& news);

 private:
  std::shared_mutex mutex_;
  std::vector<Listener*> listeners_;  // guarded by mutex_
  std::atomic<std::size_t> count_ = 0;
};

}  // namespace recourse::runtime
