// Wakes the streams that follow runs or the whole journal, after each commit.
//
// Thread safety: every function may be called from any thread; none blocks on disk or network.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "engine/runtime/engine.h"
#include "server/access.h"
#include "server/stream.h"

namespace recourse::server {

class WatchHub final : public runtime::Listener {
 public:
  // The key of watchers that follow every run.
  static constexpr RunId kAllRuns{};

  // `admitted` is asked by Recheck. kUnavailable: Stop() was called.
  Result<void> Add(RunId run, std::shared_ptr<Watcher> watcher, StillAdmitted admitted);
  void Remove(RunId run, const Watcher* watcher);

  // Ends the streams of those who may not have them any more.
  void Recheck();

  // Ends every stream and takes no more.
  void Stop();

  void Committed(journal::Position position, std::span<const journal::RunChange> changes) override;
  void News(const runtime::AttemptNews& news) override;

 private:
  using Watchers = std::vector<std::shared_ptr<Watcher>>;

  // Under mutex_: appends the watchers of `run` to `watchers`.
  void Find(RunId run, Watchers& watchers) const;

  std::mutex mutex_;
  struct Entry {
    std::shared_ptr<Watcher> watcher;
    StillAdmitted admitted;
  };
  std::unordered_map<RunId, std::vector<Entry>> watchers_;  // under mutex_
  bool stopped_ = false;                                    // under mutex_
};

}  // namespace recourse::server
