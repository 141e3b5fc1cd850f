#include "engine/runtime/mailbox.h"

#include <iterator>
#include <thread>

namespace recourse::runtime {
namespace {

// How long the next letter is looked for before sleeping: a short action is over, and a script that
// was answered asks for the next run, sooner than a sleeper is woken. Not after many at once: then
// the processors have better things to do, and to be woken costs each letter little.
constexpr auto kLook = std::chrono::microseconds(600);
constexpr std::size_t kFewLetters = 4;

void MoveAll(std::vector<Message>& from, std::vector<Message>& to) {
  if (to.empty()) {
    to.swap(from);
  } else {
    std::move(from.begin(), from.end(), std::back_inserter(to));
  }
  from.clear();
}

}  // namespace

void Mailbox::PostForCaller(Message message) {
  std::optional<Error> refusal;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (letters_.closed) {
      refusal = Unavailable("the engine is stopping and takes no more requests; nothing was done");
    } else if (letters_.callers.size() >= callers_max_) {
      refusal = Error{Code::kResourceExhausted,
                      std::to_string(callers_max_) +
                          " requests are waiting already; nothing was done, try again in a moment"};
    } else {
      letters_.callers.push_back(std::move(message));
      wake = std::exchange(waiting_, false);
      filled_since_ = true;
    }
  }
  if (refusal) Refuse(message, *refusal);
  if (wake) filled_.notify_one();
}

void Mailbox::PostWait(WaitMessage wait) {
  bool closed = false;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    closed = letters_.closed;
    if (!closed) {
      letters_.own.push_back(std::move(wait));
      wake = std::exchange(waiting_, false);
      filled_since_ = true;
    }
  }
  // It was moved only where it was taken. NOLINTNEXTLINE(bugprone-use-after-move)
  if (closed) wait.done(Unavailable("the engine is stopping; ask again when it is back"));
  if (wake) filled_.notify_one();
}

void Mailbox::Post(Message message) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    letters_.own.push_back(std::move(message));
    wake = std::exchange(waiting_, false);
    filled_since_ = true;
  }
  if (wake) filled_.notify_one();
}

void Mailbox::Take(Letters& letters, std::optional<std::chrono::steady_clock::time_point> until) {
  std::unique_lock lock(mutex_);
  const auto something = [&] {
    return !letters_.own.empty() || !letters_.callers.empty() || letters_.closed != letters.closed;
  };
  if (few_ && !something()) {
    filled_since_ = false;
    lock.unlock();
    const auto enough = std::chrono::steady_clock::now() + kLook;
    while (!filled_since_ && std::chrono::steady_clock::now() < enough) std::this_thread::yield();
    lock.lock();
  }
  while (!something()) {
    waiting_ = true;
    if (!until) {
      filled_.wait(lock);
    } else if (filled_.wait_until(lock, *until) == std::cv_status::timeout) {
      break;
    }
  }
  waiting_ = false;
  few_ = letters_.own.size() + letters_.callers.size() <= kFewLetters;
  MoveAll(letters_.own, letters.own);
  MoveAll(letters_.callers, letters.callers);
  letters.closed = letters_.closed;
}

void Mailbox::Close() {
  {
    const std::lock_guard lock(mutex_);
    letters_.closed = true;
  }
  filled_.notify_one();
}

void Mailbox::RefuseAll() {
  Letters left;
  {
    const std::lock_guard lock(mutex_);
    left.own.swap(letters_.own);
    left.callers.swap(letters_.callers);
  }
  const Error error = Unavailable("the engine has stopped before it took this; nothing was done");
  for (Message& message : left.own) {
    if (IsCallers(message)) Refuse(message, error);
  }
  for (Message& message : left.callers) Refuse(message, error);
}

std::size_t Mailbox::size() const {
  const std::lock_guard lock(mutex_);
  return letters_.own.size() + letters_.callers.size();
}

}  // namespace recourse::runtime
