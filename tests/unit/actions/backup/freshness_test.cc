#include "tests/unit/actions/backup/backup_world.h"

namespace recourse {
namespace {

using testing::BackupsWorld;
using testing::MessageOf;
namespace fs = std::filesystem;

TEST_CASE("the newest verified backup is told with its age, and old ones are reported",
          "[actions][backup]") {
  BackupsWorld world;
  world.AddBackup(3);
  const std::string newest = world.AddBackup(1);
  const Outcome fresh = world.Do("backup.freshness", world.WithBackups());
  INFO(MessageOf(fresh));
  REQUIRE(fresh);
  CHECK(fresh.output()["level"] == Value("ok"));
  CHECK(fresh.output()["newest_verified_path"] == Value(newest));
  CHECK(fresh.output()["age_seconds"] == Value(86'400));
  CHECK(fresh.output()["verified"] == Value(2));

  const Outcome warned =
      world.Do("backup.freshness",
               world.WithBackups().With("warn", Value::Object({{"age", "12h"}, {"count", 5}})));
  REQUIRE(warned);
  CHECK(warned.output()["level"] == Value("warn"));
  CHECK(warned.output()["reasons"].as_list().size() == 2);

  const Outcome failed = world.Do(
      "backup.freshness", world.WithBackups().With("fail", Value::Object({{"age", "12h"}})));
  REQUIRE_FALSE(failed);
  CHECK(failed.failure().error.code == Code::kFailedPrecondition);
  CHECK_THAT(failed.failure().error.message,
             Catch::Contains("health_20260920.db") && Catch::Contains("24 h"));
  CHECK(failed.failure().evidence["age_seconds"] == Value(86'400));
}

TEST_CASE("a backup that is old by the target's max_age, or rotten, does not count as fresh",
          "[actions][backup]") {
  BackupsWorld world;
  world.AddBackup(5);
  const Outcome old = world.Do("backup.freshness", world.WithBackups());
  REQUIRE_FALSE(old);
  CHECK_THAT(old.failure().error.message, Catch::Contains("the threshold is 2 days"));

  const std::string rotten = world.AddBackup(1);
  testing::Overwrite(rotten, 9000, "rot");
  CHECK_FALSE(world.Do("backup.freshness", world.WithBackups()));
  for (const auto& file : fs::directory_iterator(world.Path("backups"))) fs::remove(file.path());
  const Outcome none = world.Do("backup.freshness", world.WithBackups());
  REQUIRE_FALSE(none);
  CHECK_THAT(none.failure().error.message, Catch::Contains("there is no verified backup"));
  CHECK(none.failure().evidence["age_seconds"] == Value(-1));
}

}  // namespace
}  // namespace recourse
