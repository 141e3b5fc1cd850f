#include "tests/unit/actions/backup/backup_world.h"

namespace recourse {
namespace {

using testing::BackupsWorld;
using testing::MessageOf;
namespace fs = std::filesystem;

TEST_CASE("pruned backups go to the trash with their manifests, and from there after the grace",
          "[actions][backup]") {
  BackupsWorld world;
  for (const int days : {1, 2, 3, 40, 50}) world.AddBackup(days);
  world.key = "R-8/prune/1";
  const Outcome pruned = world.Do("backup.prune", world.WithBackups());
  INFO(MessageOf(pruned));
  REQUIRE(pruned);
  const Value& output = pruned.output();
  CHECK(output["removed"] == Value(Value::List{"health_20260812.db", "health_20260802.db"}));
  CHECK(output["kept"] == Value(3));
  CHECK(output["verified"] == Value(3));
  CHECK(output["newest_verified"] == Value("health_20260920.db"));
  CHECK(world.Names().size() == 3);
  const std::string trash = output["trash"].as_string();
  CHECK(trash == world.Path("backups/.trash/R-8.prune.1"));
  CHECK(fs::exists(trash + "/health_20260812.db"));
  CHECK(fs::exists(database::ManifestPath(trash + "/health_20260812.db")));

  // Again, as after a crash: nothing more to do, and the answer is the same.
  const Outcome again = world.Do("backup.prune", world.WithBackups());
  REQUIRE(again);
  CHECK(again.output() == output);
  world.key = "R-9/prune/1";
  const Outcome another = world.Do("backup.prune", world.WithBackups());
  REQUIRE(another);
  CHECK(another.output()["removed"] == Value(Value::List{}));
  CHECK(fs::exists(trash));

  const Outcome emptied = world.Do("backup.prune", world.WithBackups().With("grace", "0s"));
  REQUIRE(emptied);
  CHECK(emptied.output()["freed_bytes"].as_int() > output["removed_bytes"].as_int());
  CHECK_FALSE(fs::exists(trash));
}

TEST_CASE("a backup whose manifest cannot be moved leaves part of a pruning behind",
          "[actions][backup]") {
  BackupsWorld world;
  for (const int days : {1, 2, 3}) world.AddBackup(days);
  const std::string old = world.AddBackup(40);
  world.key = "R-8/prune/1";
  // A directory stands where the manifest goes.
  fs::create_directories(
      world.Path("backups/.trash/R-8.prune.1/health_20260812.db.manifest.json/x"));
  const Outcome failed = world.Do("backup.prune", world.WithBackups());
  REQUIRE_FALSE(failed);
  CHECK_FALSE(fs::exists(old));
  CHECK(failed.failure().left == LeftBehind::kPartial);
}

TEST_CASE("pruning without a time of grace is planned as what it is", "[actions][backup]") {
  BackupsWorld world;
  for (const int days : {1, 2, 3, 40}) world.AddBackup(days);
  const auto plan =
      world.Find("backup.prune").Plan(world.MakeContext(world.WithBackups().With("grace", "0s")));
  REQUIRE(plan);
  CHECK(plan->irreversible.size() == 1);
  CHECK(plan->lines.at(0).starts_with("delete"));
}

TEST_CASE("the last good backup stays: newer files that only look like one do not count",
          "[actions][backup]") {
  BackupsWorld world;
  world.AddBackup(1);
  const std::string rotten = world.AddBackup(1 + 30);
  const std::string old_good = world.AddBackup(60);
  world.AddBackup(61);
  testing::Overwrite(rotten, 9000, "rot");
  const Value backups = world.BackupsValue().With("keep_at_least", 2);
  const Outcome pruned = world.Do("backup.prune", Value::Object({{"backups", backups}}));
  INFO(MessageOf(pruned));
  REQUIRE(pruned);
  CHECK(pruned.output()["removed"] ==
        Value(Value::List{"health_20260821.db", "health_20260722.db"}));
  CHECK(fs::exists(old_good));
}

TEST_CASE("when backups are not made any more, nothing is pruned", "[actions][backup]") {
  BackupsWorld world;
  for (const int days : {3, 40, 41, 42}) world.AddBackup(days);
  const auto before = world.Snapshot();
  const Outcome refused = world.Do("backup.prune", world.WithBackups());
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kFailedPrecondition);
  CHECK_THAT(refused.failure().error.message,
             Catch::Contains("health_20260918.db") && Catch::Contains("Nothing was removed"));
  CHECK(world.Snapshot() == before);
}

TEST_CASE("a target that names no retention keeps all its backups", "[actions][backup]") {
  BackupsWorld world;
  for (const int days : {1, 40, 400, 4000}) world.AddBackup(days);
  const Value inputs = Value::Object(
      {{"backups",
        Value::Object({{"directory", world.Path("backups")}, {"pattern", "health_%Y%m%d.db"}})}});
  const auto plan = world.Find("backup.prune").Plan(world.MakeContext(inputs));
  REQUIRE(plan);
  CHECK(plan->lines ==
        std::vector<std::string>{
            "remove nothing: the target's backups name no keep_days and no keep_at_most"});
  const Outcome pruned = world.Do("backup.prune", inputs);
  INFO(MessageOf(pruned));
  REQUIRE(pruned);
  CHECK(pruned.output()["removed"] == Value(Value::List{}));
  CHECK(world.Names().size() == 4);
}

TEST_CASE("of the retention only keep_days must be said", "[actions][backup]") {
  BackupsWorld world;
  for (const int days : {10, 35, 40, 45}) world.AddBackup(days);
  const auto prune = [&world](int keep_days) {
    return world.Do("backup.prune",
                    Value::Object({{"backups", Value::Object({{"directory", world.Path("backups")},
                                                              {"pattern", "health_%Y%m%d.db"},
                                                              {"keep_days", keep_days}})}}));
  };
  // The newest may be as old as backups are kept.
  const Outcome too_old = prune(5);
  REQUIRE_FALSE(too_old);
  CHECK(too_old.failure().error.code == Code::kFailedPrecondition);
  const Outcome pruned = prune(30);
  INFO(MessageOf(pruned));
  REQUIRE(pruned);
  CHECK(pruned.output()["removed"].as_list().size() == 1);  // three stay, however old
}

TEST_CASE("pruning for good is named as irreversible, and keeps what it is told to",
          "[actions][backup]") {
  BackupsWorld world;
  for (const int days : {1, 2, 3, 40, 41, 42}) world.AddBackup(days);
  const Value inputs =
      world.WithBackups().With("permanently", true).With("keep", Value::List{"health_20260812.db"});
  const auto before = world.Snapshot();
  const auto plan = world.Find("backup.prune").Plan(world.MakeContext(inputs));
  REQUIRE(plan);
  CHECK(plan->irreversible.size() == 2);
  CHECK(world.Snapshot() == before);
  const Outcome pruned = world.Do("backup.prune", inputs);
  REQUIRE(pruned);
  CHECK(pruned.output()["removed"] ==
        Value(Value::List{"health_20260811.db", "health_20260810.db"}));
  CHECK(pruned.output()["freed_bytes"] == pruned.output()["removed_bytes"]);
  CHECK(world.Names().size() == 4);
  CHECK_FALSE(fs::exists(world.Path("backups/.trash")));
}

TEST_CASE("where there is no room for a new backup, old ones go whatever the age of the newest",
          "[actions][backup]") {
  BackupsWorld world;
  for (const int days : {3, 4, 40, 41, 42}) world.AddBackup(days);
  CHECK_FALSE(world.Do("backup.prune", world.WithBackups()));
  const Outcome pruned = world.Do("backup.prune", world.WithBackups().With("whatever_age", true));
  INFO(MessageOf(pruned));
  REQUIRE(pruned);
  CHECK(pruned.output()["removed"] ==
        Value(Value::List{"health_20260811.db", "health_20260810.db"}));
  // The three good ones to keep stay also then.
  CHECK(pruned.output()["verified"] == Value(3));
}

}  // namespace
}  // namespace recourse
