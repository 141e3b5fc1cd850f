#include "server/watch_hub.h"

namespace recourse::server {

Result<void> WatchHub::Add(RunId run, std::shared_ptr<Watcher> watcher, StillAdmitted admitted) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return StoppingError();
  watchers_[run].push_back({std::move(watcher), std::move(admitted)});
  return {};
}

void WatchHub::Remove(RunId run, const Watcher* watcher) {
  const std::lock_guard lock(mutex_);
  const auto found = watchers_.find(run);
  if (found == watchers_.end()) return;
  std::erase_if(found->second, [&](const Entry& each) { return each.watcher.get() == watcher; });
  if (found->second.empty()) watchers_.erase(found);
}

void WatchHub::Recheck() {
  std::vector<Entry> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [run, entries] : watchers_)
      all.insert(all.end(), entries.begin(), entries.end());
  }
  for (const Entry& entry : all) {
    if (auto admitted = entry.admitted(); !admitted) entry.watcher->End(admitted.error());
  }
}

void WatchHub::Stop() {
  Watchers all;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    for (const auto& [run, entries] : watchers_) {
      for (const Entry& entry : entries) all.push_back(entry.watcher);
    }
  }
  const Error error = Unavailable("the server is stopping; watch again when it is back");
  for (const auto& watcher : all) watcher->End(error);
}

void WatchHub::Committed(journal::Position, std::span<const journal::RunChange> changes) {
  Watchers woken;
  {
    const std::lock_guard lock(mutex_);
    if (watchers_.empty()) return;
    Find(kAllRuns, woken);
    for (const journal::RunChange& change : changes) Find(change.row.run, woken);
  }
  for (const auto& watcher : woken) watcher->Wake();
}

void WatchHub::News(const runtime::AttemptNews& news) {
  Watchers told;
  {
    const std::lock_guard lock(mutex_);
    Find(news.run, told);
  }
  for (const auto& watcher : told) watcher->Tell(news);
}

void WatchHub::Find(RunId run, Watchers& watchers) const {
  const auto found = watchers_.find(run);
  if (found == watchers_.end()) return;
  for (const Entry& entry : found->second) watchers.push_back(entry.watcher);
}

}  // namespace recourse::server
