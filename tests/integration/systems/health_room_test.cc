// H-1, H-8: the disk of the backups is full. In a process of its own: it mounts a small disk in a
// mount namespace that nobody else sees.
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "engine/base/file.h"
#include "tests/integration/systems/health_package.h"

namespace recourse::integration {
namespace {

using Catch::Contains;
namespace fs = std::filesystem;

void Fill(const std::string& path, std::size_t leave) {
  auto file = OpenFile(path, O_WRONLY | O_CREAT | O_APPEND);
  REQUIRE(file);
  const std::string bytes(4096, 'x');
  std::size_t free = fs::space(fs::path(path).parent_path()).available;
  while (free > leave && write(file->get(), bytes.data(), bytes.size()) > 0) {
    free = fs::space(fs::path(path).parent_path()).available;
  }
}

// A set of files that a recovery has set aside on that day of 2020.
void SetAside(const HealthPackage& health, int day) {
  const std::string set = health.database + ".quarantine/R-" + std::to_string(day) + ".preserve.1";
  fs::create_directories(set);
  REQUIRE(WriteFileAtomically(set + "/health.db", "damaged", 0640));
  REQUIRE(WriteFileAtomically(
      set + "/manifest.json",
      R"({"taken_at": "2020-01-0)" + std::to_string(day) + R"(T00:00:00Z"})", 0640));
}

}  // namespace

TEST_CASE("H-8: a full disk keeps the good backups, until room is made and proven",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  if (!MountSmallDisk(health.backups, "size=2m,mode=0755")) {
    WARN("no file system can be mounted here");
    return;
  }
  // The retention of the run is not that of the target, which would have pruned them already.
  std::string keeping = health.BackupsResource();
  keeping.replace(keeping.find("keep_days: 30"), 13, "keep_days: 3650");
  system.WriteTarget("health", health.DatabaseResource() + keeping + health.ServicesResource() +
                                   health.HealthResource());
  system.StartServer();
  for (const int days : {90, 80, 70, 2, 1}) health.AgeBackup(health.MakeBackup(), days);
  const std::string good = health.MakeBackup();
  Fill(health.backups + "/filler", 8192);
  const Picture before = health.Look();
  const std::string backup = system.StartRun("backup", "health");
  CHECK(system.EndOf(backup) == "ROLLED_BACK");
  CHECK(Difference(before, health.Look()) == "");

  const std::string refused = system.StartRun("disk-full", "health");
  CHECK_THAT(system.Reject(refused), Contains("% ") && Contains("cannot be brought back"));
  CHECK(system.EndOf(refused) == "NEEDS_ATTENTION");
  CHECK(Difference(before, health.Look()) == "");
  system.Recourse({"cancel", refused});

  const bool killed = system.ArmKill("prune_after_file");
  const std::string run =
      system.StartRun("disk-full", "health", {"used_percent=95", "keep_days=30"});
  system.Approve(run);
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(system.OutputsOf(run)["removed"].as_list().size() == 3);
  CHECK(fs::exists(good));
  // Now there is room: nothing more is touched, and backups are made again.
  fs::remove(health.backups + "/filler");
  CHECK(system.EndOf(system.StartRun("disk-full", "health")) == "SUCCEEDED");
  CHECK(system.EndOf(system.StartRun("backup", "health")) == "SUCCEEDED");
  system.StopServer();
  REQUIRE(umount2(health.backups.c_str(), MNT_DETACH) == 0);
}

TEST_CASE("H-8: a disk so full that no backup was made for days is put right after approval",
          "[integration][health]") {
  System system;
  // Three backups have more than the room that one more asks for.
  const HealthPackage health(system, "health", 16'000);
  if (!MountSmallDisk(health.backups, "size=12m,mode=0755")) {
    WARN("no file system can be mounted here");
    return;
  }
  std::string keeping = health.BackupsResource();
  keeping.replace(keeping.find("keep_days: 30"), 13, "keep_days: 3650");
  // Nearly full by this threshold from the beginning, which keeps no backup from being made.
  system.WriteTarget("health", health.DatabaseResource() + keeping + health.ServicesResource() +
                                   health.HealthResource() + "disk: {path: " + health.backups +
                                   ", fail: {used_percent: 0}}\n");
  system.StartServer();
  for (const int days : {90, 80, 70, 5, 4, 3}) health.AgeBackup(health.MakeBackup(), days);
  for (const int day : {1, 2, 3, 4}) SetAside(health, day);
  Fill(health.backups + "/filler", 8192);
  const Picture before = health.Look();
  const std::string backup = system.StartRun("backup", "health");
  CHECK(system.EndOf(backup) == "ROLLED_BACK");
  CHECK_THAT(system.TimelineOf(backup), Contains("recourse start disk-full --target health"));
  CHECK(Difference(before, health.Look()) == "");

  const bool killed = system.ArmKill("prune_quarantine_after_delete");
  const std::string run =
      system.StartRun("disk-full", "health", {"used_percent=95", "keep_days=30"});
  const std::string question = system.Approve(run);
  if (killed) system.SurviveKill();
  CHECK_THAT(question, Contains("older than 48h: NO NEW ONES ARE MADE"));
  CHECK_THAT(question, Contains("R-1.preserve.1 (") && Contains("2020-01-01"));
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(system.OutputsOf(run)["removed"].as_list().size() == 3);
  CHECK_FALSE(fs::exists(health.database + ".quarantine/R-1.preserve.1"));
  CHECK(fs::exists(health.database + ".quarantine/R-2.preserve.1"));
  CHECK(system.EndOf(system.StartRun("backup", "health")) == "SUCCEEDED");
  system.StopServer();
  REQUIRE(umount2(health.backups.c_str(), MNT_DETACH) == 0);
}

}  // namespace recourse::integration
