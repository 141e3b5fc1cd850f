// What `recourse top` knows of its server: asked for again and again in the background, also across
// a restart of the server.
//
// Thread safety: every function may be called from any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "client/cli/call.h"
#include "client/cli/top_screen.h"
#include "engine/base/file.h"

namespace recourse::cli {

// What the server answers now, without the runs that are over.
// kUnavailable: none answers. Otherwise the server's refusal.
Result<TopState> AskForTop(const client::Connection& server);

class TopWatch {
 public:
  // `server` must outlive this.
  explicit TopWatch(const client::Connection& server);
  // Gives up what is asked just now.
  ~TopWatch();
  TopWatch(const TopWatch&) = delete;
  TopWatch& operator=(const TopWatch&) = delete;

  TopState State() const;
  // Readable when there may be something new; Taken() makes it unreadable again.
  int changed() const { return changed_.get(); }
  void Taken();

 private:
  void AskAgain();       // a thread
  void CountFinished();  // a thread
  // Waits for that time, or until this ends; false: it ends.
  bool Pause(std::chrono::milliseconds time);
  void Wake();

  const client::Connection& server_;
  Descriptor changed_;
  mutable std::mutex mutex_;
  std::condition_variable ends_;
  // Guarded by mutex_.
  TopState state_;
  std::deque<Time> finished_;  // when runs were over, the oldest first
  Time counted_since_;
  bool ending_ = false;
  grpc::ClientContext* stream_ = nullptr;  // the call that CountFinished() reads from

  std::thread asks_;
  std::thread counts_;
};

}  // namespace recourse::cli
