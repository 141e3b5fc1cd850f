// Threads that read the journal for callers, each with a reader of its own, so that gRPC's threads
// never wait for the disk.
//
// Thread safety: Post may be called from any thread; it never blocks on the disk.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/base/error.h"
#include "engine/journal/journal.h"

namespace recourse::server {

class ReaderPool {
 public:
  // Called once, on one of the pool's threads; must not throw. When the pool ends first, it is
  // called without a reader (null) and answers its caller that the server stops.
  using Task = std::function<void(journal::Reader* reader)>;

  // `threads`: 1 and up. `calls_max`: how many calls may wait. Errors are the journal's, when a
  // reader cannot be opened.
  static Result<std::unique_ptr<ReaderPool>> Start(const journal::Journal& journal, int threads,
                                                   int calls_max);

  ~ReaderPool();
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  // For what was accepted already: streams, and answers that are owed.
  void Post(Task task);

  // For a call. kResourceExhausted: too many wait; `task` will not be called.
  Result<void> PostForCaller(Task task);

  // Calls the tasks that wait without a reader, and ends the threads. Later tasks are called at
  // once without a reader. May be called twice.
  void Stop();

 private:
  explicit ReaderPool(int calls_max) : calls_max_(static_cast<std::size_t>(calls_max)) {}
  void Work(journal::Reader& reader);

  std::mutex mutex_;
  std::condition_variable changed_;
  const std::size_t calls_max_;
  std::deque<Task> tasks_;  // under mutex_
  bool stopping_ = false;   // under mutex_

  std::vector<std::unique_ptr<journal::Reader>> readers_;
  std::vector<std::thread> threads_;
};

// The error for a task that was called without a reader.
Error StoppingError();

}  // namespace recourse::server
