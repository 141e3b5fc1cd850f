#include "server/reader_pool.h"

#include <string>
#include <utility>

namespace recourse::server {

Error StoppingError() {
  return Unavailable("the server is stopping; nothing was changed, try again when it is back");
}

Result<std::unique_ptr<ReaderPool>> ReaderPool::Start(const journal::Journal& journal, int threads,
                                                      int calls_max) {
  std::unique_ptr<ReaderPool> pool(new ReaderPool(calls_max));
  for (int i = 0; i < threads; ++i) {
    auto reader = journal.OpenReader();
    if (!reader) return std::move(reader).error().In("open a reader of the journal");
    pool->readers_.push_back(*std::move(reader));
  }
  for (const auto& reader : pool->readers_) {
    pool->threads_.emplace_back([&pool = *pool, &reader = *reader] { pool.Work(reader); });
  }
  return pool;
}

ReaderPool::~ReaderPool() { Stop(); }

void ReaderPool::Post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      tasks_.push_back(std::move(task));
      changed_.notify_one();
      return;
    }
  }
  task(nullptr);
}

Result<void> ReaderPool::PostForCaller(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (tasks_.size() >= calls_max_) {
      return Error{Code::kResourceExhausted,
                   std::to_string(calls_max_) +
                       " calls wait to read the journal already; try again in a moment"};
    }
  }
  Post(std::move(task));
  return {};
}

void ReaderPool::Stop() {
  std::deque<Task> left;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    left.swap(tasks_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  for (const Task& task : left) task(nullptr);
}

void ReaderPool::Work(journal::Reader& reader) {
  for (;;) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (stopping_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task(&reader);
  }
}

}  // namespace recourse::server
