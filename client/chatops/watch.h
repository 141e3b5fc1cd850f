// Hears of everything that happens to runs, also of what happened while nobody watched.
//
// Events tell at once; a look at the list of runs, every half a minute and after each gap, finds
// what no event has told.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "client/chatops/board.h"
#include "client/connection.h"

namespace recourse::chatops {

// Thread safety: any.
class Watch {
 public:
  struct To {
    // It may have changed; `news`: it has, just now.
    std::function<void(const std::string& run, bool news)> touched;
    std::function<void()> another_journal;  // what was known is void
  };

  // `server` and `report` outlive this.
  Watch(const client::Connection& server, To to, const Report& report)
      : server_(server), to_(std::move(to)), report_(report) {}
  ~Watch() { Stop(); }

  void Start();
  void Stop();

 private:
  void Follow();
  void Sweep();
  Result<void> LookAtOpenRuns();
  Result<void> LookAtFinishedRuns();
  bool Pause(std::chrono::milliseconds time);

  const client::Connection& server_;
  const To to_;
  const Report& report_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;                  // under mutex_
  bool look_ = true;                       // at the lists, now; under mutex_
  bool forget_ = false;                    // what the lists said; under mutex_
  grpc::ClientContext* stream_ = nullptr;  // that is open; under mutex_

  std::optional<std::int64_t> position_;      // of the last event; of the following thread alone
  std::map<std::string, std::int64_t> open_;  // runs and revisions; of the sweeping thread alone
  bool finished_seen_ = false;
  std::thread follower_;
  std::thread sweeper_;
};

}  // namespace recourse::chatops
