// H-2, H-6, H-7, H-9, H-11: the health package is watched, audited, tended, and put right.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/integration/systems/health_package.h"

namespace recourse::integration {
namespace {

using Catch::Contains;
namespace fs = std::filesystem;

const std::vector<std::string> kToMail = {"channel=ops-mail"};

// The application as it is left by a recovery that was made by hand as root.
void TakeFromApplication(const HealthPackage& health) {
  REQUIRE(chown(health.database.c_str(), 0, 0) == 0);
  REQUIRE(chmod(health.database.c_str(), 0600) == 0);
}

}  // namespace

TEST_CASE(
    "H-6: one mail tells every check that failed, with its facts, and a system that is well none",
    "[integration][health]") {
  System system;
  const HealthPackage health(system);
  const MailServer mail(system / "mail");
  system.WriteMailChannel(mail);
  system.StartServer();
  system.StartServices("health");
  const std::string backup = health.MakeBackup();
  const Picture before = health.Look();
  // Killed while it looks, it looks again.
  const bool killed = system.ArmKill("after_apply:4");
  const std::string well = system.StartRun("health-check", "health", kToMail);
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(well) == "SUCCEEDED");
  CHECK(Difference(before, health.Look()) == "");
  CHECK(system.OutputsOf(well)["facts"].as_list().size() >= 5);

  system.StopServices("health");
  fs::remove(backup);
  health.WriteTarget("memory: {fail: {used_percent: 0}}\n");
  system.RestartServer();
  const std::string run =
      system.StartRun("health-check", "health", {"channel=ops-mail", "database_bytes_warn=1"});
  CHECK(system.EndOf(run) == "FAILED");
  const std::string told = mail.MailWith({"failed checks"});
  for (const char* fact : {"service app is down", "service analytics is down",
                           "memory:", "backups:", "health:", "database: integrity ok"}) {
    CHECK_THAT(told, Contains(fact));
  }
  CHECK(mail.Mails().size() == 1);

  health.Damage();
  const std::string damaged = system.StartRun("health-check", "health");
  CHECK(system.EndOf(damaged) == "FAILED");
  CHECK_THAT(system.TimelineOf(damaged), Contains("corruption-response --target health"));
}

TEST_CASE("H-2: an audit restores the newest backup, and alerts when that cannot be done",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  const MailServer mail(system / "mail");
  system.WriteMailChannel(mail);
  system.StartServer();
  const std::string none = system.StartRun("backup-audit", "health");
  CHECK(system.EndOf(none) == "FAILED");
  CHECK_THAT(system.TimelineOf(none), Contains("there is no backup at all"));

  const std::string backup = health.MakeBackup();
  // Of the backup only the manifest is written, which says that it was looked at.
  const auto look = [&] {
    return Picture::Of(health.directory, {".quarantine", "log/", "run/"}, {"-wal", ".manifest"});
  };
  const Picture before = look();
  // Freshness, list, verification, rehearsal.
  const bool killed = system.ArmKill("after_apply:4");
  const std::string run = system.StartRun("backup-audit", "health", kToMail);
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(Difference(before, look()) == "");
  CHECK(system.OutputsOf(run)["tables"]["metrics"] == Value(std::int64_t{300}));

  // Such a file passes SELECT COUNT(*).
  fs::resize_file(backup, fs::file_size(backup) - 1500);
  const std::string bad = system.StartRun("backup-audit", "health", kToMail);
  CHECK(system.EndOf(bad) == "FAILED");
  CHECK_THAT(mail.MailWith({"not as they should be"}), Contains("backup-triage"));
  CHECK(mail.Mails().size() == 1);
}

