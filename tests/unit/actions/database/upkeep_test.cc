#include "tests/unit/actions/database/database_world.h"
#include "tests/unit/actions/database/faults.h"

namespace recourse {
namespace {

using testing::AddRows;
using testing::DatabaseWorld;
using testing::MakeDatabase;
using testing::MessageOf;
using testing::Sql;
namespace fs = std::filesystem;

class UpkeepWorld : public DatabaseWorld {
 public:
  Value Inputs() const { return Value::Object({{"database", DatabaseValue()}}); }
};

TEST_CASE("a vacuum gives the free pages back and keeps every row", "[actions][database]") {
  const std::string mode = GENERATE("delete", "wal");
  INFO(mode);
  UpkeepWorld world;
  MakeDatabase(world.database(), 5000, mode);
  Sql(world.database()).Run("DELETE FROM metrics WHERE id > 100");
  const auto size = static_cast<std::int64_t>(fs::file_size(world.database()));

  const auto plan = world.Find("database.vacuum").Plan(world.MakeContext(world.Inputs()));
  REQUIRE(plan);
  CHECK(plan->bytes_needed >= size);
  const Outcome done = world.Do("database.vacuum", world.Inputs());
  INFO(MessageOf(done));
  REQUIRE(done);
  CHECK(done.output()["bytes_before"] == Value(size));
  CHECK(done.output()["freed_bytes"].as_int() > size / 2);
  CHECK(done.output()["freelist_pages_before"].as_int() > 10);
  CHECK(done.output()["freelist_pages_after"] == Value(0));
  CHECK(done.output()["bytes_after"] ==
        Value(static_cast<std::int64_t>(fs::file_size(world.database()))));
  CHECK(done.output()["note"] == Value(""));
  const Outcome checked = world.Check();
  REQUIRE(checked);
  CHECK(checked.output()["tables"]["metrics"] == Value(100));
  CHECK(checked.output()["journal_mode"] == Value(mode));
}

TEST_CASE("a vacuum while others read leaves the log to them and says so", "[actions][database]") {
  UpkeepWorld world;
  MakeDatabase(world.database(), 2000, "wal");
  const Sql reader(world.database());
  reader.Run("DELETE FROM metrics WHERE id > 10; BEGIN; SELECT * FROM metrics");
  const Outcome done = world.Do("database.vacuum", world.Inputs());
  INFO(MessageOf(done));
  REQUIRE(done);
  CHECK_THAT(done.output()["note"].as_string(), Catch::Contains("somebody reads"));
}

TEST_CASE("a vacuum that finds the database locked changes nothing and names who has the lock",
          "[actions][database]") {
  UpkeepWorld world;
  MakeDatabase(world.database(), 100, "wal");
  const Sql writer(world.database());
  writer.Run("BEGIN IMMEDIATE");
  const auto before = testing::ReadAll(world.database());
  for (const char* action : {"database.vacuum", "database.analyze"}) {
    const Outcome refused = world.Do(action, world.Inputs());
    REQUIRE_FALSE(refused);
    CHECK(refused.failure().error.code == Code::kAborted);
    CHECK_THAT(refused.failure().error.message,
               Catch::Contains("write lock") && Catch::Contains("actions_database_test"));
    CHECK(refused.failure().left == LeftBehind::kNothing);
  }
  CHECK(testing::ReadAll(world.database()) == before);
}

TEST_CASE("a vacuum whose log cannot be written into the file says that it is done",
          "[actions][database]") {
  UpkeepWorld world;
  MakeDatabase(world.database(), 2000, "wal");
  Sql(world.database()).Run("DELETE FROM metrics WHERE id > 100");
  {
    testing::Faults faults;
    faults.FillDisk(world.database());
    const Outcome failed = world.Do("database.vacuum", world.Inputs());
    REQUIRE_FALSE(failed);
    CHECK(failed.failure().error.code == Code::kResourceExhausted);
    CHECK(failed.failure().left == LeftBehind::kPartial);
    const std::string message = MessageOf(failed);
    CHECK_THAT(message, Catch::Contains("The vacuum itself is done"));
    CHECK_THAT(message, !Catch::Contains("left as it is"));
  }
  CHECK(Sql(world.database()).Number("PRAGMA freelist_count") == 0);
  CHECK(testing::RowsIn(world.database()) == 100);
}

TEST_CASE("tables are measured all or none", "[actions][database]") {
  UpkeepWorld world;
  MakeDatabase(world.database());
  Context context =
      world.MakeContext(world.Inputs().With("tables", Value::List{"files", "metrics"}));
  context.progress = [&world](std::int64_t done, std::int64_t, std::string_view) {
    if (done == 1) world.stop.request_stop();
  };
  const Outcome stopped = world.Find("database.analyze").Apply(context);
  REQUIRE_FALSE(stopped);
  CHECK_THAT(MessageOf(stopped), Catch::Contains("left as it is"));
  CHECK(Sql(world.database())
            .Number("SELECT count(*) FROM sqlite_schema"
                    " WHERE name = 'sqlite_stat1'") == 0);
}

TEST_CASE("a damaged database is not vacuumed", "[actions][database]") {
  UpkeepWorld world;
  MakeDatabase(world.database());
  testing::ZeroPage(world.database(), testing::PageOffset(world.database(), "metrics", "leaf", 20));
  const auto before = world.Snapshot();
  const Outcome refused = world.Do("database.vacuum", world.Inputs());
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kDataLoss);
  CHECK(world.Snapshot() == before);
}

TEST_CASE("tables are measured, all or those that are named", "[actions][database]") {
  UpkeepWorld world;
  MakeDatabase(world.database(), 500, "wal");
  const Outcome one =
      world.Do("database.analyze", world.Inputs().With("tables", Value::List{"files"}));
  INFO(MessageOf(one));
  REQUIRE(one);
  CHECK(one.output()["tables"] == Value(Value::List{"files"}));
  const Outcome all = world.Do("database.analyze", world.Inputs());
  REQUIRE(all);
  CHECK(all.output()["tables"] == Value(Value::List{"files", "metrics"}));
  CHECK(all.output()["statistics"] == Value(2));
  const Outcome unknown =
      world.Do("database.analyze", world.Inputs().With("tables", Value::List{"people"}));
  REQUIRE_FALSE(unknown);
  CHECK_THAT(unknown.failure().error.message, Catch::Contains("files; metrics"));
  CHECK(world.Check());
}

TEST_CASE("optimizing measures what has no statistics, and then nothing more",
          "[actions][database]") {
  UpkeepWorld world;
  MakeDatabase(world.database(), 500);
  const Outcome first = world.Do("database.optimize", world.Inputs());
  INFO(MessageOf(first));
  REQUIRE(first);
  CHECK(first.output()["statements"] == Value(Value::List{R"(ANALYZE "main"."metrics")"}));
  const Outcome again = world.Do("database.optimize", world.Inputs());
  REQUIRE(again);
  CHECK(again.output()["statements"] == Value(Value::List{}));
  CHECK(Sql(world.database()).Number("SELECT count(*) FROM sqlite_stat1") == 1);
}

}  // namespace
}  // namespace recourse
