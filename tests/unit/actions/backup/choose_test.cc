#include "tests/unit/actions/as_nobody.h"
#include "tests/unit/actions/backup/backup_world.h"

namespace recourse {
namespace {

using testing::BackupsWorld;
using testing::MessageOf;
namespace fs = std::filesystem;

// The name of the chosen backup, or the error's code.
std::string Choose(BackupsWorld& world, const std::string& which, const Value::List& exclude = {}) {
  const Outcome chosen =
      world.Do("backup.choose", world.WithBackups().With("which", which).With("exclude", exclude));
  if (!chosen) return std::string(ToString(chosen.failure().error.code));
  return chosen.output()["name"].as_string();
}

TEST_CASE("a backup is chosen as the newest, by name, or by time", "[actions][backup]") {
  BackupsWorld world;
  for (const int days : {1, 2, 5}) world.AddBackup(days);
  CHECK(Choose(world, "latest") == "health_20260920.db");
  CHECK(Choose(world, "health_20260916.db") == "health_20260916.db");
  CHECK(Choose(world, "before:2026-09-20T00:00:00Z") == "health_20260919.db");
  CHECK(Choose(world, "before:2026-01-01T00:00:00Z") == "NOT_FOUND");
  CHECK(Choose(world, "before:yesterday") == "INVALID_ARGUMENT");
  CHECK(Choose(world, "../health.db") == "INVALID_ARGUMENT");
  CHECK(Choose(world, "health_20250101.db") == "NOT_FOUND");
  CHECK(Choose(world, "latest", {"health_20260920.db"}) == "health_20260919.db");

  // A workflow asks for an older one by the time of the last, which must then not come again.
  const Outcome newest = world.Do("backup.choose", world.WithBackups());
  REQUIRE(newest);
  CHECK(newest.output()["age_seconds"] == Value(86'400));
  CHECK(newest.output()["tables"]["metrics"].as_int() > 10);
  CHECK(Choose(world, "before:" + newest.output()["taken_at"].as_string()) == "health_20260919.db");
}

TEST_CASE("what is not a good backup is passed over, and the refusal says why",
          "[actions][backup]") {
  BackupsWorld world;
  const std::string suspect = world.AddBackup(1);
  world.Change(suspect, [](database::Manifest& manifest) { manifest.suspect = true; });
  const std::string forgotten = world.AddBackup(2);
  fs::remove(database::ManifestPath(forgotten));
  const std::string rotten = world.AddBackup(3);
  testing::Overwrite(rotten, 9000, "rot");
  const std::string cut = world.AddBackup(4);
  fs::resize_file(cut, fs::file_size(cut) - 4096);
  fs::remove(world.AddBackup(5));
  testing::WriteAll(world.Path("backups/.backup-R-3.backup.1.tmp"), "unfinished");
  testing::WriteAll(world.Path("backups/health_20260921.db.part"), "unfinished");

  const Outcome none = world.Do("backup.choose", world.WithBackups());
  REQUIRE_FALSE(none);
  CHECK(none.failure().error.code == Code::kNotFound);
  CHECK_THAT(
      none.failure().error.message,
      Catch::Contains("health_20260920.db: its database failed its check") &&
          Catch::Contains("health_20260919.db: it has no manifest") &&
          Catch::Contains("health_20260918.db: its bytes changed") &&
          Catch::Contains("health_20260917.db: it has") &&
          Catch::Contains("health_20260916.db: it has a manifest, but there is no such file"));

  world.AddBackup(30);
  CHECK(Choose(world, "latest") == "health_20260822.db");

  const Outcome unverified =
      world.Do("backup.choose", world.WithBackups().With("allow_unverified", true));
  REQUIRE(unverified);
  CHECK(unverified.output()["name"] == Value("health_20260919.db"));
  CHECK(unverified.output()["verified"] == Value(false));
}

TEST_CASE("a choice that runs out of time says so, and not that there is no good backup",
          "[actions][backup]") {
  BackupsWorld world;
  world.AddBackup(1);
  world.stop.request_stop();
  SECTION("because of its deadline") {
    world.time_given = std::chrono::milliseconds(0);
    CHECK(Choose(world, "latest") == "DEADLINE_EXCEEDED");
  }
  SECTION("because the run was cancelled") { CHECK(Choose(world, "latest") == "CANCELLED"); }
}

TEST_CASE("a list names every backup with its state, and what is none", "[actions][backup]") {
  BackupsWorld world;
  world.AddBackup(1);
  const std::string unverified = world.AddBackup(2);
  fs::remove(database::ManifestPath(unverified));
  testing::WriteAll(world.Path("backups/notes.txt"), "hello");
  const Outcome listed = world.Do("backup.list", world.WithBackups());
  INFO(MessageOf(listed));
  REQUIRE(listed);
  const Value& output = listed.output();
  CHECK(output["count"] == Value(2));
  CHECK(output["verified"] == Value(1));
  CHECK(output["newest_verified"] == Value("health_20260920.db"));
  CHECK(output["ignored"] == Value(Value::List{"notes.txt"}));
  const auto& backups = output["backups"].as_list();
  CHECK(backups[0]["state"] == Value("verified"));
  CHECK(backups[1]["state"] == Value("unverified"));
  CHECK(backups[1]["taken_at"] == Value("2026-09-19T00:00:00Z"));
}

TEST_CASE("a choice names the newer ones that are not good, also where they were not asked for",
          "[actions][backup]") {
  BackupsWorld world;
  const std::string forgotten = world.AddBackup(1);
  fs::remove(database::ManifestPath(forgotten));
  const std::string rotten = world.AddBackup(2);
  testing::Overwrite(rotten, 9000, "rot");
  for (const int days : {3, 4, 5}) world.AddBackup(days);
  fs::remove(database::ManifestPath(world.AddBackup(6)));
  const Outcome newest = world.Do("backup.choose", world.WithBackups());
  REQUIRE(newest);
  const std::string told = ToJson(newest.output()["passed_over"]);
  CHECK_THAT(told, Catch::Contains("health_20260920.db: it has no manifest") &&
                       Catch::Contains("health_20260919.db: its bytes changed"));
  CHECK(newest.output()["passed_over"].as_list().size() == 2);

  const Outcome older = world.Do(
      "backup.choose",
      world.WithBackups().With("which", "before:" + newest.output().StringOr("taken_at", "")));
  REQUIRE(older);
  CHECK(older.output()["passed_over"] ==
        Value(Value::List{"health_20260920.db: it has no manifest: nobody has verified it"}));
}

TEST_CASE(
    "a choice tells which verified backup the server may not read, whether it finds another or "
    "none",
    "[actions][backup]") {
  BackupsWorld world;
  fs::permissions(world.Path("."), fs::perms(0755));
  const std::string newest = world.AddBackup(1);
  fs::permissions(newest, fs::perms::none);
  const auto choose = [&world] {
    const testing::AsNobody nobody;
    return world.Do("backup.choose", world.WithBackups());
  };
  const Outcome none = choose();
  REQUIRE_FALSE(none);
  CHECK(none.failure().error.code == Code::kNotFound);
  CHECK(none.failure().evidence["denied"] == Value(newest));

  fs::permissions(world.AddBackup(2), fs::perms(0644));
  const Outcome older = choose();
  INFO(MessageOf(older));
  REQUIRE(older);
  CHECK(older.output()["name"] == Value("health_20260919.db"));
  CHECK(older.output()["denied"] == Value(newest));
  // Who has asked for that one by its name should know what he does without.
  {
    const testing::AsNobody nobody;
    const Outcome named =
        world.Do("backup.choose", world.WithBackups().With("which", "health_20260919.db"));
    REQUIRE(named);
    CHECK(named.output()["passed_over"] ==
          Value(Value::List{"health_20260920.db: the server may not read it (permission denied)"}));
  }

  fs::permissions(newest, fs::perms(0644));
  const Outcome given = choose();
  REQUIRE(given);
  CHECK(given.output()["path"] == Value(newest));
  CHECK(given.output()["denied"] == Value(""));
}

}  // namespace
}  // namespace recourse
