// D-3 to D-6: DigitalMe's backups, by its API, by its script, and by the engine, on real parts.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/integration/systems/digitalme.h"

namespace recourse::integration {
namespace {

using Catch::Contains;
namespace fs = std::filesystem;

struct Started {
  explicit Started(const DigitalMeOptions& options = {}) : me(system, options) {
    me.WriteTarget(me.ApiResource());
    system.StartServer();
    system.StartServices("digitalme");
  }

  System system;
  DigitalMe me;
};

std::string Mended(const System& system, const std::string& run) {
  CHECK(system.EndOf(run) == "SUCCEEDED");
  return system.OutputsOf(run)["backup"].as_string();
}

}  // namespace

TEST_CASE("D-3: a backup by the API is made with a token that was renewed, and proven",
          "[integration][digitalme]") {
  Started at({.token_seconds = "3600", .old_token = true});
  const std::string run = at.system.StartRun("api-backup", "digitalme");
  CHECK(at.system.EndOf(run) == "SUCCEEDED");
  const Value made = at.system.OutputsOf(run);
  CHECK(made["tables"]["Users"].as_int() == 200);
  CHECK(made["health"]["totalBackups"].as_int() == 1);
  CHECK(fs::exists(made["backup"].as_string() + ".manifest.json"));
  CHECK(at.me.LinesWith("the token has expired") > 0);
  // The password and the tokens stay where they were.
  const std::string told = at.system.TimelineOf(run) + at.system.Recourse({"show", run}).out;
  CHECK_THAT(told, !Contains("opensesame"));
  CHECK_THAT(told, !Contains("eyJ"));
}

TEST_CASE("D-3: a token that has expired again is not renewed for ever, and the run says so",
          "[integration][digitalme]") {
  Started at({.token_seconds = "-1"});
  const Picture before = at.me.Look();
  const std::string run = at.system.StartRun("api-backup", "digitalme");
  CHECK(at.system.EndOf(run) == "FAILED");
  CHECK_THAT(at.system.TimelineOf(run), Contains("UNAUTHENTICATED"));
  CHECK(at.me.LinesWith("POST /auth/login 200") <= 2);
  CHECK(at.me.BackupNames().empty());
  CHECK(Difference(before, at.me.Look()) == "");
}

TEST_CASE("D-3: the server dies in the middle of a backup by the API, and nothing is made twice",
          "[integration][digitalme]") {
  Started at;
  if (!at.system.ArmKill("http_sent")) return;
  const std::string run = at.system.StartRun("api-backup", "digitalme");
  at.system.SurviveKill();
  CHECK(at.system.EndOf(run) == "SUCCEEDED");
  CHECK(at.me.LinesWith("POST /api/backup 201") == 1);
  REQUIRE(at.me.BackupNames().size() == 1);
  CHECK(at.system.OutputsOf(run)["backup"].as_string() ==
        at.me.backups + "/" + at.me.BackupNames()[0]);
}

TEST_CASE("D-3: a backup by the script is proven and listed, the newest first",
          "[integration][digitalme]") {
  Started at;
  const std::string older = at.me.PutBackup(3);
  const std::string run = at.system.StartRun("script-backup", "digitalme");
  const std::string made = Mended(at.system, run);
  const Value listed = at.system.OutputsOf(run)["backups"];
  REQUIRE(listed.as_list().size() == 2);
  CHECK_THAT(listed.as_list()[0].as_string(), Contains(fs::path(made).filename().string()));
  CHECK_THAT(listed.as_list()[1].as_string(), Contains(fs::path(older).filename().string()));

  // The script fails at a damaged database, and what there is stays as it is.
  at.me.Damage();
  const Picture before = at.me.Look();
  const std::string failed = at.system.StartRun("script-backup", "digitalme");
  CHECK(at.system.EndOf(failed) == "FAILED");
  CHECK(Difference(before, at.me.Look()) == "");
}

TEST_CASE(
    "D-3: the server dies in the middle of a backup by the script, and a person says whether it is "
    "made",
    "[integration][digitalme]") {
  Started at;
  if (!at.system.ArmKill("script_after_apply")) return;
  const std::string run = at.system.StartRun("script-backup", "digitalme");
  at.system.SurviveKill();
  CHECK(at.system.EndOf(run) == "NEEDS_ATTENTION");
  CHECK(at.system.StandsAt(run) == "make");
  CHECK_THAT(at.system.TimelineOf(run), Contains("make may or may not"));
  const auto made = at.me.BackupNames();
  REQUIRE(made.size() == 1);
  CHECK(at.system.Recourse({"resolve", run, "applied", "--reason", "it is there"}).code == 0);
  CHECK(Mended(at.system, run) == at.me.backups + "/" + made[0]);
  CHECK(at.me.BackupNames() == made);
}

TEST_CASE("D-4: the weekly validation passes a good backup, and alerts on canRecover=false",
          "[integration][digitalme]") {
  System system;
  const DigitalMe me(system);
  me.WriteTarget(me.ApiResource());
  fs::create_directories(system.folder / "mail");
  const MailServer mail(system.folder / "mail");
  system.WriteMailChannel(mail);
  system.StartServer();
  system.StartServices("digitalme");
  me.PutBackup(0);
  const std::string good = system.StartRun("backup-validation", "digitalme", {"channel=ops-mail"});
  CHECK(system.EndOf(good) == "SUCCEEDED");

  const std::string newest = me.PutBackup(-1);
  REQUIRE(Sql(newest, "DROP TABLE Users") == "");
  const Picture before = Picture::Of(me.directory, {"logs", "run", "proxy", ".manifest.json"});
  const bool killed = system.ArmKill("after_apply:4");
  const std::string bad = system.StartRun("backup-validation", "digitalme", {"channel=ops-mail"});
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(bad) == "WAITING");
  CHECK_THAT(mail.MailWith({"the newest backup cannot be recovered"}),
             Contains("canRecover=false") && Contains(newest));
  CHECK_THAT(system.Recourse({"attention"}).out, Contains(bad));
  CHECK(Difference(before, Picture::Of(me.directory, {"logs", "run", "proxy", ".manifest.json"})) ==
        "");
  // While people are asked a good backup can be made: nothing waits for their answers.
  CHECK(system.EndOf(system.StartRun("backup", "digitalme")) == "SUCCEEDED");
  for (const char* item : {"cause", "good"}) {
    CHECK(system.Recourse({"answer", bad, item, "--reason", "seen"}).code == 0);
  }
  CHECK(system.EndOf(bad) == "SUCCEEDED");
}

