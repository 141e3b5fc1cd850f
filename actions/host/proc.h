// What the kernel tells in /proc of the machine as a whole. The readers take the files' texts.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace recourse::host {

struct Memory {
  std::int64_t total_bytes = 0;
  std::int64_t available_bytes = 0;  // for programs, without swapping
  std::int64_t swap_total_bytes = 0;
  std::int64_t swap_free_bytes = 0;
};

// Of /proc/meminfo. kInternal: it does not say how much there is.
Result<Memory> ReadMemory(std::string_view meminfo);
// Of this machine.
Result<Memory> MemoryNow();

// Clock ticks of all cores together since the boot.
struct CpuTimes {
  std::int64_t user = 0;    // niced ones included
  std::int64_t system = 0;  // interrupts included
  std::int64_t idle = 0;
  std::int64_t iowait = 0;
  std::int64_t steal = 0;
  int cores = 0;
};

// Of /proc/stat. kInternal: it does not say.
Result<CpuTimes> ReadCpuTimes(std::string_view stat);

// An end of TCP on this machine.
struct Socket {
  std::string address;  // "127.0.0.1", "::"
  int port = 0;
  std::string peer;        // the address of the other side
  std::string_view state;  // "listening", "established", "time_wait" ...
  uid_t user = 0;
  std::uint64_t inode = 0;  // 0: it belongs to no process any more
};

// Of /proc/net/tcp or tcp6. Lines that are none are passed over.
std::vector<Socket> ReadSockets(std::string_view table);

}  // namespace recourse::host
