// What a program does with runs: start one, follow it, decide. Each can be repeated without harm,
// and goes on when the server goes away and comes back.
//
// Thread safety: every function may be called from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "client/connection.h"

namespace recourse::client {

// How long a server that has gone away is waited for, unless told otherwise.
inline constexpr std::chrono::milliseconds kAwayMax{300'000};

// Starts a run, or answers the one that the same request_id has started before. While no server
// answers it asks again, for `away_max`: the request_id makes that safe.
// REQUIRES: the request has a request_id.
// kUnavailable: no server has answered in that time; whether the run was started is not known, and
// the same call finds out. Otherwise as RunService.StartRun.
Result<v1::Run> StartRun(const Connection& server, const v1::StartRunRequest& request,
                         std::chrono::milliseconds away_max = kAwayMax);

struct WatchOptions {
  std::string run;
  std::int64_t after_sequence = 0;  // only events behind this one
  std::chrono::milliseconds away_max = kAwayMax;
  // A server has answered a call before, so that one which is gone may come back. Otherwise the
  // first call must be answered.
  bool answered = false;
  std::function<void()> gone = {};  // the server went away; it is waited for
  std::function<void()> back = {};
};

// Hands everything that RunService.WatchRun sends to `take`: each event once and in order, also
// across restarts of the server. Ends when the run is over, or when `take` answers false.
// kUnavailable: the server went away and has not come back in time; watch again behind the last
// event that was taken. Otherwise as RunService.WatchRun.
Result<void> WatchRun(const Connection& server, const WatchOptions& options,
                      const std::function<bool(const v1::WatchRunResponse&)>& take);

// Casts a vote on what was shown: `approval` as it was read. A rejection needs a reason.
// kAborted: it was settled meanwhile, or what is to be approved has changed; read it again.
// Otherwise as ApprovalService.Decide.
Result<v1::Approval> Decide(const Connection& server, const v1::Approval& approval,
                            v1::Decision decision, const std::string& reason);

}  // namespace recourse::client
