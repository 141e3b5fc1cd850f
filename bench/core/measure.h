// The numbers of one workload.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace recourse::bench {

using Steady = std::chrono::steady_clock;

// Durations, to be asked for their quantiles.
class Durations {
 public:
  void Add(Steady::duration duration) { all_.push_back(duration); }
  // The duration that `share` of all do not exceed, in milliseconds. REQUIRES: there are some.
  double Quantile(double share);

 private:
  std::vector<Steady::duration> all_;
};

// Resident memory of this process, in bytes.
std::int64_t ResidentBytes();
// CPU seconds that this process has used.
double CpuSeconds();
// Bytes that this process has had written to disks.
std::int64_t WrittenBytes();

// The median time of a small append with fdatasync to a file in `directory`, in milliseconds.
double SyncMilliseconds(const std::string& directory);

}  // namespace recourse::bench
