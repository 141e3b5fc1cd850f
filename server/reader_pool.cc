#include "server/reader_pool.h"

#include <utility>

namespace recourse::server {

Error StoppingError() {
  return Unavailable("the server is stopping; nothing was changed, try again when it is back");
}

Result<std::unique_ptr<ReaderPool>> ReaderPool::Start(const journal::Journal& journal,
                                                      int threads) {
  std::unique_ptr<ReaderPool> pool(new ReaderPool());
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
