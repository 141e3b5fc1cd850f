// How long a killed server takes to be back at work.
#pragma once

#include "bench/load/api.h"

namespace recourse::bench {

struct Recovered {
  int in_flight = 0;           // runs that were at work when the server was killed
  double resumed_seconds = 0;  // from the restart until each of them is at work again
  double done_seconds = 0;     // from the restart until all have succeeded
  std::int64_t calls = 0;      // of impatient clients
};

// Starts `count` runs, kills the server while they are at work, starts it again. With `impatient`,
// `count` clients each repeat their StartRun every 0.25 s from the kill on until it is answered.
Recovered KillAndRestart(ServerProcess& server, int count, bool impatient);

}  // namespace recourse::bench
