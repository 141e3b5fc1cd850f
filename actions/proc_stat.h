// What /proc/PID/stat says of a process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace recourse {

struct ProcStat {
  char state = '?';  // as ps shows it: 'R', 'S', 'D', 'Z' ...
  pid_t parent = 0;
  pid_t group = 0;                  // its process group
  std::int64_t start_time = 0;      // clock ticks after boot
  bool of_kernel = false;           // a thread of the kernel: it has no open files and no mappings
  std::int64_t cpu_ticks = 0;       // clock ticks for which it has run, on all cores together
  std::int64_t resident_pages = 0;  // of memory that it has now, shared ones included

  // It runs no more; its parent has not asked yet how it ended.
  bool ended() const { return state == 'Z' || state == 'X'; }
};

// Nothing when no process has that number.
std::optional<ProcStat> ReadProcStat(pid_t pid);

}  // namespace recourse
