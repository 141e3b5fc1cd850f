// A disk that refuses: this test program's own pwrite64 and fdatasync stand before the C library's,
// also for SQLite, and fail when they are told to.
#pragma once

namespace recourse::journal {

enum class DiskCall { kWrite, kSync };

// While it lives, every `call` after the first `passes` fails with `error_number`.
class DiskFault {
 public:
  DiskFault(DiskCall call, int passes, int error_number);
  ~DiskFault();
  DiskFault(const DiskFault&) = delete;
  DiskFault& operator=(const DiskFault&) = delete;

  // Whether a call has failed by now.
  bool hit() const;
};

}  // namespace recourse::journal
