// SQLite's locks on a database's files, as the kernel lists them in /proc/locks.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "engine/base/error.h"

namespace recourse::database {

struct SqliteLock {
  pid_t pid = 0;        // 0: of a process that has no number here, as in another container
  std::string file;     // "health.db" or "health.db-shm"
  std::string meaning;  // "writes", "reads", "waits"
  // Whoever else wants to write waits for it, and then hears "database is locked".
  bool writes = false;
};

// The locks on a database and its -shm, also those of this process. What a byte stands for is
// documented in SQLite's os_unix.c and at https://www.sqlite.org/walformat.html#wal_locks.
// Errors: the kernel's list, or the file, cannot be looked at.
Result<std::vector<SqliteLock>> ReadSqliteLocks(const std::string& database);

}  // namespace recourse::database
