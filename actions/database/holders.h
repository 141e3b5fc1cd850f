// Which processes have a database's files open.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "actions/action.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::database {

// A process is named by pid and start time: the number alone may be another process's tomorrow.
struct Holder {
  pid_t pid = 0;
  std::int64_t start_time = 0;  // clock ticks since the boot, as in /proc/PID/stat
  std::string command;
  std::string user;
  std::vector<std::string> files;  // names of the set: "health.db-wal"
  std::vector<std::string> locks;  // SQLite's: "health.db-shm: writes"
  bool writes = false;             // it has the write lock

  std::string ToString() const;  // "412 (python app.py, user app, has health.db open)"
};

struct HolderScan {
  std::vector<Holder> holders;
  std::vector<Holder> unseen;  // processes that this one may not look into; without their files
  bool complete = true;        // false: there may be holders that could not be seen
  bool write_locked = false;   // somebody has the write lock, perhaps one that cannot be named

  Value HoldersValue() const;
  // Those of the holders that have the write lock.
  Value WritersValue() const;
  // "412 (python app.py, user app, has health.db open)"; empty: nobody has the write lock.
  std::string WritersText() const;
  // "412 (sshd, user root); 413 (cron, user root)", and how many more.
  std::string UnseenText() const;
  // kAborted, naming each holder. REQUIRES: there are some.
  Error ToError(const std::string& database) const;
};

// Looks at the open files and the mappings of every process in /proc, and at the kernel's list of
// locks; this process included.
Result<HolderScan> FindHolders(const std::string& database);

// `error`, when it is kAborted, with who has the database's write lock, as far as can be seen.
Error WithWriters(Error error, const std::string& database);

// kAborted: SQLite's locks are on the database, whoever has put them there.
// REQUIRES: this process does not have it open in SQLite: see file_gate.h.
Result<void> ProveUnlocked(const std::string& database);

// Whether a connection to the database has a lock on it as long as it is open, idle or not: in WAL
// mode, and where there is no file. In the other modes an idle connection has none.
// REQUIRES: as ProveUnlocked.
bool ShowsIdleHolders(const std::string& database);

// Proves, as far as can be, that nobody has the database open: no process that can be seen holds
// it, and no lock of SQLite is on it, whoever's. What remains unproven is told to the context's
// log.
//
// REQUIRES: this process does not have it open in SQLite: see file_gate.h.
// kAborted: somebody has; the message names each holder.
Result<void> ProveNoHolders(const std::string& database, const Context& context);

}  // namespace recourse::database
