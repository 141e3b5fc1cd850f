#include "tests/unit/actions/database/database_world.h"

namespace recourse {
namespace {

using testing::DatabaseWorld;
using testing::MessageOf;
using testing::Sql;
namespace fs = std::filesystem;

constexpr const char* kMergeSchema =
    "PRAGMA user_version = 4;"
    "CREATE TABLE metrics(id INTEGER PRIMARY KEY, component TEXT, at INTEGER, value REAL DEFAULT "
    "1);"
    "CREATE UNIQUE INDEX metrics_key ON metrics(component, at);"
    "CREATE TABLE notes(text TEXT);"
    "CREATE VIEW latest AS SELECT component, max(at) AS at FROM metrics GROUP BY component;"
    "CREATE TRIGGER noted AFTER INSERT ON metrics BEGIN INSERT INTO notes VALUES('new'); END;";

class MergeWorld : public DatabaseWorld {
 public:
  // A source with these rows of metrics: (id, component, at, value).
  std::string AddSource(const std::string& name, const std::string& rows,
                        const std::string& more = "SELECT 1") {
    const Sql sql(Path(name));
    sql.Run(kMergeSchema);
    sql.Run("INSERT INTO metrics VALUES " + rows + "; DELETE FROM notes");
    sql.Run(more);
    return Path(name);
  }
  Value Inputs(const Value::List& sources, const std::string& key_and_time = "") const {
    Value inputs = Value::Object(
        {{"database", DatabaseValue()}, {"sources", sources}, {"to", Path("merged.db")}});
    if (key_and_time.empty()) return inputs;
    auto tables = ParseJson(key_and_time);
    REQUIRE(tables);
    return inputs.With("tables", *tables);
  }
  std::string Merged(const std::string& sql) const { return Sql(Path("merged.db")).Text(sql); }
};

constexpr const char* kByComponent = R"([{"name": "metrics", "key": ["component"],
                                          "timestamp": "at"}])";

TEST_CASE("the newest row of a key wins whichever source it is in, and all of the schema is kept",
          "[actions][database]") {
  MergeWorld world;
  const std::string newer =
      world.AddSource("newer.db", "(1, 'web', 20, 0.5), (2, 'disk', 5, 1.5), (3, 'same', 1, 1)");
  const std::string older =
      world.AddSource("older.db",
                      "(1, 'web', 10, 0.1), (2, 'disk', 9, 9.5), (3, 'same', 1, 1),"
                      " (4, 'gone', 3, 3)");
  const Outcome merged =
      world.Do("database.merge", world.Inputs(Value::List{newer, older}, kByComponent));
  INFO(MessageOf(merged));
  REQUIRE(merged);
  const Value& output = merged.output();
  CHECK(world.Merged("SELECT group_concat(component || at || ':' || value, ' ') FROM"
                     " (SELECT * FROM metrics ORDER BY id)") ==
        "web20:0.5 disk9:9.5 same1:1.0 gone3:3.0");
  CHECK(output["by_source"].as_list()[1] == Value::Object({{"path", older},
                                                           {"read", 4},
                                                           {"added", 1},
                                                           {"replaced", 1},
                                                           {"duplicates", 1},
                                                           {"superseded", 1},
                                                           {"conflicts", 0}}));
  CHECK(output["tables"] == Value::Object({{"metrics", 4}, {"notes", 0}}));

  const std::string schema =
      "SELECT group_concat(sql, ';') FROM (SELECT * FROM sqlite_schema"
      " WHERE sql NOT NULL ORDER BY name)";
  CHECK(world.Merged(schema) == Sql(newer).Text(schema));
  CHECK(world.Merged("PRAGMA user_version") == "4");
  CHECK(world.Merged("SELECT count(*) FROM latest") == "4");

  // It can be restored as soon as it is verified, like a backup.
  REQUIRE(world.Do("backup.verify", world.WithBackup(world.Path("merged.db"))));
  CHECK(world.Do("database.rehearse_restore", world.WithBackup(world.Path("merged.db"))));
}

TEST_CASE("rows without a key count once across sources, and as often as one source has them",
          "[actions][database]") {
  MergeWorld world;
  const std::string more = "INSERT INTO notes VALUES('a'), ('a'), ('b'), (NULL)";
  const std::string newer = world.AddSource("newer.db", "(1, 'web', 1, 1)", more);
  const std::string older = world.AddSource("older.db", "(1, 'web', 1, 1), (2, 'disk', 1, 1)",
                                            more + "; INSERT INTO notes VALUES('a')");
  const Outcome merged = world.Do("database.merge", world.Inputs(Value::List{newer, older}));
  INFO(MessageOf(merged));
  REQUIRE(merged);
  CHECK(merged.output()["tables"] == Value::Object({{"metrics", 2}, {"notes", 5}}));
  CHECK(merged.output()["conflicts"] == Value(0));
}

TEST_CASE("rows that contradict each other are reported, or nothing is made",
          "[actions][database]") {
  MergeWorld world;
  // The same component at the same time, and two rows that took the same id.
  const std::string newer = world.AddSource("newer.db", "(1, 'web', 10, 0.5), (2, 'disk', 1, 1)");
  const std::string older = world.AddSource("older.db", "(1, 'web', 10, 0.6), (2, 'tape', 1, 1)");
  const Value inputs =
      world.Inputs(Value::List{newer, older},
                   R"([{"name": "metrics", "key": ["component", "at"], "timestamp": "at"}])");
  const Outcome refused = world.Do("database.merge", inputs.With("on_conflict", "fail"));
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kAborted);
  CHECK(refused.failure().evidence["conflicts"] == Value(2));
  CHECK_FALSE(fs::exists(world.Path("merged.db")));

  const Outcome merged = world.Do("database.merge", inputs);
  INFO(MessageOf(merged));
  REQUIRE(merged);
  CHECK(merged.output()["conflicts"] == Value(2));
  const std::string examples = ToJson(merged.output()["conflict_examples"]);
  CHECK_THAT(examples, Catch::Contains("component = 'web', at = 10, value = 0.6") &&
                           Catch::Contains("UNIQUE constraint failed: metrics.id"));
  CHECK(world.Merged("SELECT value FROM metrics WHERE component = 'web'") == "0.5");
}

