// Health analytics in a scratch folder: a release of an application over a SQLite file under a real
// supervisor, its configuration, its logs, and archives and backups beside them. A Redis and an
// nginx, where a test wants them, are started by the test: parts.h.
//
// Below <world>/analytics: app/health_analytics.db, app/.env, app/.env.off, app/logs/, app/data/,
// releases/1 and 2 with the links `current` and `previous`, backups/, evidence/.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/integration/systems/system.h"

namespace recourse::integration {

class Analytics {
 public:
  // Makes the folders and the database, starts the supervisor, which does not start the application
  // yet, and writes the target. The application answers after System::StartServices("analytics").
  explicit Analytics(System& system);

  const std::string directory;
  const std::string database;
  int port() const { return port_; }
  std::string operator/(const std::string& name) const { return directory + "/" + name; }

  // Writes the target's file with `more` resources (YAML); the server reads it when it starts.
  // `within` is how long the application may take to answer.
  void WriteTarget(const std::string& more = "", const std::string& within = "5s") const;
  // The resource of a cache in a target's file, with the application's prefix "ahgd:".
  static std::string CacheResource(const RedisServer& redis);

  // A file of the system, made or replaced.
  std::string Write(const std::string& name, const std::string& text) const;
  std::string Read(const std::string& name) const;
  // Release 2 becomes one whose application ends at once.
  void BreakRelease(int number) const;
  // "releases/2"
  std::string Current() const;
  // Rows of the database, and a checksum over them.
  std::string Rows() const { return RowsOf(database); }
  static std::string RowsOf(const std::string& path);
  // Overwrites a leaf page of the table, which a full read finds.
  void Damage() const;
  bool Answers() const;

  // Files, the state of the application, where the links lead. Logs, kept copies and backups do not
  // count, nor what has one of `meant` in its path: what a run is there to leave.
  Picture Look(const std::vector<std::string>& meant = {}) const;
  SupervisorServer& supervisor() { return *supervisor_; }

 private:
  System& system_;
  const int port_ = FreePort();
  std::unique_ptr<SupervisorServer> supervisor_;
};

// The names of what is in a directory, in order, without those that begin with a dot.
std::vector<std::string> NamesIn(const std::string& directory);

}  // namespace recourse::integration
