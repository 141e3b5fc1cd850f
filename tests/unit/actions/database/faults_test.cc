#include "tests/unit/actions/database/faults.h"

#include <sys/stat.h>

#include <cerrno>

#include "actions/database/manifest.h"
#include "tests/unit/actions/database/database_world.h"

namespace recourse {
namespace {

using testing::AddRows;
using testing::DatabaseWorld;
using testing::Faults;
using testing::MakeDatabase;
using testing::MessageOf;
using testing::ReadAll;
using testing::Sql;
namespace fs = std::filesystem;

TEST_CASE("a good backup keeps its name when its successor cannot get it, links or not",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 100);
  world.key = "R-1/backup/1";
  const std::string path = world.MakeBackup();
  const std::string first = ReadAll(path);
  AddRows(Sql(world.database()), 5);

  world.key = "R-2/backup/1";
  Faults faults;
  faults.link_error = EPERM;
  SECTION("because the disk is full when its manifest is written") {
    faults.full = database::ManifestPath(path);
  }
  SECTION("because the disk is full when it is moved") { faults.full = path; }
  const Outcome failed = world.Backup();
  REQUIRE_FALSE(failed);
  CHECK(failed.failure().error.code == Code::kResourceExhausted);
  CHECK(failed.failure().left == LeftBehind::kNothing);
  CHECK((ReadAll(path) == first));
  REQUIRE(database::ReadManifest(path));
  CHECK(database::ReadManifest(path)->key == "R-1/backup/1");
}

TEST_CASE("a backup that was moved to the trash and has no successor is found and put back",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 100);
  world.key = "R-1/backup/1";
  const std::string path = world.MakeBackup();
  const std::string first = ReadAll(path);

  // As a crash leaves it where there are neither links nor room for a copy.
  world.key = "R-2/backup/1";
  const std::string entry = world.Path("backups/.trash/R-2.backup.1");
  fs::create_directories(entry);
  fs::rename(path, entry + "/health_20260921.db");
  SECTION("before its manifest was moved") {}
  SECTION("after its manifest was moved") {
    fs::rename(database::ManifestPath(path), database::ManifestPath(entry + "/health_20260921.db"));
  }
  const Action& backup = world.Find("database.backup");
  const Value inputs =
      Value::Object({{"database", world.DatabaseValue()}, {"backups", world.BackupsValue()}});
  CHECK(backup.Probe(world.MakeContext(inputs)).verdict == ProbeAnswer::Verdict::kPartial);
  REQUIRE(backup.Compensate(world.MakeContext(inputs), {}));
  CHECK((ReadAll(path) == first));
  CHECK(database::ReadManifest(path)->key == "R-1/backup/1");
  CHECK(backup.Probe(world.MakeContext(inputs)).verdict == ProbeAnswer::Verdict::kNotApplied);
}

TEST_CASE("a bad sector is damage that is found, preserved and recovered from, not the end of it",
          "[actions][database]") {
  const std::string mode = GENERATE("delete", "wal");
  INFO(mode);
  DatabaseWorld world;
  MakeDatabase(world.database(), testing::kRows, mode);
  const std::string backup = world.MakeBackup();
  const std::string old = ReadAll(world.database());
  const std::int64_t bad = testing::PageOffset(world.database(), "metrics", "leaf", 20);
  struct stat before {};
  REQUIRE(stat(world.database().c_str(), &before) == 0);
  Value undo;
  const Value inputs = world.WithBackup(backup);
  const Action& restore = world.Find("database.restore");
  {
    Faults faults;
    faults.BreakSector(world.database(), bad);

    const Outcome checked = world.Check();
    REQUIRE_FALSE(checked);
    INFO(MessageOf(checked));
    CHECK(checked.failure().error.code == Code::kDataLoss);
    CHECK_FALSE(checked.failure().evidence["findings"].as_list().empty());

    world.key = "R-1/preserve/1";
    const Outcome preserved =
        world.Do("database.preserve", Value::Object({{"database", world.DatabaseValue()}}));
    INFO(MessageOf(preserved));
    REQUIRE(preserved);
    const Value file = preserved.output()["files"].as_list().at(0);
    CHECK(file["missing_bytes"] == Value(testing::kPage));
    std::string expected = old;
    expected.replace(static_cast<std::size_t>(bad), testing::kPage,
                     std::string(testing::kPage, '\0'));
    CHECK((ReadAll(preserved.output()["directory"].as_string() + "/health.db") == expected));

    world.key = "R-1/restore/1";
    const Outcome restored = world.Do("database.restore", inputs);
    INFO(MessageOf(restored));
    REQUIRE(restored);
    undo = world.undo;
    CHECK(world.Check());

    // The rollback knows the file, though it cannot be read.
    const Outcome back = restore.Compensate(world.MakeContext(inputs, undo), restored.output());
    INFO(MessageOf(back));
    REQUIRE(back);
  }
  struct stat after {};
  REQUIRE(stat(world.database().c_str(), &after) == 0);
  CHECK(after.st_ino == before.st_ino);
  CHECK((ReadAll(world.database()) == old));
}

TEST_CASE("a backup that the disk does not give back is unavailable, not an internal error",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), testing::kRows);
  const std::string backup = world.MakeBackup();
  Faults faults;
  faults.BreakSector(backup, 40 * testing::kPage);
  const Outcome refused = world.Do("database.restore", world.WithBackup(backup));
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kUnavailable);
  CHECK_THAT(refused.failure().error.message, Catch::Contains("does not give it back"));
}

}  // namespace
}  // namespace recourse
