// Where others may write, a symbolic link can stand at any name that is known before. Nothing is
// written, moved or removed through one.
#include "tests/unit/actions/database/database_world.h"

namespace recourse {
namespace {

using testing::DatabaseWorld;
using testing::MakeDatabase;
using testing::MessageOf;
namespace fs = std::filesystem;

// What somebody else has, and links are planted to.
class LinksWorld : public DatabaseWorld {
 public:
  LinksWorld() {
    MakeDatabase(database(), 10, "wal");
    fs::create_directories(Path("precious/undone"));
    Write("precious/file", "precious");
    Write("precious/undone/file", "precious");
    // One that looks like an entry of the trash, past any time of grace.
    fs::create_directories(Path("precious/entry"));
    Write("precious/entry/trash.json", R"({"at": "2020-01-01T00:00:00Z", "key": "R-1/x/1"})");
    before_ = Precious();
  }

  void Plant(const std::string& name, const std::string& target) const {
    fs::create_directories(fs::path(Path(name)).parent_path());
    fs::create_symlink(Path(target), Path(name));
  }
  bool Untouched() const { return Precious() == before_; }

 private:
  std::map<std::string, std::string> Precious() const {
    std::map<std::string, std::string> files;
    for (const auto& [path, bytes] : Snapshot()) {
      if (path.find("/precious") != std::string::npos) files[path] = bytes;
    }
    return files;
  }

  std::map<std::string, std::string> before_;
};

void RefusedAsLink(const Outcome& outcome) {
  REQUIRE_FALSE(outcome);
  INFO(MessageOf(outcome));
  CHECK(outcome.failure().error.code == Code::kFailedPrecondition);
  CHECK_THAT(outcome.failure().error.message, Catch::Contains("is a symbolic link"));
  CHECK(outcome.failure().left == LeftBehind::kNothing);
}

TEST_CASE("a backup writes through no link", "[actions][database]") {
  LinksWorld world;
  world.MakeBackup();
  world.key = "R-2/backup/1";
  SECTION("in the place of the trash") {
    world.Plant("backups/.trash", "precious");
    RefusedAsLink(world.Backup());
  }
  SECTION("in the place of its entry in the trash") {
    world.Plant("backups/.trash/R-2.backup.1", "precious");
    RefusedAsLink(world.Backup());
  }
  for (const std::string name : {".backup-R-2.backup.1.tmp", ".backup-R-2.backup.1.tmp-journal",
                                 "health_20260921.db", "health_20260921.db.manifest.json"}) {
    SECTION("in the place of " + name) {
      fs::remove(world.Path("backups/" + name));
      world.Plant("backups/" + name, "precious/file");
      const Outcome made = world.Backup();
      INFO(MessageOf(made));
      CHECK(made);
      CHECK_FALSE(fs::is_symlink(world.Path("backups/" + name)));
    }
  }
  CHECK(world.Untouched());
}

TEST_CASE("what is pruned goes through no link", "[actions][database]") {
  LinksWorld world;
  world.MakeBackup();
  const Value inputs = Value::Object({{"backups", world.BackupsValue()}, {"grace", "1s"}});
  world.Plant("backups/.trash", "precious");
  RefusedAsLink(world.Do("backup.prune", inputs));
  CHECK(world.Untouched());
}

TEST_CASE("a restore and what it keeps go through no link", "[actions][database]") {
  LinksWorld world;
  const std::string backup = world.MakeBackup();
  const auto restore = [&] { return world.Do("database.restore", world.WithBackup(backup)); };
  const std::string before = testing::ReadAll(world.database());
  world.key = "R-2/restore/1";
  for (const char* name : {"health.db.quarantine", "health.db.quarantine/R-2.restore.1"}) {
    SECTION(std::string("in the place of ") + name) {
      world.Plant(name, "precious");
      RefusedAsLink(restore());
      CHECK(testing::ReadAll(world.database()) == before);
    }
  }
  SECTION("in the place of the new file") {
    world.Plant("health.db.restore-R-2.restore.1.tmp", "precious/file");
    CHECK(restore());
    CHECK_FALSE(fs::is_symlink(world.database()));
  }
  SECTION("in the place of a sidecar") {
    world.Plant("health.db-journal", "precious/file");
    const Outcome refused = restore();
    REQUIRE_FALSE(refused);
    CHECK(refused.failure().error.code == Code::kFailedPrecondition);
    CHECK(testing::ReadAll(world.database()) == before);
  }
  SECTION("put there when the old files are put back") {
    REQUIRE(restore());
    const std::string quarantine = world.Path("health.db.quarantine/R-2.restore.1");
    fs::rename(quarantine, quarantine + ".away");
    fs::create_symlink(quarantine + ".away", quarantine);
    const Outcome back =
        world.Find("database.restore")
            .Compensate(world.MakeContext(world.WithBackup(backup), world.undo), {});
    REQUIRE_FALSE(back);
    CHECK(back.failure().error.code == Code::kFailedPrecondition);
    CHECK(back.failure().left == LeftBehind::kPartial);
  }
  CHECK(world.Untouched());
}

TEST_CASE("what is preserved or rehearsed goes through no link", "[actions][database]") {
  LinksWorld world;
  const std::string backup = world.MakeBackup();
  const Value inputs = Value::Object({{"database", world.DatabaseValue()}});
  world.key = "R-2/preserve/1";
  for (const char* name : {"health.db.quarantine", "health.db.quarantine/R-2.preserve.1"}) {
    SECTION(std::string("in the place of ") + name) {
      world.Plant(name, "precious");
      RefusedAsLink(world.Do("database.preserve", inputs));
    }
  }
  SECTION("in the place of the unfinished set") {
    world.Plant("health.db.quarantine/.R-2.preserve.1.tmp", "precious");
    CHECK(world.Do("database.preserve", inputs));
  }
  SECTION("in the place of the scratch directory") {
    world.Plant(".rehearsal-R-2.preserve.1", "precious");
    CHECK(world.Do("database.rehearse_restore", world.WithBackup(backup)));
  }
  CHECK(world.Untouched());
}

TEST_CASE("a directory of backups may itself be reached by a link", "[actions][database]") {
  LinksWorld world;
  fs::rename(world.Path("backups"), world.Path("elsewhere"));
  world.Plant("backups", "elsewhere");
  const Outcome made = world.Backup();
  INFO(MessageOf(made));
  REQUIRE(made);
  CHECK(made.output()["path"] == Value(world.Path("elsewhere/health_20260921.db")));
}

}  // namespace
}  // namespace recourse
