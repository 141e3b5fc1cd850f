#include "tests/unit/actions/database/faults.h"

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
  CHECK(ReadAll(path) == first);
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
    fs::rename(database::ManifestPath(path),
               database::ManifestPath(entry + "/health_20260921.db"));
  }
  const Action& backup = world.Find("database.backup");
  const Value inputs =
      Value::Object({{"database", world.DatabaseValue()}, {"backups", world.BackupsValue()}});
  CHECK(backup.Probe(world.MakeContext(inputs)).verdict == ProbeAnswer::Verdict::kPartial);
  REQUIRE(backup.Compensate(world.MakeContext(inputs), {}));
  CHECK(ReadAll(path) == first);
  CHECK(database::ReadManifest(path)->key == "R-1/backup/1");
  CHECK(backup.Probe(world.MakeContext(inputs)).verdict == ProbeAnswer::Verdict::kNotApplied);
}

}  // namespace
}  // namespace recourse
