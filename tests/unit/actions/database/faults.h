// What a kernel or a disk refuses, and no test can bring about by itself. The system calls of the
// test's process pass through here, those of SQLite too.
#pragma once

#include <cstdint>
#include <string>

namespace recourse::testing {

// Faults as long as it lives; one at a time.
class Faults {
 public:
  Faults();
  ~Faults();
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;

  // link(2) fails with this.
  int link_error = 0;

  // The next rename(2) to this path fails with ENOSPC.
  std::string full;

  // Reading the page at this offset of the file fails with EIO, as from a disk with a bad sector.
  void BreakSector(const std::string& path, std::int64_t offset);

  // Writing to the file fails with ENOSPC, as on a full disk.
  void FillDisk(const std::string& path);

  std::uint64_t device = 0, inode = 0;
  std::int64_t bad_offset = -1;
  std::uint64_t full_device = 0, full_inode = 0;
};

}  // namespace recourse::testing
