// D-1, D-2, D-7: DigitalMe's database is damaged or has lost rows, on real parts.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <utility>

#include "engine/base/file.h"
#include "tests/integration/systems/digitalme.h"

namespace recourse::integration {
namespace {

using Catch::Contains;

// Started, with a verified backup that has every user, and one user more since then.
class Incident {
 public:
  explicit Incident(DigitalMeOptions options = {}) : me(system, std::move(options)) {
    system.StartServer();
    system.StartServices("digitalme");
    backup = me.MakeBackup();
    REQUIRE(Sql(me.database, "INSERT INTO Users VALUES (1000, 'late')") == "");
  }

  System system;
  DigitalMe me;
  std::string backup;
};

std::string DaysAgo(int days) {
  const std::time_t then = std::time(nullptr) - days * 86'400;
  std::tm utc = {};
  gmtime_r(&then, &utc);
  char text[40];
  REQUIRE(std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) > 0);
  return text;
}

}  // namespace

TEST_CASE("D-1: a damaged database is answered with the traffic stopped, and comes back tested",
          "[integration][digitalme]") {
  Incident at;
  at.me.Damage();
  CHECK(at.me.HealthByProxy() != 0);
  const bool killed = at.system.ArmKill("restore_after_rename");
  const std::string run = at.system.StartRun("corruption-response", "digitalme");
  CHECK(at.system.StandsAt(run) == "confirm");
  // The traffic is stopped before anybody is asked, and stays so while the database is replaced.
  CHECK(at.me.HealthByProxy() == 0);
  CHECK_THAT(at.system.Approve(run), Contains(at.backup) && Contains("no process has the file"));
  if (killed) {
    CHECK(at.system.server().WaitForEnd(30s) == 128 + SIGKILL);
    CHECK(at.me.HealthByProxy() == 0);
    at.system.SurviveKill();
  }
  CHECK(at.system.EndOf(run) == "SUCCEEDED");
  CHECK(at.me.Users() == "200");
  CHECK(at.me.HealthByProxy() == 200);
}

TEST_CASE(
    "D-1: by the script - a backup that fails the test is not restored, and nothing is touched",
    "[integration][digitalme]") {
  Incident at;
  // The engine finds the backup good; the script's own test knows of more.
  const std::string script = at.me.directory + "/scripts/restore-database.sh";
  const auto text = ReadFile(script, 1 << 20);
  REQUIRE(text);
  std::string stricter = *text;
  const std::string test = "if $test; then\n";
  REQUIRE(stricter.find(test) != stricter.npos);
  stricter.insert(stricter.find(test) + test.size(), "  fail 65 \"$file is of another tenant\"\n");
  REQUIRE(WriteFileAtomically(script, stricter, 0755));
  const Picture before = at.me.Look();
  const std::string run = at.system.StartRun("script-recovery", "digitalme");
  at.system.Approve(run);
  CHECK(at.system.EndOf(run) == "ROLLED_BACK");
  CHECK_THAT(at.system.TimelineOf(run), Contains("is of another tenant"));
  const auto log = ReadFile(at.me.directory + "/logs/backup.log", 1 << 20);
  REQUIRE(log);
  CHECK_THAT(*log, !Contains("restored "));
  CHECK(Difference(before, at.me.Look()) == "");
  Eventually("it answers again", [&at] { return at.me.HealthByProxy() == 200; });

  // What changed since it was verified does not even come to the script.
  REQUIRE(Sql(at.backup, "PRAGMA user_version = 7") == "");
  const Picture touched = at.me.Look();
  const std::string changed = at.system.StartRun("script-recovery", "digitalme");
  CHECK(at.system.EndOf(changed) == "ROLLED_BACK");
  CHECK_THAT(at.system.TimelineOf(changed), Contains("its bytes changed since it was verified"));
  CHECK(Difference(touched, at.me.Look()) == "");
}

TEST_CASE(
    "D-1: by the script - the server dies after the restore, and the run finds that it is done",
    "[integration][digitalme]") {
  Incident at;
  if (!at.system.ArmKill("script_after_apply")) return;
  const std::string run = at.system.StartRun("script-recovery", "digitalme");
  at.system.Approve(run);
  at.system.SurviveKill();
  CHECK(at.system.EndOf(run) == "SUCCEEDED");
  CHECK_THAT(at.system.TimelineOf(run), Contains("restore: finding out whether it took effect"));
  CHECK(at.me.Users() == "200");
  CHECK(at.me.HealthByProxy() == 200);
  const auto log = ReadFile(at.me.directory + "/logs/backup.log", 1 << 20);
  REQUIRE(log);
  CHECK(log->find("restored ") == log->rfind("restored "));  // once
}

