// Where everybody leaves messages for the core loop.
//
// Thread safety: Take() belongs to the core loop's thread; the rest may be called from any.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <vector>

#include "engine/runtime/message.h"

namespace recourse::runtime {

class Mailbox {
 public:
  // `callers_max`: how many messages of callers may wait.
  explicit Mailbox(std::size_t callers_max) : callers_max_(callers_max) {}

  // kResourceExhausted: too many wait. kUnavailable: the engine is stopping. The caller is answered
  // at once then, on this thread.
  void PostForCaller(Message message);

  // What becomes of a run that was accepted: the limit does not count it, for to refuse it would
  // tell its caller nothing was done. kUnavailable: as above.
  void PostWait(WaitMessage wait);

  // A message of the engine's own: always taken.
  void Post(Message message);

  struct Letters {
    std::vector<Message> own;
    std::vector<Message> callers;
    bool closed = false;
  };
  // Moves everything that is there to the end of `letters`. Waits for something, or for Close() if
  // that is new to `letters`, until `until` (forever without one), looking for a
  // moment before it sleeps when it took little last.
  void Take(Letters& letters, std::optional<std::chrono::steady_clock::time_point> until);

  // Refuses callers from now on, and wakes Take().
  void Close();

  // Answers the callers whose messages nobody will take any more. REQUIRES: Close() was called, and
  // Take() is not called again.
  void RefuseAll();

  std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  const std::size_t callers_max_;
  // Guarded by mutex_.
  Letters letters_;
  bool few_ = true;                         // what Take() took last
  bool waiting_ = false;                    // Take() is: nobody else needs to be woken
  std::atomic<bool> filled_since_ = false;  // something came since Take() began to look
};

}  // namespace recourse::runtime