TEST_CASE(
    "H-7: a directory of backups that the application may not write is given back after approval",
    "[integration][health]") {
  System system;
  const HealthPackage health(system);
  if (health.user().empty()) {
    WARN("only root can run the services as another user; not tried");
    return;
  }
  system.StartServer();
  REQUIRE(chown(health.backups.c_str(), 0, 0) == 0);
  REQUIRE(chmod(health.backups.c_str(), 0700) == 0);
  // The server, which is root, could write there all the same.
  REQUIRE(chown(health.own.c_str(), 0, 0) == 0);
  const Picture before = health.Look();
  const std::string off =
      system.StartRun("backup-triage", "health", {"switch=HEALTH_BACKUP_ENABLED"});
  CHECK(system.EndOf(off) == "ROLLED_BACK");
  CHECK_THAT(system.TimelineOf(off), Contains("HEALTH_BACKUP_ENABLED=true"));
  const std::string refused = system.StartRun("backup-triage", "health");
  CHECK_THAT(system.Reject(refused),
             Contains(health.backups + " and " + health.own + ": as daemon") &&
                 Contains("the application itself has made 0"));
  CHECK(system.EndOf(refused) == "ROLLED_BACK");

  // The backup fails all the same: owner and mode are as they were.
  const std::string rows = health.database + ".aside";
  fs::rename(health.database, rows);
  const std::string failed = system.StartRun("backup-triage", "health");
  system.Approve(failed);
  CHECK(system.EndOf(failed) == "ROLLED_BACK");
  fs::rename(rows, health.database);
  CHECK(Difference(before, health.Look()) == "");

  // So they are when the owner may not even pass through to them: a backup by root proves nothing.
  REQUIRE(chmod(health.directory.c_str(), 0700) == 0);
  REQUIRE(chown(health.directory.c_str(), 0, 0) == 0);
  const std::string closed = system.StartRun("backup-triage", "health");
  system.Approve(closed);
  CHECK(system.EndOf(closed) == "ROLLED_BACK");
  CHECK_THAT(system.TimelineOf(closed), Contains("as daemon, write"));
  CHECK(Difference(before, health.Look()) == "");
  REQUIRE(chmod(health.directory.c_str(), 0755) == 0);

  const bool killed = system.ArmKill("permissions_after_owner");
  const std::string run = system.StartRun("backup-triage", "health");
  system.Approve(run);
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(HealthPackage::RowsOf(system.OutputsOf(run)["backup"].as_string()) ==
        "300 rows, sum 45150");
  for (const std::string& directory : {health.backups, health.own}) {
    struct stat info = {};
    REQUIRE(stat(directory.c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0755);
    CHECK(info.st_uid != 0);
  }
}

TEST_CASE("H-9: an application that may not read its database after a recovery starts again",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  if (health.user().empty()) {
    WARN("only root can run the services as another user; not tried");
    return;
  }
  const std::string left = system.folder.Write("world/health/health_flush", "half a batch");
  health.WriteTarget("temporary_files: [\"" + health.directory + "/health_*\"]\n");
  system.StartServer();
  TakeFromApplication(health);
  const Picture before = health.Look();
  {
    // Something else is wrong too: it does not help, and all of it is put back.
    const PortThief thief(health.port());
    const std::string run = system.StartRun("app-not-starting", "health");
    CHECK_THAT(system.Approve(run), Contains("CREATE TABLE metrics") && Contains("health_flush"));
    CHECK(system.EndOf(run) == "ROLLED_BACK");
    CHECK(Difference(before, health.Look()) == "");
  }
  const bool killed = system.ArmKill("permissions_after_owner");
  const std::string run = system.StartRun("app-not-starting", "health");
  system.Approve(run);
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK_THAT(health.Health(), Contains("\"Metrics\""));
  CHECK_FALSE(fs::exists(left));
  CHECK(health.Rows() == "300 rows, sum 45150");
}

TEST_CASE(
    "H-11: a vacuum gives free pages back and tells the sizes, also when the server dies in it",
    "[integration][health]") {
  System system;
  const HealthPackage health(system, "health", 5000);
  const MailServer mail(system / "mail");
  system.WriteMailChannel(mail);
  // Check, size, vacuum.
  const bool killed = system.ArmKill("after_apply:3");
  REQUIRE(Sql(health.database, "DELETE FROM metrics WHERE timestamp % 10 > 0") == "");
  const std::string rows = health.Rows();
  const std::string run = system.StartRun(
      "database-maintenance", "health",
      {"channel=ops-mail", "query=SELECT * FROM metrics WHERE component = 'component 1'"});
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  const Value outputs = system.OutputsOf(run);
  CHECK(outputs.IntOr("bytes_after", 0) < outputs.IntOr("bytes_before", 0));
  CHECK(health.Rows() == rows);
  CHECK_THAT(mail.MailWith({"database maintenance"}), Contains("metrics_by_component"));

  health.Damage();
  const Picture before = health.Look();
  const std::string damaged = system.StartRun("database-maintenance", "health");
  CHECK(system.EndOf(damaged) == "FAILED");
  CHECK(Difference(before, health.Look()) == "");
}

TEST_CASE("H-3: rows that were deleted come back from before the loss, not from the newest backup",
          "[integration][health]") {
  System system;
  const HealthPackage health(system);
  system.StartServer();
  system.StartServices("health");
  health.AgeBackup(health.MakeBackup(), 2);
  health.AgeBackup(health.MakeBackup(), 1);
  REQUIRE(Sql(health.database, "DELETE FROM metrics WHERE value > 200") == "");
  health.MakeBackup();
  const Picture before = health.Look();
  const std::string refused = system.StartRun("data-loss", "health", {"table=metrics"});
  CHECK_THAT(system.Reject(refused), Contains("Rows in the backup: {\"metrics\":300}"));
  CHECK(system.EndOf(refused) == "ROLLED_BACK");
  CHECK(Difference(before, health.Look()) == "");

  const bool killed = system.ArmKill("restore_after_set_aside_db");
  const std::string run = system.StartRun("data-loss", "health", {"table=metrics"});
  system.Approve(run);
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(health.Rows() == "300 rows, sum 45150");
  CHECK_THAT(health.Health(), Contains("\"Metrics\""));
}

}  // namespace recourse::integration
