// The threads that answer requests, and those that wait for them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace recourse::web {

class WorkerQueue {
 public:
  WorkerQueue(int threads, std::size_t waiting_max);
  ~WorkerQueue() { Stop(); }

  // False: too many wait, and `task` was not taken.
  bool TryPush(std::function<void()>& task);
  // Returns when what was taken is done.
  void Stop();

 private:
  void Work();

  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;  // this and `ended_` are guarded by mutex_
  bool ended_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace recourse::web
