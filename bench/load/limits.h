// What the machine itself can do: the figures that the engine's are held against.
#pragma once

#include <string>

namespace recourse::bench {

struct Limits {
  double sqlite_alone_ms_p50 = 0;  // one transaction of two small rows, WAL and FULL
  double sqlite_runs_alone = 0;    // runs a second of six such transactions each, one after another
  double sqlite_runs_256 = 0;      // the same, 256 runs sharing each transaction
};

// The median, in milliseconds, of `appends` small appends to a new file, each followed by
// fdatasync.
double SyncedAppend(const std::string& path, int appends);

// Measures in `folder`, which should lie on the disk that the journal lies on. Takes some seconds.
Limits MeasureLimits(const std::string& folder);

}  // namespace recourse::bench
