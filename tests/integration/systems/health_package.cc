#include "tests/integration/systems/health_package.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "engine/base/json.h"

namespace recourse::integration {
namespace {

namespace fs = std::filesystem;

std::string DaysAgo(int days, const char* format) {
  const std::time_t then = std::time(nullptr) - days * 86'400;
  std::tm utc = {};
  gmtime_r(&then, &utc);
  char text[40];
  REQUIRE(std::strftime(text, sizeof text, format, &utc) > 0);
  return text;
}

}  // namespace

HealthPackage::HealthPackage(System& system, const std::string& package, int rows)
    : name(package),
      directory(system / package),
      database(directory + "/data/health.db"),
      backups(directory + "/backups"),
      own(directory + "/own"),
      system_(system),
      user_(geteuid() == 0 ? "daemon" : "") {
  for (const char* below : {"/data", "/backups", "/own", "/run", "/log"}) {
    fs::create_directories(directory + below);
  }
  const std::string made =
      Sql(database,
          "PRAGMA journal_mode = WAL; CREATE TABLE metrics (component TEXT NOT NULL,"
          " timestamp INTEGER NOT NULL, value REAL NOT NULL);"
          "CREATE INDEX metrics_by_component ON metrics (component, timestamp);"
          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
              std::to_string(rows) +
              ") INSERT INTO metrics SELECT 'component ' || (i % 3), i, i FROM n;");
  REQUIRE(made == "wal");
  REQUIRE(chmod(database.c_str(), 0664) == 0);
  if (!user_.empty()) {
    const Finished owned =
        RunIn(directory + "/log", {"/bin/chown", "-R", user_ + ":" + user_, directory});
    REQUIRE(owned.code == 0);
  }
  WriteTarget();
}

void HealthPackage::WriteTarget(const std::string& more) const {
  system_.WriteTarget(name, DatabaseResource() + BackupsResource() + OwnBackupsResource() +
                                ServicesResource() + HealthResource() + "disk: {path: " + backups +
                                ", warn: {used_percent: 100}}\n" + more);
}

std::string HealthPackage::DatabaseResource() const {
  const std::string owner =
      user_.empty() ? "" : ", owner: " + user_ + ", group: " + user_ + ", mode: \"0664\"";
  return "database: {kind: sqlite, path: " + database + owner +
         ", tables: [{name: metrics, rows_min: 1, key: [component, timestamp]}]}\n";
}

std::string HealthPackage::BackupsResource() const {
  return "backups: {directory: " + backups +
         ", pattern: health_%Y%m%d.db, keep_days: 30, keep_at_least: 3, max_age: 48h}\n";
}

std::string HealthPackage::OwnBackupsResource() const {
  return "application_backups: {directory: " + own + ", pattern: health_%Y%m%d.db}\n";
}

std::string HealthPackage::ServicesResource() const {
  const auto service = [this](const std::string& member, int member_port, const std::string& more) {
    return "  - {name: " + member + ", kind: process, pid_file: " + directory + "/run/" + member +
           ".pid, command: [" RECOURSE_DEMO_SERVICE ", --database, " + database + ", --port, \"" +
           std::to_string(member_port) + "\", --interval, \"0\"" + more +
           "], working_directory: " + directory + "/data, log: " + directory + "/log/" + member +
           ".log, settle: 50ms, stop_timeout: 5s" + (user_.empty() ? "" : ", user: " + user_) +
           "}\n";
  };
  return "services:\n" + service("app", port_, ", --backups, " + own) +
         service("analytics", analytics_port_, "");
}

std::string HealthPackage::HealthResource() const {
  return "health: {url: \"http://127.0.0.1:" + std::to_string(port_) +
         "/health/\", status: 200, json_has: [Identity, Started, Metrics], successes: 2, interval: "
         "20ms, within: 5s}\n";
}

std::string HealthPackage::MakeBackup() const {
  const std::string run = system_.StartRun("backup", name);
  REQUIRE(system_.EndOf(run) == "SUCCEEDED");
  return system_.OutputsOf(run)["backup"].as_string();
}

std::string HealthPackage::AgeBackup(const std::string& path, int days) const {
  const std::string to = backups + "/" + DaysAgo(days, "health_%Y%m%d.db");
  auto text = ReadFile(path + ".manifest.json", 1 << 20);
  REQUIRE(text);
  auto manifest = ParseJson(*text);
  REQUIRE(manifest);
  const Value aged = manifest->With("taken_at", DaysAgo(days, "%Y-%m-%dT%H:%M:%SZ"));
  fs::rename(path, to);
  fs::remove(path + ".manifest.json");
  REQUIRE(WriteFileAtomically(to + ".manifest.json", ToPrettyJson(aged) + "\n", 0640));
  return to;
}

void HealthPackage::Damage() const {
  const std::string page = Sql(database,
                               "PRAGMA wal_checkpoint(TRUNCATE); SELECT pageno FROM dbstat WHERE"
                               " name = 'metrics' AND pagetype = 'leaf' LIMIT 1 OFFSET 1");
  const auto number = std::stol(page.substr(page.rfind('\n') + 1));
  std::fstream file(database, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp((number - 1) * 4096);
  file << std::string(4096, '\xa5');
  REQUIRE(file.good());
}

std::string HealthPackage::RowsOf(const std::string& path) {
  return Sql(path, "SELECT printf('%d rows, sum %d', count(*), sum(value)) FROM metrics");
}

Picture HealthPackage::Look() const {
  Picture picture = Picture::Of(directory, {".quarantine", "own/", "log/", "run/"}, {"-wal"});
  for (const char* member : {"app", "analytics"}) {
    picture.With(std::string("service ") + member,
                 system_.ServiceState(name + "/run/" + member + ".pid"));
  }
  return picture;
}

std::string HealthPackage::Health() const {
  const HttpAnswer answer = HttpGet(port_, "/health/");
  return answer.status == 200 ? answer.body : "";
}

}  // namespace recourse::integration
