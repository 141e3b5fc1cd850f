// The threads on which actions run.
//
// The queue needs no limit of its own: a run has at most one attempt and one plan at work, and the
// number of open runs is limited.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/runtime/job.h"

namespace recourse::runtime {

class Executor {
 public:
  // `finished` is told each outcome, on the worker's thread.
  using Finished = std::function<void(std::shared_ptr<Job> job, machine::Input outcome)>;

  Executor(int workers, Finished finished);
  // Waits for the jobs that have begun; the others are dropped.
  ~Executor();

  // Hands over jobs, in their order, under one lock. Any thread.
  void Push(std::vector<std::shared_ptr<Job>>& jobs);

  // Takes back the jobs that no worker has begun.
  std::vector<std::shared_ptr<Job>> TakeBack();

 private:
  void Work();
  void LingerForNext(std::unique_lock<std::mutex>& lock);

  const Finished finished_;
  std::mutex mutex_;
  std::condition_variable work_;
  // Guarded by mutex_. At most one sleeping worker is on its way up at a time (waking_); when it
  // takes a job and leaves others it wakes the next, so that many short jobs do not wake everybody.
  std::deque<std::shared_ptr<Job>> queue_;
  int idle_ = 0;
  bool waking_ = false;
  bool few_ = true;         // what was pushed last
  bool lingering_ = false;  // a worker looks for the next job before it sleeps
  bool ending_ = false;
  std::atomic<bool> filled_ = false;  // something was pushed while a worker lingers

  std::vector<std::thread> workers_;
};

}  // namespace recourse::runtime
