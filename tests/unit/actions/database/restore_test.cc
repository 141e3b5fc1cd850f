#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "actions/database/manifest.h"
#include "tests/unit/actions/database/database_world.h"

namespace recourse {
namespace {

using testing::AddRows;
using testing::DatabaseWorld;
using testing::MakeDatabase;
using testing::MessageOf;
using testing::ReadAll;
using testing::RowsIn;
using testing::Sql;

// A database in WAL mode whose process was killed: 500 rows are in the log alone.
void MakeCrashed(const DatabaseWorld& world) {
  MakeDatabase(world.database(), 1000, "wal");
  const Sql application(world.database());
  AddRows(application, 500);
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::copy_file(world.database() + suffix, world.Path("crashed.db") + suffix);
  }
}
void PutCrashed(const DatabaseWorld& world) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::rename(world.Path("crashed.db") + suffix, world.database() + suffix);
  }
}

TEST_CASE(
    "a log left beside a restored file undoes the restore while SQLite says ok; ours is immune",
    "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 100, "wal");
  const std::string backup = world.MakeBackup();
  {
    // All that has happened since is in the log: another schema, other rows.
    const Sql application(world.database());
    application.Run("PRAGMA wal_autocheckpoint = 0; DROP TABLE metrics; DROP TABLE files; VACUUM");
    application.Run("CREATE TABLE metrics(id INTEGER PRIMARY KEY, component TEXT, value REAL)");
    AddRows(application, 7);
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::copy_file(world.database() + suffix, world.Path("crashed.db") + suffix);
    }
  }
  PutCrashed(world);
  SECTION("by copying, as a runbook says") {
    std::filesystem::copy_file(backup, world.database(),
                               std::filesystem::copy_options::overwrite_existing);
    const Outcome checked = world.Check();
    REQUIRE_FALSE(checked);
    CHECK(checked.failure().error.code == Code::kDataLoss);
    CHECK(RowsIn(world.database()) == 7);
    CHECK(Sql(world.database()).Text("PRAGMA integrity_check") == "ok");
  }
  SECTION("by database.restore") {
    const Outcome restored = world.Do("database.restore", world.WithBackup(backup));
    INFO(MessageOf(restored));
    REQUIRE(restored);
    CHECK(RowsIn(world.database()) == 100);
    CHECK(world.Check());
  }
}