TEST_CASE("a merge tells of rows that refer to rows which it has left out", "[actions][database]") {
  MergeWorld world;
  const std::string refer =
      "CREATE TABLE alerts(metric INTEGER REFERENCES metrics(id)); INSERT INTO alerts VALUES";
  const std::string newer = world.AddSource("newer.db", "(1, 'web', 20, 0.5)", refer + "(1)");
  // Its row 7 is superseded, and its alert refers to it.
  const std::string older = world.AddSource("older.db", "(7, 'web', 10, 0.1)", refer + "(7)");
  const Outcome merged =
      world.Do("database.merge", world.Inputs(Value::List{newer, older}, kByComponent));
  INFO(MessageOf(merged));
  REQUIRE(merged);
  CHECK(merged.output()["foreign_key_violations"] == Value(1));
  CHECK_THAT(ToJson(merged.output()["notes"]), Catch::Contains("1 rows refer to rows"));
}

TEST_CASE("what is no key is refused, because its rows would be lost to each other",
          "[actions][database]") {
  MergeWorld world;
  const std::string source = world.AddSource("a.db", "(1, 'web', 1, 1), (2, 'web', 2, 1)");
  const Outcome refused =
      world.Do("database.merge", world.Inputs(Value::List{source}, kByComponent));
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kInvalidArgument);
  CHECK_THAT(refused.failure().error.message, Catch::Contains("no key"));
  CHECK_FALSE(fs::exists(world.Path("merged.db")));
}

TEST_CASE("sources of another schema, damaged ones and a name that is taken are refused",
          "[actions][database]") {
  MergeWorld world;
  const std::string good = world.AddSource("good.db", "(1, 'web', 1, 1)");
  const std::string other = world.AddSource("other.db", "(1, 'web', 1, 1)", "DROP VIEW latest");
  const auto code = [&world](const Value::List& sources) {
    const Outcome refused = world.Do("database.merge", world.Inputs(sources));
    REQUIRE_FALSE(refused);
    return refused.failure().error.code;
  };
  CHECK(code({good, other}) == Code::kFailedPrecondition);
  const std::string cut = world.Path("cut.db");
  fs::copy_file(good, cut);
  fs::resize_file(cut, fs::file_size(cut) - 100);
  CHECK(code({good, cut}) == Code::kDataLoss);
  CHECK(code({}) == Code::kInvalidArgument);
  testing::WriteAll(world.Path("merged.db"), "another's");
  CHECK(code({good}) == Code::kFailedPrecondition);
  CHECK(testing::ReadAll(world.Path("merged.db")) == "another's");
}

TEST_CASE("a table whose rows no key tells apart is refused where that was asked for",
          "[actions][database]") {
  MergeWorld world;
  const std::string newer =
      world.AddSource("newer.db", "(1, 'web', 1, 1)", "INSERT INTO notes VALUES('new')");
  const std::string older =
      world.AddSource("older.db", "(1, 'web', 1, 1)", "INSERT INTO notes VALUES('old')");
  const Value inputs = world.Inputs(Value::List{newer, older}).With("keyless", "fail");
  const Outcome refused = world.Do("database.merge", inputs);
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kFailedPrecondition);
  // metrics has a key of its own.
  CHECK_THAT(refused.failure().error.message,
             Catch::Contains("the rows of notes apart") && Catch::Contains("Nothing was made"));
  CHECK_FALSE(fs::exists(world.Path("merged.db")));
  CHECK(world.Do("database.merge", inputs.With("keyless", "distinct")));
}

TEST_CASE("the keys of a merge come from the target, and the input says what counts instead",
          "[actions][database]") {
  MergeWorld world;
  const std::string newer =
      world.AddSource("newer.db", "(1, 'web', 1, 1)", "INSERT INTO notes VALUES('a'), ('b')");
  const std::string older =
      world.AddSource("older.db", "(1, 'web', 1, 2)", "INSERT INTO notes VALUES('b'), ('c')");
  const auto tables = ParseJson(
      R"([{"name": "metrics", "key": ["component"], "timestamp": "value"},
          {"name": "notes", "key": ["text"]}])");
  REQUIRE(tables);
  const Value inputs = world.Inputs(Value::List{newer, older})
                           .With("database", world.DatabaseValue().With("tables", *tables))
                           .With("keyless", "fail");
  REQUIRE(world.Do("database.merge", inputs));
  CHECK(world.Merged("SELECT value FROM metrics") == "2.0");
  CHECK(world.Merged("SELECT count(*) FROM notes") == "3");

  const auto other = ParseJson(R"([{"name": "metrics", "key": ["component", "at"]}])");
  REQUIRE(other);
  const Value instead = inputs.With("tables", *other).With("to", world.Path("other.db"));
  REQUIRE(world.Do("database.merge", instead));
  CHECK(Sql(world.Path("other.db")).Text("SELECT value FROM metrics") == "1.0");
}

}  // namespace
}  // namespace recourse
