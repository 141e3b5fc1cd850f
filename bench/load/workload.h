// Runs through a server, so many at a time.
#pragma once

#include "bench/load/api.h"

namespace recourse::bench {

struct Load {
  double runs_per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double cpu_share = 0;  // of one core, the server's
  std::int64_t rss_bytes = 0;
  double journal_bytes_per_run = 0;
  double written_bytes_per_run = 0;
};

// Keeps `in_flight` runs of five steps going for `seconds`, each waited for end to end.
Load RunFive(Api& api, const ServerProcess& server, int in_flight, double seconds);

// Runs of five steps one after another for `seconds`, by blocking calls, as a script makes them.
// Answers the median from call to answer in milliseconds.
double RunAlone(Api& api, double seconds);

struct Parked {
  double park_seconds = 0;  // until all have asked for their approval
  double rss_bytes_each = 0;
  double approve_to_done_p50_ms = 0;
  double approve_to_done_p99_ms = 0;
};

// Parks `count` runs at an approval, then approves `approve` of them one after another.
Parked ParkApprovals(Api& api, const ServerProcess& server, int count, int approve);

}  // namespace recourse::bench
