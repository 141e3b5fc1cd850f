// DigitalMe in a scratch folder: an API over a SQLite file, whose backups stand behind a token that
// runs out, nginx before it, and its own two scripts (digitalme/).
//
// Below <world>/digitalme: data/digitalme.db, backups/, logs/, run/ with the pid files, scripts/,
// proxy/. When the test runs as root the application runs as `daemon`, who owns all of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/integration/systems/system.h"

namespace recourse::integration {

struct DigitalMeOptions {
  std::string token_seconds = "3600";  // how long a token is good
  bool old_token = false;              // the target has a token that has expired
  std::string user = "daemon";         // that owns the files, where the test is root's
};

class DigitalMe {
 public:
  explicit DigitalMe(System& system, DigitalMeOptions options = {});

  const std::string directory;
  const std::string database;
  const std::string backups;
  int port() const { return port_; }
  int proxy_port() const { return proxy_port_; }

  // Writes the target's file; `more` is YAML of other resources. `within` is how long the
  // application may take to answer.
  void WriteTarget(const std::string& more = "", const std::string& within = "10s") const;
  std::string ServicesResource() const;
  std::string ApiResource() const;
  std::string ScriptsResource() const;

  // A verified backup by the workflow `backup`. Answers its path.
  std::string MakeBackup() const;
  // A file that looks like a backup of so many days ago: a copy of the database, with no manifest.
  std::string PutBackup(int days_ago) const;
  // Has every backup verified that nobody has looked at, by a run of its own.
  void VerifyBackups() const;
  // Overwrites a page of the table.
  void Damage() const;
  std::string Users() const;  // how many, or what SQLite says
  std::vector<std::string> BackupNames() const;
  // Lines of the application's log that contain the text.
  int LinesWith(const std::string& text) const;
  // What the proxy answers to GET /health: its status, 0 when nobody does.
  int HealthByProxy() const { return HttpGet(proxy_port_, "/health").status; }

  // Everything that a rollback must leave as it was; the services' states count too.
  Picture Look() const;

 private:
  std::string AppService() const;
  std::string ProxyService() const;

  System& system_;
  const DigitalMeOptions options_;
  const int port_ = FreePort();
  const int proxy_port_ = FreePort();
  const std::string user_;
};

}  // namespace recourse::integration
