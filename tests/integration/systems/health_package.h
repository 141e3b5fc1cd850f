// The health package in a scratch folder: a SQLite file of metrics, an application that answers
// GET /health/ over it, an analytics process that has it open too, and a backup a day. Whenever the
// application is stopped it writes its own backup of the day, whatever the database holds.
//
// Below <world>/health: data/health.db, backups/, own/ with the application's backups, run/ with
// the pid files, log/. Both services are the demo service; when the test runs as root they run as
// `daemon`, who owns the database.
#pragma once

#include <string>
#include <vector>

#include "tests/integration/systems/system.h"

namespace recourse::integration {

class HealthPackage {
 public:
  // Makes the folders and a database with `rows` rows, and writes the target.
  explicit HealthPackage(System& system, const std::string& name = "health", int rows = 300);

  const std::string name;
  const std::string directory;
  const std::string database;
  const std::string backups;
  const std::string own;  // the directory of the application's backups
  int port() const { return port_; }
  // Where the services run: "daemon", or "" when the test is not root.
  const std::string& user() const { return user_; }

  // Writes the target's file; `more` is YAML of other resources. The server reads it when it
  // starts.
  void WriteTarget(const std::string& more = "") const;
  // The resources, one by one, to change one.
  std::string DatabaseResource() const;
  std::string BackupsResource() const;
  std::string OwnBackupsResource() const;
  std::string ServicesResource() const;
  std::string HealthResource() const;

  // A verified backup by the workflow, which needs the server. Answers its path.
  std::string MakeBackup() const;
  // Gives a backup and its manifest the name and the times of so many days ago.
  std::string AgeBackup(const std::string& path, int days) const;
  // Overwrites a leaf page of the table, which a full read finds.
  void Damage() const;
  // "300 rows, sum 45150", or what SQLite says.
  std::string Rows() const { return RowsOf(database); }
  static std::string RowsOf(const std::string& path);

  // Everything that a rollback must leave as it was. Kept copies (quarantine), the application's
  // own backups, logs and pid files do not count; the services' states do.
  Picture Look() const;
  std::string Health() const;  // what the endpoint answers, "" when nobody does

 private:
  System& system_;
  const int port_ = FreePort();
  const int analytics_port_ = FreePort();
  const std::string user_;
};

}  // namespace recourse::integration