TEST_CASE("a restore puts the backup in place and keeps the old files as a set",
          "[actions][database]") {
  DatabaseWorld world;
  MakeCrashed(world);
  const std::string backup = world.MakeBackup();
  PutCrashed(world);
  const std::string old = ReadAll(world.database());
  const std::string old_log = ReadAll(world.database() + "-wal");
  const Value inputs =
      world.WithBackup(backup).With("database", world.DatabaseValue().With("mode", "0640"));
  world.key = "R-9/restore/1";

  const Outcome restored = world.Do("database.restore", inputs);
  INFO(MessageOf(restored));
  REQUIRE(restored);
  const Value& output = restored.output();
  CHECK(output["tables"]["metrics"] == Value(1500));
  CHECK(output["journal_mode"] == Value("wal"));
  CHECK(output["quarantine"] == Value(world.database() + ".quarantine/R-9.restore.1"));
  const std::string quarantine = output["quarantine"].as_string();
  CHECK(ReadAll(quarantine + "/health.db") == old);
  CHECK(ReadAll(quarantine + "/health.db-wal") == old_log);
  for (const char* suffix : {"-wal", "-shm", "-journal"}) {
    CHECK_FALSE(std::filesystem::exists(world.database() + suffix));
  }
  struct stat info;
  REQUIRE(stat(world.database().c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0640);

  const Action& restore = world.Find("database.restore");
  const Verification verified = restore.Verify(world.MakeContext(inputs, world.undo), output);
  INFO(verified.message);
  CHECK(verified.verdict == Verification::Verdict::kPassed);
  const ProbeAnswer probed = restore.Probe(world.MakeContext(inputs, world.undo));
  CHECK(probed.verdict == ProbeAnswer::Verdict::kApplied);
  CHECK(probed.output == output);

  const Sql sql(world.database());
  CHECK(sql.Text("PRAGMA journal_mode") == "wal");
  CHECK(sql.Number("SELECT count(*) FROM metrics") == 1500);
}

TEST_CASE("compensation puts the old files back byte for byte, and keeps what was written since",
          "[actions][database]") {
  DatabaseWorld world;
  MakeCrashed(world);
  const std::string backup = world.MakeBackup();
  PutCrashed(world);
  const std::string old[] = {ReadAll(world.database()), ReadAll(world.database() + "-wal"),
                             ReadAll(world.database() + "-shm")};
  const Value inputs = world.WithBackup(backup);
  const Outcome restored = world.Do("database.restore", inputs);
  REQUIRE(restored);
  AddRows(Sql(world.database()), 3);
  const std::string written_since = ReadAll(world.database());

  const Action& restore = world.Find("database.restore");
  for (int time = 0; time < 2; ++time) {
    const Outcome back =
        restore.Compensate(world.MakeContext(inputs, world.undo), restored.output());
    INFO(MessageOf(back));
    REQUIRE(back);
    CHECK(ReadAll(world.database()) == old[0]);
    CHECK(ReadAll(world.database() + "-wal") == old[1]);
    CHECK(ReadAll(world.database() + "-shm") == old[2]);
    const std::string undone = restored.output()["quarantine"].as_string() + "/undone/health.db";
    CHECK(ReadAll(undone) == written_since);
  }
  CHECK(RowsIn(world.database()) == 1500);
}

TEST_CASE("a database that is not there is restored, and its restore undone",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 10);
  const std::string backup = world.MakeBackup();
  std::filesystem::remove(world.database());
  const Value inputs = world.WithBackup(backup);
  const Outcome restored = world.Do("database.restore", inputs);
  INFO(MessageOf(restored));
  REQUIRE(restored);
  CHECK(RowsIn(world.database()) == 10);
  const Action& restore = world.Find("database.restore");
  REQUIRE(restore.Compensate(world.MakeContext(inputs, world.undo), restored.output()));
  CHECK_FALSE(std::filesystem::exists(world.database()));
}

TEST_CASE("a database that is missing comes back with the backup's owner and mode",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 10);
  const std::string backup = world.MakeBackup();
  REQUIRE(chmod(backup.c_str(), 0600) == 0);
  const bool root = geteuid() == 0;
  if (root) REQUIRE(chown(backup.c_str(), 65534, 65534) == 0);
  std::filesystem::remove(world.database());
  REQUIRE(world.Do("database.restore", world.WithBackup(backup)));
  struct stat info;
  REQUIRE(stat(world.database().c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  CHECK(info.st_uid == (root ? 65534 : geteuid()));
  CHECK(info.st_gid == (root ? 65534 : getegid()));
}

TEST_CASE("an owner that cannot be is found by the rehearsal and the plan, before anything stops",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 10);
  const std::string backup = world.MakeBackup();
  const auto with = [&](const char* key, const std::string& value) {
    return world.WithBackup(backup).With("database", world.DatabaseValue().With(key, value));
  };
  for (const char* key : {"owner", "group", "mode"}) {
    INFO(key);
    const Value inputs = with(key, "nobody-of-that-name");
    const Outcome rehearsed = world.Do("database.rehearse_restore", inputs);
    REQUIRE_FALSE(rehearsed);
    CHECK(rehearsed.failure().error.code == Code::kInvalidArgument);
    CHECK_THAT(rehearsed.failure().error.message, Catch::Contains("database." + std::string(key)));
    CHECK_FALSE(world.Find("database.restore").Plan(world.MakeContext(inputs)));
  }
  // A number is as good as a name, as for file.permissions.
  CHECK(world.Do("database.restore", with("owner", std::to_string(geteuid()))));
}

