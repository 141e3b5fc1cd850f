#include "tests/unit/actions/database/database_world.h"

namespace recourse {
namespace {

using testing::AddRows;
using testing::DatabaseWorld;
using testing::MakeDatabase;
using testing::MessageOf;
using testing::Sql;
namespace fs = std::filesystem;

class QueryWorld : public DatabaseWorld {
 public:
  QueryWorld() { MakeDatabase(database(), 200, "wal"); }

  Outcome Ask(const std::string& sql, const Value& more = Value::Object({})) {
    Value inputs = Value::Object({{"database", DatabaseValue()}, {"sql", sql}});
    for (const auto& [name, value] : more.as_map()) inputs = inputs.With(name.as_string(), value);
    return Do("database.query", inputs);
  }
  // The code and message of a refusal.
  Error Refusal(const std::string& sql) {
    const Outcome asked = Ask(sql);
    REQUIRE_FALSE(asked);
    return asked.failure().error;
  }
};

TEST_CASE("a query answers rows by column, and leaves nothing behind", "[actions][database]") {
  QueryWorld world;
  const auto before = world.Snapshot();
  const Outcome asked = world.Ask(
      "SELECT component, count(*) AS n, avg(value) AS mean, NULL AS none, X'00ff' AS raw"
      " FROM metrics WHERE component = ?1 GROUP BY component",
      Value::Object({{"parameters", Value::List{"component 7"}}}));
  INFO(MessageOf(asked));
  REQUIRE(asked);
  CHECK(asked.output()["columns"] == Value(Value::List{"component", "n", "mean", "none", "raw"}));
  CHECK(asked.output()["rows"] == Value(Value::List{Value::Object({{"component", "component 7"},
                                                                   {"n", 4},
                                                                   {"mean", 41.0},
                                                                   {"none", Value()},
                                                                   {"raw", "X'00ff'"}})}));
  CHECK(asked.output()["truncated"] == Value(false));
  CHECK(world.Snapshot() == before);
}

TEST_CASE("a query ends at its limits and says which", "[actions][database]") {
  QueryWorld world;
  const Outcome rows = world.Ask("SELECT id FROM metrics", Value::Object({{"rows_max", 10}}));
  REQUIRE(rows);
  CHECK(rows.output()["row_count"] == Value(10));
  CHECK(rows.output()["truncated_by"] == Value("rows"));
  const Outcome all = world.Ask("SELECT id FROM metrics", Value::Object({{"rows_max", 200}}));
  REQUIRE(all);
  CHECK(all.output()["truncated"] == Value(false));

  const Outcome bytes =
      world.Ask("SELECT component FROM metrics", Value::Object({{"bytes_max", 1000}}));
  REQUIRE(bytes);
  CHECK(bytes.output()["truncated_by"] == Value("bytes"));
  CHECK(bytes.output()["row_count"].as_int() > 10);

  const Outcome endless = world.Ask(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n",
      Value::Object({{"time_limit", "50ms"}}));
  REQUIRE_FALSE(endless);
  CHECK(endless.failure().error.code == Code::kDeadlineExceeded);
}

TEST_CASE("what would change something is refused before it is begun", "[actions][database]") {
  QueryWorld world;
  const auto before = world.Snapshot();
  for (const std::string sql :
       {"DELETE FROM metrics", "UPDATE metrics SET value = 1", "DROP TABLE metrics",
        "INSERT INTO metrics(component) VALUES('x') RETURNING id", "CREATE TEMP TABLE t(x)",
        "ATTACH '/tmp/recourse-other.db' AS other", "PRAGMA journal_mode = DELETE",
        "PRAGMA writable_schema = ON", "PRAGMA wal_checkpoint", "BEGIN", "VACUUM", "ANALYZE",
        "SELECT load_extension('/tmp/x')", "VACUUM INTO '/tmp/recourse-copy.db'"}) {
    INFO(sql);
    CHECK(world.Refusal(sql).code == Code::kPermissionDenied);
  }
  CHECK(world.Snapshot() == before);
  CHECK(world.Ask("PRAGMA table_info(metrics)"));
  CHECK(world.Ask("PRAGMA user_version").output()["rows"].as_list()[0]["user_version"] == Value(3));
}

TEST_CASE("a mistake in a query is named, and never taken for a text", "[actions][database]") {
  QueryWorld world;
  CHECK(world.Refusal("SELECT nosuch FROM metrics").code == Code::kInvalidArgument);
  CHECK_THAT(world.Refusal("SELECT id FROM metrics WHERE \"nosuch\" = 'x'").message,
             Catch::Contains("no such column: nosuch"));
  CHECK_THAT(world.Refusal("SELECT 1; SELECT 2").message, Catch::Contains("more than one"));
  CHECK_THAT(world.Refusal("SELECT 1 AS a, 2 AS a").message, Catch::Contains("AS"));
  CHECK(world.Refusal("-- nothing").code == Code::kInvalidArgument);
  const Outcome too_many =
      world.Ask("SELECT ?1 AS a", Value::Object({{"parameters", Value::List{1, 2}}}));
  REQUIRE_FALSE(too_many);
  CHECK(too_many.failure().error.code == Code::kInvalidArgument);
}

TEST_CASE("a query's plan is shown instead of its rows when asked for", "[actions][database]") {
  QueryWorld world;
  const Outcome planned = world.Ask("SELECT * FROM metrics WHERE component = 'webserver'",
                                    Value::Object({{"plan", true}}));
  INFO(MessageOf(planned));
  REQUIRE(planned);
  CHECK(planned.output()["plan"] ==
        Value(Value::List{"SEARCH metrics USING INDEX metrics_component (component=?)"}));
  CHECK(planned.output()["row_count"] == Value(0));
}

TEST_CASE("a database in use is asked with what its log holds", "[actions][database]") {
  QueryWorld world;
  const Sql application(world.database());
  AddRows(application, 50);
  const Outcome asked = world.Ask("SELECT count(*) AS n FROM metrics");
  REQUIRE(asked);
  CHECK(asked.output()["rows"].as_list()[0]["n"] == Value(250));
}

TEST_CASE("the size of a database is told by table, and compared with thresholds",
          "[actions][database]") {
  QueryWorld world;
  const Value inputs = Value::Object({{"database", world.DatabaseValue()}});
  const auto before = world.Snapshot();
  const Outcome measured = world.Do("database.size", inputs);
  INFO(MessageOf(measured));
  REQUIRE(measured);
  const Value& output = measured.output();
  CHECK(output["bytes"] == Value(static_cast<std::int64_t>(fs::file_size(world.database()))));
  CHECK(output["level"] == Value("ok"));
  const auto& tables = output["tables"].as_list();
  REQUIRE(tables.size() == 3);
  CHECK(tables[0]["name"] == Value("files"));
  CHECK(tables[0]["bytes"].as_int() > 60'000);
  CHECK(tables[1]["name"] == Value("metrics"));
  CHECK(tables[1]["index_bytes"].as_int() > 0);
  CHECK(world.Snapshot() == before);

  Sql(world.database()).Run("DELETE FROM files");
  const Outcome warned =
      world.Do("database.size", inputs.With("warn", Value::Object({{"freelist_percent", 50}})));
  REQUIRE(warned);
  CHECK(warned.output()["level"] == Value("warn"));
  CHECK_THAT(warned.output()["reasons"].as_list()[0].as_string(), Catch::Contains("free pages"));
  const Outcome failed =
      world.Do("database.size", inputs.With("fail", Value::Object({{"bytes", 1000}})));
  REQUIRE_FALSE(failed);
  CHECK(failed.failure().error.code == Code::kResourceExhausted);
  CHECK(failed.failure().evidence["bytes"].as_int() > 1000);
}

}  // namespace
}  // namespace recourse
