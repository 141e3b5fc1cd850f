#include "tests/unit/engine/journal/sqlite/disk_faults.h"

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>

namespace recourse::journal {
namespace {

struct Plan {
  bool active = false;
  DiskCall call = DiskCall::kWrite;
  int passes_left = 0;
  int error_number = 0;
  bool hit = false;
};
thread_local Plan plan;

bool Fails(DiskCall call) {
  if (!plan.active || plan.call != call || plan.passes_left-- > 0) return false;
  plan.passes_left = 0;
  plan.hit = true;
  errno = plan.error_number;
  return true;
}

}  // namespace

DiskFault::DiskFault(DiskCall call, int passes, int error_number) {
  plan = Plan{.active = true, .call = call, .passes_left = passes, .error_number = error_number};
}

DiskFault::~DiskFault() { plan = Plan{}; }

bool DiskFault::hit() const { return plan.hit; }

}  // namespace recourse::journal

extern "C" ssize_t pwrite64(int fd, const void* bytes, size_t size, off_t offset) {
  if (recourse::journal::Fails(recourse::journal::DiskCall::kWrite)) return -1;
  return syscall(SYS_pwrite64, fd, bytes, size, offset);
}

extern "C" int fdatasync(int fd) {
  if (recourse::journal::Fails(recourse::journal::DiskCall::kSync)) return -1;
  return static_cast<int>(syscall(SYS_fdatasync, fd));
}
