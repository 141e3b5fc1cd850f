#include "engine/runtime/listeners.h"

#include <mutex>

namespace recourse::runtime {

void Listeners::Add(Listener* listener) {
  const std::unique_lock lock(mutex_);
  listeners_.push_back(listener);
  count_ = listeners_.size();
}

void Listeners::Remove(Listener* listener) {
  const std::unique_lock lock(mutex_);
  std::erase(listeners_, listener);
  count_ = listeners_.size();
}

void Listeners::Committed(journal::Position position, std::span<const journal::RunChange> changes) {
  if (!any()) return;
  const std::shared_lock lock(mutex_);
  for (Listener* listener : listeners_) listener->Committed(position, changes);
}

void Listeners::News(const AttemptNews& news) {
  const std::shared_lock lock(mutex_);
  for (Listener* listener : listeners_) listener->News(news);
}

}  // namespace recourse::runtime
