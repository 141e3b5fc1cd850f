#include "tests/unit/actions/backup/backup_world.h"

namespace recourse {
namespace {

using testing::BackupsWorld;
using testing::MessageOf;
using testing::Sql;
namespace fs = std::filesystem;

class BisectWorld : public BackupsWorld {
 public:
  Value Inputs() const { return WithBackups().With("database", DatabaseValue()); }
  // The name that is found, or the error's code.
  std::string Bisect(const Value& inputs) {
    const Outcome found = Do("backup.bisect", inputs);
    INFO(MessageOf(found));
    if (!found) return std::string(ToString(found.failure().error.code));
    output = found.output();
    return output["name"].as_string();
  }
  Value output;
};

Value Named(const std::string& component, int rows) {
  return Value::Object(
      {{"table", "metrics"},
       {"filter",
        Value::List{Value::Object({{"column", "component"}, {"op", "="}, {"value", component}})}},
       {"rows_min", rows}});
}

TEST_CASE("the newest backup from before a loss is found by halving", "[actions][backup]") {
  BisectWorld world;
  Sql(world.database()).Run("INSERT INTO metrics(component) VALUES('webserver'), ('webserver')");
  for (int days = 20; days > 7; --days) world.AddBackup(days);
  Sql(world.database()).Run("DELETE FROM metrics WHERE component = 'webserver'");
  for (int days = 7; days > 0; --days) world.AddBackup(days);

  CHECK(world.Bisect(world.Inputs().With("condition", Named("webserver", 2))) ==
        "health_20260913.db");
  CHECK(world.output["newest_is_good"] == Value(false));
  CHECK(world.output["first_bad"]["name"] == Value("health_20260914.db"));
  CHECK_THAT(world.output["first_bad"]["reason"].as_string(), Catch::Contains("0 rows match"));
  CHECK(world.output["tested"].as_list().size() <= 7);

  CHECK(world.Bisect(world.Inputs().With("condition", Named("component 1", 1))) ==
        "health_20260920.db");
  CHECK(world.output["newest_is_good"] == Value(true));
  CHECK(world.Bisect(world.Inputs().With("condition", Named("nobody", 1))) == "NOT_FOUND");
  Value wrong = Named("x", 1).With("table", "people");
  CHECK(world.Bisect(world.Inputs().With("condition", wrong)) == "INVALID_ARGUMENT");
}

TEST_CASE("a drop of rows is found by what the manifests count", "[actions][backup]") {
  BisectWorld world;
  for (const int days : {5, 4, 3}) world.AddBackup(days);
  Sql(world.database()).Run("DELETE FROM metrics WHERE id < 8");
  for (const int days : {2, 1}) world.AddBackup(days);
  const auto drop = [](int percent) {
    return Value::Object({{"table", "metrics"}, {"percent", percent}});
  };
  CHECK(world.Bisect(world.Inputs().With("drop", drop(20))) == "health_20260918.db");
  CHECK(world.output["first_bad"]["name"] == Value("health_20260919.db"));
  CHECK(world.Bisect(world.Inputs().With("drop", drop(90))) == "health_20260920.db");
}

TEST_CASE("a drop in a table that no backup has is refused, and letter case is no other table",
          "[actions][backup]") {
  BisectWorld world;
  for (const int days : {3, 2}) world.AddBackup(days);
  Sql(world.database()).Run("DELETE FROM metrics WHERE id < 8");
  world.AddBackup(1);
  const auto drop = [](const char* table) {
    return Value::Object({{"table", table}, {"percent", 20}});
  };
  CHECK(world.Bisect(world.Inputs().With("drop", drop("METRICS"))) == "health_20260919.db");
  const Outcome refused = world.Do("backup.bisect", world.Inputs().With("drop", drop("metrcs")));
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kInvalidArgument);
  CHECK_THAT(refused.failure().error.message,
             Catch::Contains("\"metrcs\"") && Catch::Contains("files; metrics"));
}

TEST_CASE("what was taken from a damaged database is after the damage, and rot is left out",
          "[actions][backup]") {
  BisectWorld world;
  for (const int days : {6, 5, 4}) world.AddBackup(days);
  testing::Overwrite(world.AddBackup(3), 9000, "rot");
  for (const int days : {2, 1}) {
    world.Change(world.AddBackup(days), [](database::Manifest& manifest) {
      manifest.suspect = true;
      manifest.findings = {"page 12 is damaged"};
    });
  }
  CHECK(world.Bisect(world.Inputs()) == "health_20260917.db");
  CHECK(world.output["first_bad"]["name"] == Value("health_20260919.db"));
  CHECK_THAT(ToJson(world.output["tested"]), Catch::Contains("left out: its bytes changed"));
  CHECK(world.Bisect(world.Inputs().With("exclude", Value::List{"health_20260917.db"})) ==
        "health_20260916.db");
}

}  // namespace
}  // namespace recourse
