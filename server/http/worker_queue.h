// The threads that serve connections. As many connections wait for them as there is room; more wait
// with the kernel, so that a flood costs no memory here.
#pragma once

#include <httplib.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace recourse::server::http {

class WorkerQueue final : public httplib::TaskQueue {
 public:
  WorkerQueue(int threads, std::size_t waiting_max);

  // Waits while there is no room.
  void enqueue(std::function<void()> task) override;
  // Returns when what was enqueued is done.
  void shutdown() override;

 private:
  void Work();

  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;  // this and `ended_` are guarded by mutex_
  bool ended_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace recourse::server::http
