#include "engine/runtime/executor.h"

#include <chrono>
#include <utility>

namespace recourse::runtime {
namespace {

// How long a worker that has ended a job looks for the next one before it sleeps: longer than the
// commit takes that follows from the job, and long enough for a script's next run to begin. To be
// woken costs a run of short steps more than that. Only one worker looks at a time, and none after
// many jobs at once: then the processors have better things to do.
constexpr auto kLinger = std::chrono::microseconds(1200);
constexpr std::size_t kFewJobs = 4;

}  // namespace

Executor::Executor(int workers, Finished finished) : finished_(std::move(finished)) {
  workers_.reserve(static_cast<std::size_t>(workers));
  for (int i = 0; i < workers; ++i) workers_.emplace_back([this] { Work(); });
}

Executor::~Executor() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    queue_.clear();
  }
  work_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void Executor::Push(std::vector<std::shared_ptr<Job>>& jobs) {
  if (jobs.empty()) return;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    few_ = jobs.size() <= kFewJobs;
    for (auto& job : jobs) queue_.push_back(std::move(job));
    filled_ = true;
    // One that lingers takes the first of them and wakes others for the rest.
    wake = !lingering_ && idle_ > 0 && !std::exchange(waking_, true);
  }
  jobs.clear();
  if (wake) work_.notify_one();
}

std::vector<std::shared_ptr<Job>> Executor::TakeBack() {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Job>> jobs(queue_.begin(), queue_.end());
  queue_.clear();
  return jobs;
}

void Executor::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (queue_.empty() && few_ && !lingering_) LingerForNext(lock);
    while (queue_.empty() && !ending_) {
      ++idle_;
      work_.wait(lock);
      --idle_;
      waking_ = false;
    }
    if (ending_) return;
    std::shared_ptr<Job> job = std::move(queue_.front());
    queue_.pop_front();
    const bool wake = !queue_.empty() && idle_ > 0 && !std::exchange(waking_, true);
    lock.unlock();
    if (wake) work_.notify_one();
    machine::Input outcome = job->Perform();
    job->Finish();
    finished_(std::move(job), std::move(outcome));
    lock.lock();
  }
}

void Executor::LingerForNext(std::unique_lock<std::mutex>& lock) {
  lingering_ = true;
  filled_ = false;
  lock.unlock();
  const auto until = std::chrono::steady_clock::now() + kLinger;
  while (!filled_ && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  lock.lock();
  lingering_ = false;
}

}  // namespace recourse::runtime
