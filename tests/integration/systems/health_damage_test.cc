// H-9, H-12, A-5, D-1: damage to a SQLite file of every kind, found and answered on real files.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

#include "engine/base/file.h"
#include "tests/integration/systems/health_package.h"

namespace recourse::integration {
namespace {

using Catch::Contains;
namespace fs = std::filesystem;

// Some hundred pages: rows, an index, and a blob whose pages are at the end.
std::string MakeRows(const std::string& path, int rows) {
  return Sql(
      path,
      "PRAGMA journal_mode = DELETE; CREATE TABLE metrics (component TEXT NOT NULL, timestamp"
      " INTEGER NOT NULL, value REAL NOT NULL, text TEXT); CREATE INDEX by_component ON metrics"
      " (component); CREATE TABLE attachments (data BLOB); WITH RECURSIVE n(i) AS (SELECT 1 UNION"
      " ALL SELECT i + 1 FROM n WHERE i < " +
          std::to_string(rows) +
          ") INSERT INTO metrics SELECT 'component ' || (i % 3), i, i, printf('%064d', i) FROM n;"
          "INSERT INTO attachments VALUES (randomblob(60000))");
}

std::string PageOf(const std::string& path, const std::string& name, const std::string& type) {
  return Sql(path, "SELECT pageno FROM dbstat WHERE name = '" + name + "' AND pagetype = '" + type +
                       "' ORDER BY pageno LIMIT 1 OFFSET 0");
}

void Overwrite(const std::string& path, long at, const std::string& bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(at);
  file << bytes;
  REQUIRE(file.good());
}

void ZeroPage(const std::string& path, const std::string& page) {
  Overwrite(path, (std::stol(page) - 1) * 4096, std::string(4096, '\0'));
}

// A writer that is killed leaves its log beside the file: both are copied while it is open.
void CopyWithLog(const std::string& from, const std::string& sql, const std::string& database,
                 const std::string& log) {
  const std::string copies = "\n.system cp '" + from + "' '" + database + "'\n.system cp '" + from +
                             "-wal' '" + log + "'\n";
  const std::string script = from + ".sql";
  std::ofstream(script) << "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;\n" + sql +
                               ";" + copies;
  Sql(from, ".read " + script);
}

struct Damage {
  std::string name;
  std::function<void(const std::string&)> inflict;
  bool sound_in_itself = false;  // a person is asked whether this is damage at all
};

// The rows of components' table of damage: five of them pass SQLite's integrity_check.
const std::vector<Damage>& AllDamage() {
  static const std::vector<Damage> all = {
      {"magic", [](const std::string& db) { Overwrite(db, 0, "no SQLite at all"); }},
      {"page-size", [](const std::string& db) { Overwrite(db, 16, "\x03\x03"); }},
      {"page-1", [](const std::string& db) { ZeroPage(db, "1"); }},
      {"table-leaf", [](const std::string& db) { ZeroPage(db, PageOf(db, "metrics", "leaf")); }},
      {"table-root",
       [](const std::string& db) { ZeroPage(db, PageOf(db, "metrics", "internal")); }},
      {"index-leaf",
       [](const std::string& db) { ZeroPage(db, PageOf(db, "by_component", "leaf")); }},
      {"half", [](const std::string& db) { fs::resize_file(db, fs::file_size(db) / 2); }},
      {"last-page", [](const std::string& db) { fs::resize_file(db, fs::file_size(db) - 1500); }},
      {"empty", [](const std::string& db) { fs::resize_file(db, 0); }},
      {"missing", [](const std::string& db) { fs::remove(db); }},
      {"index-mismatch",
       [](const std::string& db) {
         Sql(db,
             "CREATE TABLE kept AS SELECT * FROM sqlite_schema WHERE name = 'by_component';"
             "PRAGMA writable_schema = 1; DELETE FROM sqlite_schema WHERE name = 'by_component'");
         Sql(db,
             "DELETE FROM metrics WHERE timestamp % 100 = 0; INSERT INTO metrics SELECT 'new', "
             "timestamp,"
             " value, text FROM metrics WHERE timestamp % 100 = 1");
         Sql(db,
             "PRAGMA writable_schema = 1; INSERT INTO sqlite_schema SELECT * FROM kept;"
             "DELETE FROM sqlite_schema WHERE name = 'kept'");
       }},
      {"freelist",
       [](const std::string& db) { Overwrite(db, 32, std::string("\0\1\0\0\0\0\0\5", 8)); }},
      {"text",
       [](const std::string& db) {
         fs::resize_file(db, 0);
         Overwrite(db, 0, "Dear operator,\n");
       }},
      {"other-log",
       [](const std::string& db) {
         REQUIRE(MakeRows(db + ".other", 1500) == "delete");
         CopyWithLog(db + ".other", "UPDATE metrics SET value = 0", db + ".unused", db + "-wal");
       }},
      {"older-log",
       [](const std::string& db) {
         // A log from when it had half of its rows.
         fs::copy_file(db, db + ".past");
         CopyWithLog(db + ".past", "DELETE FROM metrics WHERE timestamp > 1000", db + ".unused",
                     db + "-wal");
       }},
      {"log-lost",
       [](const std::string& db) {
         // What the backup has was in the log.
         Sql(db, "DELETE FROM metrics WHERE timestamp > 1900; VACUUM");
       },
       true},
  };
  return all;
}

}  // namespace

TEST_CASE("H-12: every kind of damage is found, asked about and answered by the backup",
          "[integration][health]") {
  System system;
  std::map<std::string, int> ports;
  std::string steps;  // a backup of each, in one run
  for (const Damage& damage : AllDamage()) {
    const std::string directory = system / damage.name;
    fs::create_directories(directory + "/backups");
    REQUIRE(MakeRows(directory + "/health.db", 2000) == "delete");
    steps += "  - {id: backup_" + std::to_string(ports.size()) +
             ", action: database.backup, with: {database: {kind: sqlite, path: " + directory +
             "/health.db}, backups: {directory: " + directory +
             "/backups, pattern: health_%Y%m%d.db}}}\n";
    const std::string port = std::to_string(ports[damage.name] = FreePort());
    system.WriteTarget(
        damage.name,
        "database: {kind: sqlite, path: " + directory +
            "/health.db, tables: [{name: metrics, rows_min: 1}]}\nbackups: {directory: " +
            directory + "/backups, pattern: health_%Y%m%d.db}\nservices:\n  - {name: app, kind: " +
            "process, pid_file: " + directory +
            "/app.pid, command: [" RECOURSE_DEMO_SERVICE ", --database, " + directory +
            "/health.db, --port, \"" + port + "\", --interval, \"0\"], log: " + directory +
            "/app.log, settle: 50ms}\nhealth: {url: \"http://127.0.0.1:" + port +
            "/health/\", json_has: [Metrics], interval: 20ms, within: 20s}\n");
  }
  system.folder.Write("workflows/back-up-all.yaml", "name: back-up-all\nsteps:\n" + steps);
  system.StartServer();
  REQUIRE(system.EndOf(system.StartRun("back-up-all", "")) == "SUCCEEDED");
  std::vector<std::string> runs;
  for (const Damage& damage : AllDamage()) {
    INFO(damage.name);
    // The database is in no WAL mode: where there are processes that nobody may look into, a person
    // has to accept them.
    damage.inflict(system / damage.name + "/health.db");
    runs.push_back(
        system.StartRun("corruption-response", damage.name, {"accept_unseen_holders=true"}));
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Damage& damage = AllDamage()[i];
    INFO(damage.name);
    if (damage.sound_in_itself) {
      CHECK_THAT(system.Approve(runs[i]), Contains("is sound in itself"));
    }
    const std::string found = damage.name == "missing" ? "is not there" : "is damaged";
    CHECK_THAT(system.Approve(runs[i]), Contains(found + ". Restore"));
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    INFO(AllDamage()[i].name);
    CHECK(system.EndOf(runs[i]) == "SUCCEEDED");
    const std::string database = system / AllDamage()[i].name + "/health.db";
    CHECK(HealthPackage::RowsOf(database) == "2000 rows, sum 2001000");
    CHECK(Sql(database, "PRAGMA integrity_check") == "ok");
    // The application, which was down, serves what came back.
    CHECK_THAT(HttpGet(ports[AllDamage()[i].name], "/health/").body,
               Contains("\"component 0\":666"));
  }
}

TEST_CASE("H-12: damage without a working backup goes to level 3 at once, which saves what it can",
          "[integration][health]") {
  System system;
  const HealthPackage health(system, "health", 3000);
  system.StartServer();
  system.StartServices("health");
  const std::string backup = health.MakeBackup();
  fs::resize_file(backup, 5000);
  health.Damage();
  const bool killed = system.ArmKill("restore_after_rename");
  const std::string run = system.StartRun("corruption-response", "health");
  const std::string question = system.Approve(run, "expert");
  CHECK_THAT(question, Contains("no backup of it can be used") && Contains("level-3"));
  CHECK(health.Health().empty());
  // Two people accept what is missing.
  CHECK_THAT(system.Approve(run, "expert"), Contains("salvaged"));
  CHECK(system.EndOf(run) == "WAITING");
  system.Approve(run, "commander");
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK_THAT(system.OutputsOf(run)["result"].as_string(), Contains("salvaged"));
  CHECK(Sql(health.database, "SELECT count(*) > 2500 FROM metrics") == "1");
  CHECK_THAT(health.Health(), Contains("\"Metrics\""));
}

TEST_CASE("H-12: what fails once the services are stopped starts nothing on the damaged file",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  system.StartServices("health");
  health.MakeBackup();
  health.Damage();
  const Picture backups = Picture::Of(health.backups);
  // What has this name lets nothing be set aside.
  const std::string obstacle = health.database + ".quarantine";
  REQUIRE(WriteFileAtomically(obstacle, "in the way", 0640));
  const std::string run = system.StartRun("corruption-response", "health");
  CHECK(system.EndOf(run) == "NEEDS_ATTENTION");
  CHECK(system.StandsAt(run) == "preserve");
  CHECK(health.Look().facts().at("service app") == "is down");
  CHECK(health.Look().facts().at("service analytics") == "is down");

  fs::remove(obstacle);
  const bool killed = system.ArmKill("restore_after_set_aside_db");
  CHECK(system.Recourse({"retry", run, "--reason", "it is out of the way"}).code == 0);
  system.Approve(run);
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(health.Rows() == "300 rows, sum 45150");
  // The application has written its backup of the damaged file where it harms nothing.
  CHECK_FALSE(fs::is_empty(health.own));
  CHECK(Difference(backups, Picture::Of(health.backups)) == "");
}

TEST_CASE("H-12: level 3 says no, and an operator has everything put back as it was",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  system.StartServices("health");
  health.Damage();
  const Picture before = health.Look();
  const std::string run = system.StartRun("corruption-response", "health");
  system.Reject(run, "expert");
  CHECK(system.EndOf(run) == "NEEDS_ATTENTION");
  system.Recourse({"rollback", run, "--reason", "as it was", "--wait"});
  CHECK(system.EndOf(run) == "ROLLED_BACK");
  CHECK(Difference(before, health.Look()) == "");
}

TEST_CASE("H-10: an older backup, or one that nobody has looked at, keeps all from being given up",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  const std::string older = health.AgeBackup(health.MakeBackup(), 1);
  REQUIRE(Sql(health.database, "DELETE FROM metrics WHERE value > 10") == "");
  REQUIRE(system.EndOf(system.StartRun("backup", "health", {"rows_drop_percent_max=100"})) ==
          "SUCCEEDED");
  fs::resize_file(health.database, 5000);
  // The newest backup has too few rows to be one.
  std::string wanted = health.DatabaseResource();
  wanted.replace(wanted.find("rows_min: 1"), 11, "rows_min: 100");
  system.WriteTarget("health", wanted + health.BackupsResource() + health.ServicesResource() +
                                   health.HealthResource());
  system.RestartServer();
  for (const bool looked_at : {true, false}) {
    if (!looked_at) fs::remove(older + ".manifest.json");
    // Of a backup that was looked at the manifest is written.
    const auto look = [&health] {
      return Picture::Of(health.directory, {"log/", "run/", ".manifest"}, {"-wal"});
    };
    const Picture before = look();
    const std::string run = system.StartRun("complete-data-loss", "health");
    CHECK(system.EndOf(run) == "ROLLED_BACK");
    CHECK_THAT(system.TimelineOf(run),
               Contains(older + ", taken at") && Contains("can be restored"));
    CHECK(Difference(before, look()) == "");
  }
}

TEST_CASE("H-10: an empty database is begun only when two people accept the loss",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  health.WriteTarget(
      "schema: [\"CREATE TABLE metrics (component TEXT NOT NULL, timestamp INTEGER NOT NULL, value "
      "REAL NOT NULL)\"]\n");
  system.StartServer();
  system.StartServices("health");

  // Neither from a sound database, nor while a backup can be restored.
  const Picture sound = health.Look();
  CHECK(system.EndOf(system.StartRun("complete-data-loss", "health")) == "ROLLED_BACK");
  CHECK(Difference(sound, health.Look()) == "");
  const std::string backup = health.MakeBackup();
  health.Damage();
  const Picture damaged = health.Look();
  const std::string early = system.StartRun("complete-data-loss", "health");
  CHECK(system.EndOf(early) == "ROLLED_BACK");
  CHECK_THAT(system.TimelineOf(early), Contains("can be restored"));
  CHECK(Difference(damaged, health.Look()) == "");
  fs::remove(backup);
  fs::remove(backup + ".manifest.json");

  const Picture before = health.Look();
  const std::string refused = system.StartRun("complete-data-loss", "health");
  system.Approve(refused, "expert");
  CHECK(system.EndOf(refused) == "WAITING");
  system.Reject(refused, "commander");
  CHECK(system.EndOf(refused) == "ROLLED_BACK");
  CHECK(Difference(before, health.Look()) == "");

  const bool killed = system.ArmKill("restore_after_set_aside_db");
  const std::string run = system.StartRun("complete-data-loss", "health");
  CHECK_THAT(system.Approve(run, "expert"), Contains("IS LOST"));
  system.Approve(run, "commander");
  if (killed) system.SurviveKill();
  CHECK(system.StandsAt(run) == "record");
  CHECK(health.Rows() == "0 rows, sum 0");
  CHECK_THAT(health.Health(), Contains("\"Metrics\":{}"));
  for (const char* item : {"lost", "backups", "watched"}) {
    CHECK(system.Recourse({"answer", run, item, "--reason", "all rows until today"}).code == 0);
  }
  CHECK(system.EndOf(run) == "SUCCEEDED");
  const Value outputs = system.OutputsOf(run);
  CHECK(outputs["lost"] == Value("all rows until today"));
  CHECK(fs::exists(outputs["quarantine"].as_string() + "/health.db"));
}

}  // namespace recourse::integration