TEST_CASE("D-1: by the script - what it restores without the rows is put back, byte for byte",
          "[integration][digitalme]") {
  Incident at;
  // The script's own test passes; what it puts in place is not what the backup holds.
  const std::string script = at.me.directory + "/scripts/restore-database.sh";
  const auto text = ReadFile(script, 1 << 20);
  REQUIRE(text);
  const std::string copies = "mv \"$database.part\" \"$database\"";
  std::string broken = *text;
  REQUIRE(broken.find(copies) != broken.npos);
  broken.insert(broken.find(copies) + copies.size(),
                "\nsqlite3 \"$database\" 'DELETE FROM Users WHERE id = 1'\nexit 0");
  REQUIRE(WriteFileAtomically(script, broken, 0755));
  const Picture before = at.me.Look();
  const bool killed = at.system.ArmKill("script_after_compensate");
  const std::string run = at.system.StartRun("script-recovery", "digitalme");
  at.system.Approve(run);
  if (killed) at.system.SurviveKill();
  CHECK(at.system.EndOf(run) == "ROLLED_BACK");
  CHECK(Difference(before, at.me.Look()) == "");
  CHECK(at.me.Users() == "201");
}

TEST_CASE("D-2: what was deleted comes back from before the incident, not from the newest backup",
          "[integration][digitalme]") {
  System system;
  const DigitalMe me(system);
  system.StartServer();
  system.StartServices("digitalme");
  const std::string before = me.PutBackup(2);
  REQUIRE(Sql(me.database, "DELETE FROM Users WHERE id > 150") == "");
  me.PutBackup(0);  // has lost them already
  me.VerifyBackups();
  const Picture present = me.Look();
  const std::string incident = "incident_time=" + DaysAgo(1);

  const std::string refused = system.StartRun("data-loss", "digitalme", {incident});
  CHECK_THAT(system.Reject(refused), Contains(before));
  CHECK(system.EndOf(refused) == "ROLLED_BACK");
  CHECK(Difference(present, me.Look()) == "");

  const bool killed = system.ArmKill("restore_after_rename");
  const std::string run = system.StartRun("data-loss", "digitalme", {incident});
  system.Approve(run);
  if (killed) system.SurviveKill();
  CHECK(system.EndOf(run) == "SUCCEEDED");
  CHECK(me.Users() == "200");
  // The state that it had is kept, and the record says where.
  const std::string kept = system.OutputsOf(run)["quarantine"].as_string();
  CHECK(Sql(kept + "/digitalme.db", "SELECT count(*) FROM Users") == "150");
}

TEST_CASE(
    "D-7: a recovery whose newest backup is corrupt takes an older one, and asks before it does",
    "[integration][digitalme]") {
  Incident at;
  const std::string newer = at.me.PutBackup(-1);  // a day ahead of the other
  at.me.VerifyBackups();
  REQUIRE(Sql(newer, "DELETE FROM Users") == "");
  const bool killed = at.system.ArmKill("restore_after_rename");
  const std::string run = at.system.StartRun("recovery-failed", "digitalme");
  CHECK_THAT(at.system.Approve(run), Contains(at.backup));
  if (killed) at.system.SurviveKill();
  CHECK(at.system.EndOf(run) == "SUCCEEDED");
  CHECK(at.me.Users() == "200");
}

TEST_CASE("D-7: without any good backup people are asked at once, and nothing is touched",
          "[integration][digitalme]") {
  Incident at;
  REQUIRE(Sql(at.backup, "DELETE FROM Users") == "");
  const Picture before = at.me.Look();
  const std::string run = at.system.StartRun("recovery-failed", "digitalme");
  CHECK(at.system.EndOf(run) == "WAITING");
  CHECK_THAT(at.system.Recourse({"show", run}).out,
             Contains("could not be recovered") && Contains("there is not a good backup"));
  CHECK(Difference(before, at.me.Look()) == "");
  // What they start next waits for this run's lock, so that it ends with their answers.
  CHECK(at.system.Recourse({"--as", "dba", "answer", run, "taken"}).code == 0);
  CHECK(at.system.Recourse({"--as", "dba", "answer", run, "way", "--reason", "salvage"}).code == 0);
  CHECK(at.system.EndOf(run) == "FAILED");
  CHECK_THAT(at.system.TimelineOf(run), Contains("what is done: salvage"));
}

TEST_CASE(
    "D-7: a newest backup that the server may not read is given back after an approval, once also "
    "when the server dies in that, and taken; else an older one is",
    "[integration][digitalme]") {
  if (geteuid() != 0) {
    WARN("the owner of a file can be set by root only; not tried");
    return;
  }
  Incident at({.user = "root"});
  const std::string newer = at.me.PutBackup(-1);
  at.me.VerifyBackups();
  REQUIRE(chmod(newer.c_str(), 0) == 0);
  // Root, too, may then read no more than the modes of files say.
  at.system.server_starter = {"/usr/bin/setpriv", "--bounding-set=-dac_override,-dac_read_search"};
  at.system.RestartServer();
  const Picture before = at.me.Look();
  const std::string refused = at.system.StartRun("recovery-failed", "digitalme");
  CHECK_THAT(at.system.Reject(refused), Contains("may not read") && Contains(newer));
  CHECK(at.system.StandsAt(refused) == "recover/confirm");
  CHECK_THAT(at.system.Reject(refused), Contains(at.backup));
  CHECK(at.system.EndOf(refused) == "FAILED");
  CHECK(Difference(before, at.me.Look()) == "");

  const bool killed = at.system.ArmKill("permissions_after_mode");
  const std::string run = at.system.StartRun("recovery-failed", "digitalme");
  at.system.Approve(run);
  if (killed) at.system.SurviveKill();
  CHECK(at.system.StandsAt(run) == "recover/confirm");
  CHECK_THAT(at.system.Approve(run), Contains(newer));
  CHECK(at.system.EndOf(run) == "SUCCEEDED");
  CHECK(at.me.Users() == "201");
  CHECK(at.me.HealthByProxy() == 200);
}

