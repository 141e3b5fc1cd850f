#include "actions/database/manifest.h"
#include "engine/base/digest.h"
#include "tests/unit/actions/database/database_world.h"

namespace recourse {
namespace {

using testing::AddRows;
using testing::DatabaseWorld;
using testing::kRows;
using testing::MakeDatabase;
using testing::MessageOf;
using testing::ReadAll;
using testing::RowsIn;
using testing::Sql;

TEST_CASE("a copy of the file of a live database loses rows, and a backup does not",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 1000, "wal");
  const Sql application(world.database());
  AddRows(application, 500);

  std::filesystem::copy_file(world.database(), world.Path("copied.db"));
  CHECK(RowsIn(world.Path("copied.db")) == 1000);
  CHECK(Sql(world.Path("copied.db")).Text("PRAGMA integrity_check") == "ok");

  const Outcome made = world.Backup();
  INFO(MessageOf(made));
  REQUIRE(made);
  const std::string path = made.output()["path"].as_string();
  CHECK(path == world.Path("backups/health_20260921.db"));
  CHECK(made.output()["tables"]["metrics"] == Value(1500));
  CHECK(RowsIn(path) == 1500);
  CHECK(made.output()["method"] == Value("backup_api"));
}

TEST_CASE("a backup has a manifest that says what it is, and is one file", "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 1000, "wal");
  world.key = "R-7/backup/1";
  const std::string path = world.MakeBackup();
  const auto manifest = database::ReadManifest(path);
  REQUIRE(manifest);
  CHECK(manifest->sha256 == ToHex(Sha256Of(ReadAll(path))));
  CHECK(manifest->size == static_cast<std::int64_t>(ReadAll(path).size()));
  CHECK(manifest->content.tables.at("metrics") == 1000);
  CHECK(manifest->content.user_version == 3);
  CHECK(manifest->content.application_id == 77);
  CHECK(manifest->key == "R-7/backup/1");
  CHECK(manifest->source == world.database());
  CHECK(manifest->journal_mode == "wal");
  CHECK(manifest->verified_at);
  CHECK_FALSE(manifest->suspect);
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(world.Path("backups"))) {
    ++files;
    INFO(file.path());
    CHECK((file.path() == path || file.path() == database::ManifestPath(path)));
  }
  CHECK(files == 2);
}

TEST_CASE("a second backup of the day takes the first one's place only when it is good",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database());
  world.key = "R-1/backup/1";
  const std::string path = world.MakeBackup();
  const std::string first = ReadAll(path);

  SECTION("a good one does, and the first stays in the trash") {
    AddRows(Sql(world.database()), 5);
    world.key = "R-2/backup/1";
    const Outcome second = world.Backup();
    REQUIRE(second);
    CHECK(second.output()["replaced"] == Value(true));
    CHECK(second.output()["path"] == Value(path));
    CHECK(RowsIn(path) == kRows + 5);
    CHECK(ReadAll(world.Path("backups/.trash/R-2.backup.1/health_20260921.db")) == first);

    // Compensation gives the name back to the first, with its manifest, also when it is repeated.
    const Action& backup = world.Find("database.backup");
    const Value inputs =
        Value::Object({{"database", world.DatabaseValue()}, {"backups", world.BackupsValue()}});
    for (int time = 0; time < 2; ++time) {
      REQUIRE(backup.Compensate(world.MakeContext(inputs), second.output()));
      CHECK(ReadAll(path) == first);
      CHECK(database::ReadManifest(path)->key == "R-1/backup/1");
    }
  }
  SECTION("one of a damaged database does not: it is kept as suspect") {
    testing::ZeroPage(world.database(),
                      testing::PageOffset(world.database(), "metrics_component", "leaf", 5));
    world.key = "R-2/backup/1";
    const Outcome second = world.Backup();
    REQUIRE_FALSE(second);
    CHECK(second.failure().error.code == Code::kDataLoss);
    CHECK(second.failure().left == LeftBehind::kNothing);
    CHECK_FALSE(second.failure().evidence["findings"].as_list().empty());
    CHECK(ReadAll(path) == first);
    const std::string suspect = world.Path("backups/health_20260921.suspect.db");
    CHECK(std::filesystem::exists(suspect));
    CHECK(database::ReadManifest(suspect)->suspect);
  }
}

TEST_CASE("a second suspect backup of the day leaves the first one in the trash",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database());
  testing::ZeroPage(world.database(),
                    testing::PageOffset(world.database(), "metrics_component", "leaf", 5));
  const std::string suspect = world.Path("backups/health_20260921.suspect.db");
  world.key = "R-1/backup/1";
  REQUIRE_FALSE(world.Backup());
  const std::string first = ReadAll(suspect);
  Sql(world.database()).Run("DELETE FROM files");
  world.key = "R-2/backup/1";
  REQUIRE_FALSE(world.Backup());
  CHECK(ReadAll(suspect) != first);
  const std::string kept = world.Path("backups/.trash/R-2.backup.1/health_20260921.suspect.db");
  CHECK(ReadAll(kept) == first);
  CHECK(database::ReadManifest(kept)->key == "R-1/backup/1");
}