TEST_CASE("what is not a verified backup is neither rehearsed nor restored",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 1000);
  const std::string backup = world.MakeBackup();
  const auto refused = [&world, &backup](Code code) {
    const auto before = world.Snapshot();
    for (const char* action : {"database.rehearse_restore", "database.restore"}) {
      INFO(action);
      const Outcome outcome = world.Do(action, world.WithBackup(backup));
      REQUIRE_FALSE(outcome);
      CHECK(outcome.failure().error.code == code);
      CHECK(world.Snapshot() == before);
    }
  };
  SECTION("a byte of it has changed") {
    testing::Overwrite(backup, 9000, "\x01\x02\x03");
    refused(Code::kDataLoss);
  }
  SECTION("it has no manifest") {
    std::filesystem::remove(database::ManifestPath(backup));
    refused(Code::kFailedPrecondition);
  }
  SECTION("it is suspect") {
    auto manifest = database::ReadManifest(backup);
    REQUIRE(manifest);
    manifest->suspect = true;
    REQUIRE(database::WriteManifest(backup, *manifest));
    refused(Code::kFailedPrecondition);
  }
  SECTION("it does not exist") {
    std::filesystem::remove(backup);
    refused(Code::kNotFound);
  }
}

TEST_CASE("a rehearsal proves the backup and leaves nothing", "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 1000, "wal");
  const std::string backup = world.MakeBackup();
  const auto before = world.Snapshot();
  const Outcome rehearsed = world.Do("database.rehearse_restore", world.WithBackup(backup));
  INFO(MessageOf(rehearsed));
  REQUIRE(rehearsed);
  CHECK(rehearsed.output()["tables"]["metrics"] == Value(1000));
  CHECK(world.Snapshot() == before);

  // A backup that fits its checksum, but whose manifest promises other rows.
  auto manifest = database::ReadManifest(backup);
  REQUIRE(manifest);
  manifest->content.tables["metrics"] = 1001;
  REQUIRE(database::WriteManifest(backup, *manifest));
  const Outcome differs = world.Do("database.rehearse_restore", world.WithBackup(backup));
  REQUIRE_FALSE(differs);
  CHECK(differs.failure().error.code == Code::kDataLoss);
  CHECK_THAT(differs.failure().error.message, Catch::Contains("1000 instead of 1001"));
}

TEST_CASE("files that changed after the preparation stop the restore", "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 100);
  const std::string backup = world.MakeBackup();
  const Action& restore = world.Find("database.restore");
  const Value inputs = world.WithBackup(backup);
  const Outcome prepared = restore.Prepare(world.MakeContext(inputs));
  REQUIRE(prepared);
  AddRows(Sql(world.database()), 1);
  const auto before = world.Snapshot();
  const Outcome refused = restore.Apply(world.MakeContext(inputs, prepared.output()));
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kAborted);
  CHECK(refused.failure().left == LeftBehind::kNothing);
  CHECK(world.Snapshot() == before);
}

TEST_CASE("a restore that cannot finish puts the old files back by itself", "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 100);
  const std::string backup = world.MakeBackup();
  const std::string old = ReadAll(world.database());
  const Action& restore = world.Find("database.restore");
  const Value inputs = world.WithBackup(backup);
  const Outcome prepared = restore.Prepare(world.MakeContext(inputs));
  REQUIRE(prepared);
  Context context = world.MakeContext(inputs, prepared.output());
  // A file of its own appears beside the database at the last moment, as of a service that is back.
  context.log = [&world](std::string_view line) {
    if (line.starts_with("moving")) world.Write("health.db-wal", "of somebody else");
  };
  const Outcome refused = restore.Apply(context);
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kAborted);
  CHECK(refused.failure().left == LeftBehind::kNothing);
  CHECK(ReadAll(world.database()) == old);
  CHECK_FALSE(std::filesystem::exists(world.database() + "-wal"));
  CHECK(restore.Probe(world.MakeContext(inputs, prepared.output())).verdict ==
        ProbeAnswer::Verdict::kNotApplied);
}

