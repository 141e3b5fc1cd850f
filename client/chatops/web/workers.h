// A few threads for what must not keep a caller waiting.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace recourse::chatops::web {

// Thread safety: any.
class Workers {
 public:
  Workers(std::size_t threads, std::size_t waiting_max);
  ~Workers() { Stop(); }

  // False, and `work` is not done: too much waits, or Stop() was called.
  bool Submit(std::function<void()> work);

  // Does what waits, and returns when all of it is done.
  void Stop();
  // As Stop(); calls `hurry` when all is done or `time` is over, whichever comes first.
  void StopWithin(std::chrono::milliseconds time, const std::function<void()>& hurry);

 private:
  void Run();

  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;  // guarded by mutex_
  bool stopped_ = false;                       // guarded by mutex_
  std::vector<std::thread> threads_;           // joined by the first Stop()
};

}  // namespace recourse::chatops::web
