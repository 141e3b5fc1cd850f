// H-3: the recovery of the health package on real parts, and what it leaves when it does not work.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "tests/integration/systems/health_package.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

// A good backup of what the package holds, and then a page that is noise; both services run.
void BackUpAndDamage(const System& system, const HealthPackage& health) {
  system.StartServices("health");
  health.MakeBackup();
  health.Damage();
}

std::string OwnerAndMode(const std::string& path) {
  struct stat info = {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  return std::to_string(info.st_uid) + " " + std::to_string(info.st_mode & 07777);
}

}  // namespace

TEST_CASE("H-3: a damaged database comes back from its backup, and both services answer",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  const std::string before = health.Rows();
  const std::string owner = OwnerAndMode(health.database);
  BackUpAndDamage(system, health);
  const Picture backups = Picture::Of(health.backups);
  const std::string run = system.StartRun("recovery", "health");
  const std::string question = system.Approve(run);
  CHECK_THAT(question, Contains("is lost"));
  CHECK_THAT(question, Contains("Rows in the backup: {\"metrics\":300}; in the database now:"));
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(health.Rows() == before);
  CHECK(OwnerAndMode(health.database) == owner);
  CHECK_THAT(health.Health(), Contains("\"Metrics\""));
  // The application, when it was stopped, has written its own backup of the damaged file. The one
  // that was chosen is what it was.
  CHECK_FALSE(std::filesystem::is_empty(health.own));
  CHECK(Difference(backups, Picture::Of(health.backups)) == "");
  CHECK(system.OutputOf(run, "running").as_list().at(1)["running"] == Value(true));
  CHECK_THAT(ToJson(system.OutputOf(run, "logs")), Contains("backup written"));
  // Both the kept copy (.broken) and the file that was replaced (.corrupted) are there.
  int kept = 0;
  for (const auto& set : std::filesystem::directory_iterator(health.database + ".quarantine")) {
    kept += std::filesystem::exists(set.path() / "health.db") ? 1 : 0;
  }
  CHECK(kept == 2);
}

TEST_CASE("H-3: a recovery that was rejected leaves the whole system as it was",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  BackUpAndDamage(system, health);
  const Picture before = health.Look();
  const std::string run = system.StartRun("recovery", "health");
  system.Reject(run);
  CHECK(system.EndOf(run) == "ROLLED_BACK");
  CHECK(Difference(before, health.Look()) == "");
}

TEST_CASE("H-3: a service that does not come up is asked about, and all can be put back",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  BackUpAndDamage(system, health);
  const Picture before = health.Look();
  const std::string run = system.StartRun("recovery", "health");
  {
    // Somebody else has the port the moment the application lets go of it.
    const PortThief thief(health.port());
    system.Approve(run);
    CHECK(system.EndOf(run) == "NEEDS_ATTENTION");
    // It may live long enough to count as started.
    CHECK_THAT(system.StandsAt(run), Contains("start") || Contains("healthy"));
    CHECK(health.Rows() == "300 rows, sum 45150");
  }
  CHECK(system.Recourse({"rollback", run, "--reason", "back to before", "--wait"}).code == 1);
  CHECK(system.EndOf(run) == "ROLLED_BACK");
  CHECK(Difference(before, health.Look()) == "");
}

TEST_CASE("H-3: a process that will not let go of the file stops the recovery",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  BackUpAndDamage(system, health);
  const Program holder({"/usr/bin/tail", "-f", health.database}, system.folder / "holder");
  const Picture before = health.Look();
  const std::string run = system.StartRun("recovery", "health");
  system.Approve(run);
  CHECK(system.EndOf(run) == "ROLLED_BACK");
  const std::string told = system.TimelineOf(run);
  CHECK_THAT(told, Contains("tail") && Contains(std::to_string(holder.pid())));
  CHECK(Difference(before, health.Look()) == "");
}

TEST_CASE("H-3: a server killed in the middle of the restore finishes it afterwards",
          "[integration][health]") {
  const char* point =
      GENERATE("restore_after_set_aside_db", "restore_before_rename", "restore_after_rename");
  System system;
  const HealthPackage health(system);
  if (!system.ArmKill(point)) return;
  BackUpAndDamage(system, health);
  const std::string run = system.StartRun("recovery", "health");
  system.Approve(run);
  system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(health.Rows() == "300 rows, sum 45150");
  CHECK_THAT(health.Health(), Contains("\"Metrics\""));
}

TEST_CASE("H-3: a newer backup that nobody has looked at counts when it is good, else it is named",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  system.StartServices("health");
  health.AgeBackup(health.MakeBackup(), 2);
  REQUIRE(Sql(health.database, "INSERT INTO metrics VALUES ('web', 1000, 1000)") == "");
  const std::string yesterday = health.AgeBackup(health.MakeBackup(), 1);
  const std::string today = health.MakeBackup();
  for (const std::string& backup : {yesterday, today}) {
    std::filesystem::remove(backup + ".manifest.json");
  }
  REQUIRE(WriteFileAtomically(today, "no database", 0640));
  health.Damage();
  const std::string run = system.StartRun("recovery", "health");
  const std::string question = system.Approve(run);
  const std::string name = std::filesystem::path(today).filename();
  CHECK_THAT(question, Contains("Restore " + yesterday) &&
                           Contains("Newer, and not good: " + name + ": it failed its last check"));
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(health.Rows() == "301 rows, sum 46150");
}

TEST_CASE("H-3: without a good backup a recovery touches nothing", "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  system.StartServices("health");
  const std::string backup = health.MakeBackup();
  std::filesystem::resize_file(backup, 5000);
  const Picture before = health.Look();
  const std::string run = system.StartRun("recovery", "health");
  CHECK(system.EndOf(run) == "ROLLED_BACK");
  CHECK_THAT(system.TimelineOf(run), Contains("there is not a good backup"));
  CHECK(Difference(before, health.Look()) == "");
}

}  // namespace recourse::integration
