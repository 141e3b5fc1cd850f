#include "engine/base/text.h"
#include "tests/unit/actions/database/database_world.h"

namespace recourse {
namespace {

using testing::DatabaseWorld;
using testing::MakeDatabase;
using testing::MessageOf;
namespace fs = std::filesystem;

class QuarantineWorld : public DatabaseWorld {
 public:
  QuarantineWorld() { MakeDatabase(database(), 10); }

  static std::string TimeBefore(int days) {
    return FormatTimestamp(ToTimestamp(testing::FixedClock().Now() - std::chrono::days(days)));
  }
  // The name of a set that was kept so many days ago.
  std::string AddSet(int days) {
    key = "R-" + std::to_string(days) + "/preserve/1";
    const Outcome kept = Do("database.preserve", Value::Object({{"database", DatabaseValue()}}));
    REQUIRE(kept);
    const fs::path directory = kept.output()["directory"].as_string();
    const std::string note = directory.string() + "/manifest.json";
    auto manifest = ParseJson(testing::ReadAll(note));
    REQUIRE(manifest);
    testing::WriteAll(note, ToJson(manifest->With("taken_at", TimeBefore(days))));
    return directory.filename();
  }
  Value Inputs() const { return Value::Object({{"database", DatabaseValue()}, {"keep_days", 30}}); }
  Outcome Prune() {
    key = "R-9/prune/1";
    return Do("database.prune_quarantine", Inputs());
  }
  bool Has(const std::string& name) const {
    return fs::exists(Path("health.db.quarantine/" + name));
  }
};

TEST_CASE("quarantine sets past their retention go, but never the newest ones",
          "[actions][database]") {
  QuarantineWorld world;
  const std::string oldest = world.AddSet(400);
  const std::string third_newest = world.AddSet(31);
  const std::string old = world.AddSet(40);
  for (const int days : {1, 29}) world.AddSet(days);

  world.key = "R-9/prune/1";
  const auto before = world.Snapshot();
  const auto plan = world.Find("database.prune_quarantine").Plan(world.MakeContext(world.Inputs()));
  REQUIRE(plan);
  CHECK(plan->lines.size() == 2);
  CHECK(plan->irreversible.size() == 2);
  CHECK(world.Snapshot() == before);

  const Outcome listed = world.Do("database.list_quarantine", world.Inputs());
  REQUIRE(listed);
  CHECK(world.Snapshot() == before);

  const Outcome pruned = world.Prune();
  INFO(MessageOf(pruned));
  REQUIRE(pruned);
  CHECK(pruned.output()["removed"] == Value(Value::List{old, oldest}));
  // What was listed is what went.
  CHECK(listed.output()["past"].as_list().at(0)["name"] == Value(old));
  CHECK(listed.output()["past"].as_list().size() == 2);
  CHECK(listed.output()["past_bytes"] == pruned.output()["removed_bytes"]);
  CHECK(pruned.output()["removed_bytes"].as_int() > 2 * 4096);
  CHECK(pruned.output()["kept"] == Value(3));
  CHECK(world.Has(third_newest));
  CHECK_FALSE(world.Has(oldest));
  CHECK(fs::exists(world.database()));

  const Outcome again = world.Prune();
  REQUIRE(again);
  CHECK(again.output()["removed"] == Value(Value::List{}));
}

TEST_CASE("the set of a restore is kept as long as any, and what is no set stays",
          "[actions][database]") {
  QuarantineWorld world;
  for (const int days : {1, 2, 3}) world.AddSet(days);
  const std::string backup = world.MakeBackup();
  world.key = "R-50/restore/1";
  REQUIRE(world.Do("database.restore", world.WithBackup(backup)));
  const std::string note = world.Path("health.db.quarantine/R-50.restore.1/restore.json");
  auto written = ParseJson(testing::ReadAll(note));
  REQUIRE(written);
  testing::WriteAll(note, ToJson(written->With("written_at", world.TimeBefore(50))));
  fs::create_directory(world.Path("health.db.quarantine/by-hand"));
  world.Write("precious", "precious");
  fs::create_symlink(world.Path("."), world.Path("health.db.quarantine/link"));

  const Outcome pruned = world.Prune();
  INFO(MessageOf(pruned));
  REQUIRE(pruned);
  CHECK(pruned.output()["removed"] == Value(Value::List{"R-50.restore.1"}));
  CHECK(pruned.output()["ignored"] == Value(Value::List{"by-hand", "link"}));
  CHECK(world.Has("by-hand"));
  CHECK(world.Read("precious") == "precious");
}

TEST_CASE("a deletion that was cut off is finished, and counts for nothing",
          "[actions][database]") {
  QuarantineWorld world;
  for (const int days : {1, 2, 3}) world.AddSet(days);
  fs::create_directories(world.Path("health.db.quarantine/.pruned-R-99.preserve.1"));
  const Outcome pruned = world.Prune();
  INFO(MessageOf(pruned));
  REQUIRE(pruned);
  CHECK(pruned.output()["removed"] == Value(Value::List{"R-99.preserve.1"}));
  CHECK(pruned.output()["kept"] == Value(3));
  CHECK_FALSE(world.Has(".pruned-R-99.preserve.1"));
}

TEST_CASE("a database without quarantine has nothing to prune", "[actions][database]") {
  QuarantineWorld world;
  const Outcome pruned = world.Prune();
  REQUIRE(pruned);
  CHECK(pruned.output()["removed"] == Value(Value::List{}));
  CHECK_FALSE(fs::exists(world.Path("health.db.quarantine")));
}

}  // namespace
}  // namespace recourse
