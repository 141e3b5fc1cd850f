// Signs the journal's head from time to time and keeps it outside of the journal, so that a tail
// that is cut off shows.
//
// A thread of its own with a reader of its own: no step waits for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "engine/base/clock.h"
#include "engine/base/signing.h"
#include "engine/journal/journal.h"

namespace recourse::server {

class HeadSigner {
 public:
  struct Options {
    std::string file;                 // to which heads are appended; made when there is none
    std::chrono::microseconds every;  // when something has changed; and at the end
  };

  // Signs at once, and then what is new. `key` and `clock` outlive this. What goes wrong is logged,
  // and tried again after `every`: a server that cannot keep heads is still needed. Errors are the
  // journal's, when a reader cannot be opened.
  static Result<std::unique_ptr<HeadSigner>> Start(Options options, const journal::Journal& journal,
                                                   const SigningKey& key, const Clock& clock);

  // Stops.
  ~HeadSigner();

  // Signs the last head and ends; may be called twice. Nothing may be appended to the journal
  // after.
  void Stop();

 private:
  HeadSigner(Options options, std::unique_ptr<journal::Reader> reader, const SigningKey& key,
             const Clock& clock);
  void Work();
  Result<void> SignIfNew();

  const Options options_;
  const std::unique_ptr<journal::Reader> reader_;  // of the thread's
  const SigningKey& key_;
  const Clock& clock_;
  journal::Position signed_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // under mutex_
  std::thread thread_;
};

}  // namespace recourse::server
