// H-1, H-2, H-4, H-5: backups of the health package: made, replaced, pruned, checked, read out and
// merged.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/integration/systems/health_package.h"

namespace recourse::integration {
namespace {

using Catch::Contains;
namespace fs = std::filesystem;

std::string Insert(const HealthPackage& health, int value) {
  return Sql(health.database, "INSERT INTO metrics VALUES ('web', " + std::to_string(value) + ", " +
                                  std::to_string(value) + ")");
}

}  // namespace

TEST_CASE("H-1: a second backup of a day replaces the first, and pruning keeps the good ones",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  system.StartServices("health");
  std::vector<std::string> old;
  for (const int days : {90, 80, 70, 60})
    old.push_back(health.AgeBackup(health.MakeBackup(), days));
  const std::string first = health.MakeBackup();
  REQUIRE(Insert(health, 1000) == "");
  CHECK(health.MakeBackup() == first);
  CHECK(HealthPackage::RowsOf(first) == "301 rows, sum 46150");
  // Three verified ones stay, however old.
  CHECK_FALSE(fs::exists(old[0]));
  CHECK_FALSE(fs::exists(old[1]));
  CHECK(fs::exists(old[2]));
  CHECK(fs::exists(old[3]));
}

TEST_CASE("H-1: a backup of a damaged database fails, and leaves the good one of the day",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  const std::string good = health.MakeBackup();
  health.Damage();
  const Picture before = health.Look();
  const std::string run = system.StartRun("backup", "health");
  CHECK(system.EndOf(run) == "ROLLED_BACK");
  CHECK_THAT(system.TimelineOf(run),
             Contains("recourse start corruption-response --target health"));
  CHECK(HealthPackage::RowsOf(good) == "300 rows, sum 45150");
  // Only what was copied of the damaged one is new, by a name that no recovery takes.
  const Picture after = health.Look();
  CHECK(after.facts().size() == before.facts().size() + 2);
  const std::string difference = Difference(before, after);
  CHECK_THAT(difference, Contains(".suspect.db: ") && Contains(".suspect.db.manifest.json: "));
  CHECK_THAT(difference, !Contains("gone: "));
  CHECK_THAT(difference, !Contains("changed: "));
}

TEST_CASE("H-1: a database that lost most of its rows replaces no backup unasked",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  const std::string good = health.MakeBackup();
  REQUIRE(Sql(health.database, "DELETE FROM metrics WHERE value > 10") == "");
  const Picture before = health.Look();
  const std::string run = system.StartRun("backup", "health");
  CHECK_THAT(system.Reject(run), Contains("has 10 rows") && Contains("it had 300"));
  CHECK(system.EndOf(run) == "ROLLED_BACK");
  CHECK(Difference(before, health.Look()) == "");

  const std::string again = system.StartRun("backup", "health");
  system.Approve(again);
  CHECK(system.EndOf(again) == "SUCCEEDED");
  CHECK(HealthPackage::RowsOf(good) == "10 rows, sum 55");
}

TEST_CASE("H-1: a server that is killed in the middle of a backup leaves one good backup",
          "[integration][health]") {
  const char* point = GENERATE("backup_before_rename", "backup_after_rename", "prune_after_file");
  System system;
  const HealthPackage health(system);
  system.StartServer();
  for (const int days : {90, 80, 70, 60}) health.AgeBackup(health.MakeBackup(), days);
  if (!system.ArmKill(point)) return;
  const std::string run = system.StartRun("backup", "health");
  system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(HealthPackage::RowsOf(system.OutputsOf(run)["backup"].as_string()) ==
        "300 rows, sum 45150");
  int files = 0;
  for (const auto& entry : fs::directory_iterator(health.backups))
    files += entry.is_regular_file() ? 1 : 0;
  CHECK(files == 6);  // three backups and their manifests
}

TEST_CASE("H-4: one component's rows of a backup become CSV, whole or not at all",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  health.MakeBackup();
  const std::string to = health.directory + "/component.csv";
  const std::vector<std::string> inputs = {"table=metrics", "column=component", "value=component 1",
                                           "to=" + to};
  const std::string run = system.StartRun("extract-rows", "health", inputs);
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(system.OutputsOf(run)["rows"] == Value(std::int64_t{100}));
  CHECK_THAT(*ReadFile(to, 1 << 20),
             Contains("component,timestamp,value\r\ncomponent 1,1,1.0\r\n"));

  const Picture before = health.Look();
  // Neither is a file replaced, nor an empty one made for a component that there is not.
  CHECK(system.EndOf(system.StartRun("extract-rows", "health", inputs)) == "FAILED");
  const std::string none =
      system.StartRun("extract-rows", "health",
                      {"table=metrics", "column=component", "value=component 9",
                       "to=" + health.directory + "/none.csv"});
  CHECK(system.EndOf(none) == "FAILED");
  CHECK_THAT(system.TimelineOf(none), Contains("component 0") && Contains("Nothing was written"));
  CHECK(Difference(before, health.Look()) == "");
}

TEST_CASE("H-4: a server that is killed while rows are written leaves a whole file",
          "[integration][health]") {
  const char* point = GENERATE("result_before_rename", "result_after_rename");
  System system;
  const HealthPackage health(system);
  system.StartServer();
  health.MakeBackup();
  if (!system.ArmKill(point)) return;
  const std::string to = health.directory + "/all.csv";
  const std::string run = system.StartRun("extract-rows", "health", {"table=metrics", "to=" + to});
  system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  const std::string text = *ReadFile(to, 1 << 20);
  CHECK(std::count(text.begin(), text.end(), '\n') == 301);
  for (const auto& entry : fs::directory_iterator(health.directory)) {
    CHECK_THAT(entry.path().filename().string(), !Contains("all.csv") || Catch::Equals("all.csv"));
  }
}

TEST_CASE("H-5: backups are merged, the newest row wins, and a recovery takes the result",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  system.StartServices("health");
  // Yesterday's backup has rows that are gone today; today's has newer values of the same keys.
  REQUIRE(Insert(health, 1000) == "");
  health.AgeBackup(health.MakeBackup(), 1);
  REQUIRE(Sql(health.database,
              "DELETE FROM metrics WHERE component = 'web';"
              "UPDATE metrics SET value = 7 WHERE timestamp = 3") == "");
  health.MakeBackup();
  const std::string to = health.backups + "/merged.db";
  const Picture present = health.Look();
  const bool killed = system.ArmKill("result_before_rename");
  const std::string run = system.StartRun("merge-backups", "health", {"to=" + to});
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  // It adds a file and its manifest, and touches no other.
  const std::string difference = Difference(present, health.Look());
  CHECK_THAT(difference, Contains("new: backups/merged.db:"));
  CHECK_THAT(difference, !Contains("gone: "));
  CHECK_THAT(difference, !Contains("changed: "));
  CHECK(HealthPackage::RowsOf(to) == "301 rows, sum 46154");
  CHECK(Sql(to, "SELECT name FROM sqlite_schema WHERE type = 'index'") == "metrics_by_component");

  const std::string recovery = system.StartRun("recovery", "health", {"backup=" + to});
  system.Approve(recovery);
  CHECK(system.EndOf(recovery) == "SUCCEEDED");
  CHECK(health.Rows() == "301 rows, sum 46154");

  const Picture before = health.Look();
  const std::string lonely =
      system.StartRun("merge-backups", "health",
                      {"to=" + health.backups + "/two.db", "backups=[\"health_20200101.db\"]"});
  CHECK(system.EndOf(lonely) == "ROLLED_BACK");
  CHECK_THAT(system.TimelineOf(lonely), Contains("Not a verified backup"));
  CHECK(Difference(before, health.Look()) == "");
}

TEST_CASE("H-5: a table whose rows no key tells apart is not merged before somebody says how",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  std::string keyless = health.DatabaseResource();
  const std::string key = ", key: [component, timestamp]";
  REQUIRE(keyless.find(key) != keyless.npos);
  keyless.erase(keyless.find(key), key.size());
  system.WriteTarget("health", keyless + health.BackupsResource());
  system.StartServer();
  health.AgeBackup(health.MakeBackup(), 1);
  REQUIRE(Sql(health.database, "UPDATE metrics SET value = 7 WHERE timestamp = 3") == "");
  health.MakeBackup();
  const Picture before = health.Look();
  const std::string to = health.backups + "/merged.db";
  const std::string refused = system.StartRun("merge-backups", "health", {"to=" + to});
  CHECK(system.EndOf(refused) == "ROLLED_BACK");
  CHECK_THAT(system.TimelineOf(refused), Contains("no key tells the rows of metrics apart"));
  CHECK(Difference(before, health.Look()) == "");

  const std::string keys = R"(keys=[{"name": "metrics", "key": ["component", "timestamp"]}])";
  const std::string run = system.StartRun("merge-backups", "health", {"to=" + to, keys});
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(HealthPackage::RowsOf(to) == "300 rows, sum 45154");
}

}  // namespace recourse::integration