TEST_CASE("no damage of the source gets into a backup that counts as good", "[actions][database]") {
  for (const testing::Damage& damage : testing::Damages()) {
    INFO(damage.name);
    DatabaseWorld world;
    MakeDatabase(world.database());
    damage.inflict(world.database());
    const Outcome made = world.Backup();
    REQUIRE_FALSE(made);
    INFO(MessageOf(made));
    CHECK(made.failure().error.code == Code::kDataLoss);
    CHECK_FALSE(std::filesystem::exists(world.Path("backups/health_20260921.db")));
  }
}

TEST_CASE("writers that keep making the copy start over are kept waiting by VACUUM INTO",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 60'000);
  const Sql writer(world.database());
  const Value inputs =
      Value::Object({{"database", world.DatabaseValue()}, {"backups", world.BackupsValue()}});
  Context context = world.MakeContext(inputs);
  int writes = 0;
  context.progress = [&](std::int64_t, std::int64_t, std::string_view what) {
    if (what != "pages copied") return;
    writer.Run("INSERT INTO metrics(component) VALUES('written meanwhile')");
    ++writes;
  };
  const Outcome made = world.Find("database.backup").Apply(context);
  INFO(MessageOf(made));
  REQUIRE(made);
  CHECK(writes > 1);
  CHECK(made.output()["method"] == Value("vacuum_into"));
  CHECK(made.output()["tables"]["metrics"] == Value(60'000 + writes));
}

TEST_CASE("a probe finds a backup by its key", "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 100);
  const Action& backup = world.Find("database.backup");
  const Value inputs =
      Value::Object({{"database", world.DatabaseValue()}, {"backups", world.BackupsValue()}});
  using Verdict = ProbeAnswer::Verdict;
  CHECK(backup.Probe(world.MakeContext(inputs)).verdict == Verdict::kNotApplied);
  const Outcome made = world.Backup();
  REQUIRE(made);
  const ProbeAnswer applied = backup.Probe(world.MakeContext(inputs));
  CHECK(applied.verdict == Verdict::kApplied);
  CHECK(applied.output == made.output());

  // Half way between the manifest's rename and the file's.
  const std::string path = made.output()["path"].as_string();
  std::filesystem::remove(path);
  CHECK(backup.Probe(world.MakeContext(inputs)).verdict == Verdict::kPartial);
  REQUIRE(backup.Compensate(world.MakeContext(inputs), {}));
  CHECK_FALSE(std::filesystem::exists(database::ManifestPath(path)));
  CHECK(backup.Probe(world.MakeContext(inputs)).verdict == Verdict::kNotApplied);

  world.key = "R-1/step/2";
  CHECK(backup.Probe(world.MakeContext(inputs)).verdict == Verdict::kNotApplied);
}

TEST_CASE("a manifest that names another file than its own moves nothing", "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 100);
  const Action& backup = world.Find("database.backup");
  const Value inputs =
      Value::Object({{"database", world.DatabaseValue()}, {"backups", world.BackupsValue()}});
  const std::string path = world.MakeBackup();
  auto manifest = database::ReadManifest(path);
  REQUIRE(manifest);
  manifest->name = "../health.db";
  REQUIRE(database::WriteManifest(path, *manifest));
  const auto before = world.Snapshot();
  CHECK(backup.Probe(world.MakeContext(inputs)).verdict == ProbeAnswer::Verdict::kNotApplied);
  CHECK(backup.Compensate(world.MakeContext(inputs), {}));
  CHECK(world.Snapshot() == before);
}

TEST_CASE("a backup needs its directory, a name for each day, and a policy that allows both",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 10);
  const auto backup = [&world](const Value& backups) {
    const Outcome made =
        world.Do("database.backup",
                 Value::Object({{"database", world.DatabaseValue()}, {"backups", backups}}));
    REQUIRE_FALSE(made);
    return made.failure().error;
  };
  const Value good = world.BackupsValue();
  CHECK(backup(good.With("directory", world.Path("none"))).code == Code::kNotFound);
  for (const char* pattern : {"health.db", "health_%Y.db", "%Y/%m/%d.db", ".health_%Y%m%d.db"}) {
    INFO(pattern);
    CHECK(backup(good.With("pattern", pattern)).code == Code::kInvalidArgument);
  }
  world.policy.allowed_roots = {world.Path("backups")};
  CHECK(backup(good).code == Code::kPermissionDenied);
}

}  // namespace
}  // namespace recourse
