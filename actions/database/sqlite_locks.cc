#include "actions/database/sqlite_locks.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <limits>
#include <optional>
#include <sstream>

#include "actions/database/file_set.h"
#include "engine/base/file.h"

namespace recourse::database {
namespace {

constexpr std::int64_t kLocksFileMax = 64 << 20;

// The bytes of a database file that SQLite locks, and those of its -shm.
constexpr std::int64_t kPending = 0x40000000;
constexpr std::int64_t kReserved = kPending + 1;
constexpr std::int64_t kSharedFirst = kPending + 2;
constexpr std::int64_t kSharedLast = kPending + 511;
constexpr std::int64_t kLogWrite = 120;
constexpr std::int64_t kLogCheckpoint = 121;
constexpr std::int64_t kLogRecover = 122;
constexpr std::int64_t kLogReadFirst = 123;
constexpr std::int64_t kLogReadLast = 127;

// "7: POSIX  ADVISORY  WRITE 3568 fd:00:2531452 120 120"; one that waits has "->" after the number.
struct KernelLock {
  bool waits = false;
  bool exclusive = false;
  pid_t pid = 0;
  dev_t device = 0;
  ino_t inode = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;

  bool Touches(std::int64_t from, std::int64_t to) const { return first <= to && last >= from; }
};

std::optional<KernelLock> ParseLock(const std::string& line) {
  std::istringstream fields(line);
  std::string number, kind, advisory, mode, file, last;
  KernelLock lock;
  fields >> number >> kind;
  if (kind == "->") {
    lock.waits = true;
    fields >> kind;
  }
  fields >> advisory >> mode >> lock.pid >> file >> lock.first >> last;
  if (!fields || (kind != "POSIX" && kind != "OFDLCK")) return std::nullopt;
  lock.exclusive = mode == "WRITE";
  lock.pid = std::max(lock.pid, pid_t{0});
  lock.last = std::numeric_limits<std::int64_t>::max();
  if (last != "EOF") std::from_chars(last.data(), last.data() + last.size(), lock.last);
  unsigned major = 0;
  unsigned minor = 0;
  unsigned long inode = 0;
  if (std::sscanf(file.c_str(), "%x:%x:%lu", &major, &minor, &inode) != 3) return std::nullopt;
  lock.device = makedev(major, minor);
  lock.inode = inode;
  return lock;
}

SqliteLock Understand(const KernelLock& lock, const std::string& file, bool log_index) {
  const auto of = [&](std::string meaning, bool writes) {
    return SqliteLock{lock.pid, file, std::move(meaning), writes};
  };
  if (lock.waits) return of("waits", false);
  if (log_index) {
    if (lock.exclusive && lock.Touches(kLogWrite, kLogWrite)) return of("writes", true);
    if (lock.exclusive && lock.Touches(kLogRecover, kLogRecover)) return of("recovers", true);
    if (lock.exclusive && lock.Touches(kLogCheckpoint, kLogCheckpoint)) {
      return of("checkpoints", false);
    }
    return of(lock.Touches(kLogReadFirst, kLogReadLast) ? "reads" : "has it open", false);
  }
  const bool writes = lock.exclusive && (lock.Touches(kPending, kReserved) ||
                                         lock.Touches(kSharedFirst, kSharedLast));
  if (writes) return of("writes", true);
  return of(lock.Touches(kSharedFirst, kSharedLast) ? "reads" : "has it open", false);
}

}  // namespace

Result<std::vector<SqliteLock>> ReadSqliteLocks(const std::string& database) {
  auto text = ReadFile("/proc/locks", kLocksFileMax);
  if (!text) return std::move(text).error().In("look for locks");
  std::vector<SqliteLock> locks;
  for (const std::string suffix : {"", "-shm"}) {
    struct stat info;
    if (stat((database + suffix).c_str(), &info) != 0) {
      if (errno == ENOENT) continue;
      return ErrnoError(errno, "look at " + database + suffix);
    }
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
      const auto lock = ParseLock(line);
      if (!lock || lock->inode != info.st_ino || lock->device != info.st_dev) continue;
      locks.push_back(Understand(*lock, NameOf(database) + suffix, !suffix.empty()));
    }
  }
  return locks;
}

}  // namespace recourse::database