TEST_CASE(
    "D-7: a recovery that fails once all is stopped starts all again, also when the server dies in "
    "that, and people are asked",
    "[integration][digitalme]") {
  Incident at;
  const Picture before = at.me.Look();
  // What has this name lets nothing be set aside: it shows once everything is stopped.
  const std::string obstacle = at.me.database + ".quarantine";
  REQUIRE(WriteFileAtomically(obstacle, "in the way", 0640));
  const bool killed = at.system.ArmKill("before_compensate");
  const std::string run = at.system.StartRun("recovery-failed", "digitalme");
  at.system.Approve(run);
  if (killed) at.system.SurviveKill();
  CHECK(at.system.StandsAt(run) == "escalate");
  CHECK_THAT(at.system.TimelineOf(run), Contains("recover/stop"));
  CHECK(Difference(before, at.me.Look()) == "");
  Eventually("it answers again", [&at] { return at.me.HealthByProxy() == 200; });
}

TEST_CASE(
    "D-7: a recovery on which the application does not come up can be put back, also when the "
    "server dies in that",
    "[integration][digitalme]") {
  Incident at;
  at.me.WriteTarget("", "500ms");
  const Picture before = at.me.Look();
  const bool killed = at.system.ArmKill("restore_undo_before_put_back");
  const std::string run = at.system.StartRun("recovery-failed", "digitalme");
  {
    const PortThief thief(at.me.port());
    at.system.Approve(run);
    CHECK(at.system.EndOf(run) == "NEEDS_ATTENTION");
    CHECK(at.me.Users() == "200");
  }
  at.system.Recourse({"rollback", run, "--reason", "as it was"});
  if (killed) at.system.SurviveKill();
  CHECK(at.system.EndOf(run) == "ROLLED_BACK");
  CHECK(Difference(before, at.me.Look()) == "");
  Eventually("it answers again", [&at] { return at.me.HealthByProxy() == 200; });
}

TEST_CASE(
    "D-7: a recovery that has no room deletes what an approval has named, also when the server "
    "dies "
    "in that, and is made",
    "[integration][digitalme]") {
  System system;
  // One disk for the database and its backups: to delete these helps.
  std::filesystem::create_directories(system / "digitalme");
  if (!MountSmallDisk(system / "digitalme", "size=10m,mode=0755")) {
    WARN("no file system can be mounted here");
    return;
  }
  {
    const DigitalMe me(system);
    REQUIRE(Sql(me.database, "UPDATE Users SET name = printf('%04000d', id)") == "");
    system.StartServer();
    system.StartServices("digitalme");
    for (const int days : {1, 2, 3, 40, 41, 42, 43}) me.PutBackup(days);
    me.VerifyBackups();
    REQUIRE(Sql(me.database, "INSERT INTO Users VALUES (1000, 'late')") == "");
    // The rest of it is somebody else's.
    RunIn(system.folder / "",
          {"/bin/dd", "if=/dev/zero", "bs=4096", "of=" + me.directory + "/other"});
    const Picture before = me.Look();
    const std::string refused = system.StartRun("recovery-failed", "digitalme");
    CHECK_THAT(system.Reject(refused), Contains("7 backups") && Contains("cannot be brought back"));
    CHECK(system.StandsAt(refused) == "escalate");
    CHECK(Difference(before, me.Look()) == "");
    CHECK(system.Recourse({"cancel", refused, "--reason", "it may go"}).code == 0);

    const bool killed = system.ArmKill("prune_after_file");
    const std::string run = system.StartRun("recovery-failed", "digitalme");
    system.Approve(run);
    if (killed) system.SurviveKill();
    CHECK(system.StandsAt(run) == "recover/confirm");
    CHECK(me.BackupNames().size() == 3);
    system.Approve(run);
    CHECK(system.EndOf(run) == "SUCCEEDED");
    CHECK(me.Users() == "200");
    CHECK(me.HealthByProxy() == 200);
    system.StopServices("digitalme");
  }
  system.StopServer();
  REQUIRE(umount2((system / "digitalme").c_str(), MNT_DETACH) == 0);
}

}  // namespace recourse::integration