TEST_CASE(
    "D-5: the monthly clean-up goes by age and by number, and never below the good ones to keep",
    "[integration][digitalme]") {
  Started at;
  for (const int days : {0, 1, 40, 41}) at.me.PutBackup(days);
  const bool killed = at.system.ArmKill("prune_after_file");
  const std::string run = at.system.StartRun("backup-cleanup", "digitalme");
  if (killed) at.system.SurviveKill();
  CHECK(at.system.EndOf(run) == "SUCCEEDED");
  const Value first = at.system.OutputsOf(run);
  CHECK(first["count_before"].as_int() == 4);
  CHECK(first["count_after"].as_int() == 3);  // two are too old; three good ones stay
  CHECK(first["bytes_after"].as_int() < first["bytes_before"].as_int());
  CHECK(fs::exists(at.me.backups + "/.trash"));

  for (int days = 2; days < 52; ++days) at.me.PutBackup(days % 25 + 1);
  at.me.PutBackup(0);
  const std::string many = at.system.StartRun("backup-cleanup", "digitalme");
  CHECK(at.system.EndOf(many) == "SUCCEEDED");
  CHECK(at.me.BackupNames().size() <= 50);
}

TEST_CASE("D-5: when no good backups are made any more, the monthly clean-up removes nothing",
          "[integration][digitalme]") {
  Started at;
  for (const int days : {10, 40, 41, 42, 43}) at.me.PutBackup(days);
  at.me.VerifyBackups();
  const Picture before = at.me.Look();
  const std::string run = at.system.StartRun("backup-cleanup", "digitalme");
  CHECK(at.system.EndOf(run) == "FAILED");
  CHECK(Difference(before, at.me.Look()) == "");
}

TEST_CASE("D-6: a locked database is waited for, and then backed up", "[integration][digitalme]") {
  System system;
  const DigitalMe me(system);
  // With a log of its own, readers are never locked out.
  REQUIRE(Sql(me.database, "PRAGMA journal_mode = DELETE") == "delete");
  system.StartServer();
  const std::string gate = system.folder / "gate-of-lock";
  REQUIRE(mkfifo(gate.c_str(), 0600) == 0);
  // Holds the lock until the other end of the pipe is opened.
  const Program holder({"/usr/bin/sqlite3", me.database, "BEGIN EXCLUSIVE;", ".shell echo locked",
                        ".shell cat " + gate, "ROLLBACK;"},
                       system.folder / "holder");
  Eventually("the database is locked",
             [&] { return holder.out().find("locked") != std::string::npos; });
  const std::string run = system.StartRun("backup-failed", "digitalme", {"by=script", "wait=50ms"});
  Eventually("it is found locked", [&] {
    const auto log = ReadFile(me.directory + "/logs/backup.log", 1 << 20);
    return log && log->find("locked") != std::string::npos;
  });
  Descriptor(open(gate.c_str(), O_WRONLY | O_CLOEXEC));
  CHECK(fs::exists(Mended(system, run)));
}

