#include <sys/stat.h>

#include "tests/unit/actions/database/database_world.h"

namespace recourse {
namespace {

using testing::DatabaseWorld;
using testing::MakeDatabase;
using testing::MessageOf;
using testing::ReadAll;
using testing::Sql;
namespace fs = std::filesystem;

class EmptyWorld : public DatabaseWorld {
 public:
  EmptyWorld() {
    MakeDatabase(database(), 100, "wal");
    key = "R-1/backup/1";
    inputs = Value::Object({{"database", DatabaseValue()}, {"schema_from", MakeBackup()}});
    key = "R-2/create/1";
  }
  Value inputs;
};

TEST_CASE("an empty database takes the place of the old one, which is kept, and can come back",
          "[actions][database]") {
  EmptyWorld world;
  testing::ZeroPage(world.database(), 0);
  const auto before = world.Snapshot();
  const Action& action = world.Find("database.create_empty");
  const auto plan = action.Plan(world.MakeContext(world.inputs));
  REQUIRE(plan);
  CHECK_THAT(plan->irreversible[0], Catch::Contains("every row of the present database is lost"));
  CHECK(world.Snapshot() == before);

  const Outcome made = world.Do("database.create_empty", world.inputs);
  INFO(MessageOf(made));
  REQUIRE(made);
  CHECK(made.output()["tables"] == Value::Object({{"metrics", 0}, {"files", 0}}));
  CHECK(made.output()["journal_mode"] == Value("wal"));
  const Context context = world.MakeContext(world.inputs, world.undo);
  CHECK(action.Verify(context, made.output()).verdict == Verification::Verdict::kPassed);
  CHECK(action.Probe(context).verdict == ProbeAnswer::Verdict::kApplied);
  {
    const Sql sql(world.database());
    CHECK(sql.Text("PRAGMA journal_mode") == "wal");
    CHECK(sql.Number("PRAGMA application_id") == 77);
    CHECK(sql.Number("SELECT count(*) FROM sqlite_schema WHERE name = 'metrics_component'") == 1);
    sql.Run("INSERT INTO metrics(component) VALUES('first')");
  }
  const Outcome back = action.Compensate(context, made.output());
  INFO(MessageOf(back));
  REQUIRE(back);
  CHECK(ReadAll(world.database()) == before.at(world.Path("./health.db")));
  REQUIRE(action.Compensate(context, made.output()));
}

TEST_CASE("an empty database is made of statements where nothing is left", "[actions][database]") {
  EmptyWorld world;
  fs::remove(world.database());
  Value inputs = Value::Object({{"database", world.DatabaseValue().With("mode", "0600")}});
  CHECK(world.Do("database.create_empty", inputs).failure().error.code == Code::kInvalidArgument);
  const Outcome without = world.Do("database.create_empty",
                                   inputs.With("statements", Value::List{"CREATE TABLE other(x)"}));
  REQUIRE_FALSE(without);
  CHECK(without.failure().error.code == Code::kFailedPrecondition);
  CHECK_THAT(without.failure().error.message, Catch::Contains("\"metrics\" is missing"));
  CHECK_FALSE(fs::exists(world.database()));
  const Outcome elsewhere = world.Do(
      "database.create_empty",
      inputs.With("statements", Value::List{"CREATE TABLE metrics(x)",
                                            "ATTACH '" + world.Path("other.db") + "' AS other"}));
  CHECK_FALSE(elsewhere);
  CHECK_FALSE(fs::exists(world.Path("other.db")));

  const Outcome made = world.Do("database.create_empty",
                                inputs.With("statements", Value::List{"CREATE TABLE metrics(x)"}));
  INFO(MessageOf(made));
  REQUIRE(made);
  struct stat info;
  REQUIRE(stat(world.database().c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  CHECK(Sql(world.database()).Text("PRAGMA integrity_check") == "ok");
}

TEST_CASE("a database that somebody has open is not begun anew", "[actions][database]") {
  EmptyWorld world;
  const Sql application(world.database());
  application.Run("SELECT 1 FROM metrics");
  const Outcome refused = world.Do("database.create_empty", world.inputs);
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kAborted);
}

}  // namespace
}  // namespace recourse