TEST_CASE("a restore that finds the database in use at the last moment moves none of its files",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 100, "wal");
  const std::string backup = world.MakeBackup();
  const Action& restore = world.Find("database.restore");
  const Value inputs = world.WithBackup(backup);
  // This attempt was undone once before: what stands there and is not of the old set would be taken
  // for its own.
  std::filesystem::create_directories(world.database() + ".quarantine/R-1.step.1/undone");
  const Outcome prepared = restore.Prepare(world.MakeContext(inputs));
  REQUIRE(prepared);
  Context context = world.MakeContext(inputs, prepared.output());
  std::optional<Sql> service;
  context.progress = [&](std::int64_t, std::int64_t, std::string_view what) {
    if (what != "bytes copied" || service) return;
    service.emplace(world.database());
    AddRows(*service, 1);
  };
  const Outcome refused = restore.Apply(context);
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kAborted);
  CHECK(refused.failure().left == LeftBehind::kNothing);
  CHECK(std::filesystem::exists(world.database() + "-wal"));
  CHECK(service->Number("SELECT count(*) FROM metrics") == 101);
  service.reset();
  CHECK(RowsIn(world.database()) == 101);
}

TEST_CASE("the plan says what is lost, in times and rows, and changes nothing",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 100, "wal");
  const std::string backup = world.MakeBackup();
  AddRows(Sql(world.database()), 23);
  const auto before = world.Snapshot();
  const auto plan =
      world.Find("database.restore").Plan(world.MakeContext(world.WithBackup(backup)));
  REQUIRE(plan);
  CHECK(world.Snapshot() == before);
  CHECK(plan->bytes_needed == static_cast<std::int64_t>(ReadAll(backup).size()));
  REQUIRE(plan->irreversible.size() == 1);
  CHECK_THAT(plan->irreversible[0],
             Catch::Contains("about 23 rows (metrics 23)") && Catch::Contains("2026-09-21T"));
}

TEST_CASE("a set is preserved whole, once for its key", "[actions][database]") {
  DatabaseWorld world;
  MakeCrashed(world);
  PutCrashed(world);
  world.key = "R-5/preserve/1";
  const Value inputs = Value::Object({{"database", world.DatabaseValue()}});
  const Outcome preserved = world.Do("database.preserve", inputs);
  INFO(MessageOf(preserved));
  REQUIRE(preserved);
  const std::string directory = preserved.output()["directory"].as_string();
  CHECK(directory == world.database() + ".quarantine/R-5.preserve.1");
  CHECK(preserved.output()["files"].as_list().size() == 3);
  for (const char* suffix : {"", "-wal", "-shm"}) {
    CHECK(ReadAll(directory + "/health.db" + suffix) == ReadAll(world.database() + suffix));
  }
  const auto before = world.Snapshot();
  const Outcome again = world.Do("database.preserve", inputs);
  REQUIRE(again);
  CHECK(again.output() == preserved.output());
  CHECK(world.Snapshot() == before);

  testing::Overwrite(directory + "/health.db-wal", 50, "x");
  const Outcome changed = world.Do("database.preserve", inputs);
  REQUIRE_FALSE(changed);
  CHECK(changed.failure().error.code == Code::kDataLoss);
}

TEST_CASE("there is nothing to preserve where there is no file", "[actions][database]") {
  DatabaseWorld world;
  const Outcome preserved =
      world.Do("database.preserve", Value::Object({{"database", world.DatabaseValue()}}));
  REQUIRE_FALSE(preserved);
  CHECK(preserved.failure().error.code == Code::kNotFound);
}

}  // namespace
}  // namespace recourse