TEST_CASE("D-6: a full disk is cleaned up after approval, and then there is a backup",
          "[integration][digitalme]") {
  System system;
  const DigitalMe me(system);
  if (!MountSmallDisk(me.backups, "size=400k,mode=0777")) {
    WARN("no file system can be mounted here");
    return;
  }
  system.StartServer();
  for (const int days : {0, 1, 2, 40, 41, 42, 43}) me.PutBackup(days);
  me.VerifyBackups();
  // The rest of it is somebody else's.
  const Finished filled = RunIn(
      system.folder / "", {"/bin/dd", "if=/dev/zero", "bs=4096", "of=" + me.backups + "/other"});
  REQUIRE(filled.code != 0);
  const bool killed = system.ArmKill("prune_after_file");
  const std::string run = system.StartRun("backup-failed", "digitalme", {"by=script"});
  CHECK_THAT(system.Approve(run), Contains("7 backups") && Contains("cannot be brought back"));
  if (killed) system.SurviveKill();
  CHECK(fs::exists(Mended(system, run)));
  CHECK(me.BackupNames().size() == 4);
}

TEST_CASE("D-6: a directory that cannot be written is given back after approval",
          "[integration][digitalme]") {
  if (geteuid() != 0) {
    WARN("only root may give files away; not tried");
    return;
  }
  Started at;
  const auto give = [&](uid_t to, mode_t mode) {
    REQUIRE(chown(at.me.backups.c_str(), to, to) == 0);
    REQUIRE(chmod(at.me.backups.c_str(), mode) == 0);
  };
  struct stat owned = {};
  REQUIRE(stat(at.me.database.c_str(), &owned) == 0);
  give(0, 0500);
  const Picture before = at.me.Look();
  const std::string refused = at.system.StartRun("backup-failed", "digitalme", {"by=api"});
  at.system.Reject(refused);
  CHECK(at.system.StandsAt(refused) == "escalate");
  CHECK(Difference(before, at.me.Look()) == "");
  // People mend it by hand and say so, and it is tried again.
  give(owned.st_uid, 0750);
  CHECK(at.system.Recourse({"answer", refused, "cause", "--reason", "by hand"}).code == 0);
  CHECK(fs::exists(Mended(at.system, refused)));
  give(0, 0500);

  const bool killed = at.system.ArmKill("permissions_after_owner");
  const std::string run = at.system.StartRun("backup-failed", "digitalme", {"by=api"});
  CHECK_THAT(at.system.Approve(run), Contains("daemon:daemon with mode 0770"));
  if (killed) at.system.SurviveKill();
  CHECK(fs::exists(Mended(at.system, run)));
}

TEST_CASE(
    "D-6: a directory that was given back in vain gets its old owner again, also when the server "
    "dies in that",
    "[integration][digitalme]") {
  if (geteuid() != 0) {
    WARN("only root may give files away; not tried");
    return;
  }
  Started at;
  REQUIRE(chmod(at.me.backups.c_str(), 0500) == 0);
  REQUIRE(chown(at.me.backups.c_str(), 0, 0) == 0);
  const Picture before = at.me.Look();
  const bool killed = at.system.ArmKill("permissions_after_owner:2");
  const std::string run = at.system.StartRun("backup-failed", "digitalme", {"by=api"});
  CHECK(at.system.StandsAt(run) == "give_back");
  // That was not all: the application finds no database to copy.
  const std::string aside = at.me.database + ".aside";
  fs::rename(at.me.database, aside);
  at.system.Approve(run);
  CHECK(at.system.StandsAt(run) == "escalate");
  fs::rename(aside, at.me.database);
  CHECK_THAT(Difference(before, at.me.Look()), Contains("changed: backups"));

  at.system.Recourse({"rollback", run, "--reason", "it did not help"});
  if (killed) at.system.SurviveKill();
  CHECK(at.system.EndOf(run) == "ROLLED_BACK");
  CHECK(Difference(before, at.me.Look()) == "");
}

}  // namespace recourse::integration
