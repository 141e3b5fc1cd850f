#include "tests/unit/actions/database/database_world.h"

namespace recourse {
namespace {

using testing::AddRows;
using testing::Damage;
using testing::Damages;
using testing::DatabaseWorld;
using testing::kRows;
using testing::MakeDatabase;
using testing::MessageOf;
using testing::Sql;

TEST_CASE("a good database passes with what it holds, and nothing is left behind",
          "[actions][database]") {
  for (const char* mode : {"delete", "wal"}) {
    INFO(mode);
    DatabaseWorld world;
    MakeDatabase(world.database(), kRows, mode);
    const auto before = world.Snapshot();
    const Outcome checked = world.Check();
    INFO(MessageOf(checked));
    REQUIRE(checked);
    const Value& output = checked.output();
    CHECK(output["integrity"] == Value("ok"));
    CHECK(output["tables"] == Value::Object({{"metrics", kRows}, {"files", 1}}));
    CHECK(output["user_version"] == Value(3));
    CHECK(output["application_id"] == Value(77));
    CHECK(output["journal_mode"] == Value(mode));
    CHECK(output["size"] == Value(output["page_count"].as_int() * 4096));
    CHECK(world.Snapshot() == before);
  }
}

TEST_CASE("every damage is found, also where SQLite says ok", "[actions][database]") {
  for (const Damage& damage : Damages()) {
    INFO(damage.name);
    DatabaseWorld world;
    MakeDatabase(world.database());
    damage.inflict(world.database());
    const auto before = world.Snapshot();
    const Outcome checked = world.Check();
    INFO(MessageOf(checked));
    REQUIRE_FALSE(checked);
    CHECK(checked.failure().error.code == Code::kDataLoss);
    CHECK(checked.failure().left == LeftBehind::kNothing);
    CHECK_FALSE(checked.failure().evidence["findings"].as_list().empty());
    CHECK(world.Snapshot() == before);

    // Last, because SQLite changes what it opens.
    const Sql sql(world.database());
    CHECK((sql.Text("PRAGMA integrity_check") == "ok") == damage.passes_integrity_check);
  }
}

TEST_CASE("a database whose application brings its own collation is not called damaged",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 100);
  {
    const Sql application(world.database());
    application.Collate("german");
    application.Run("CREATE INDEX metrics_german ON metrics(component COLLATE german)");
  }
  const Outcome checked = world.Check();
  REQUIRE_FALSE(checked);
  INFO(MessageOf(checked));
  CHECK(checked.failure().error.code == Code::kFailedPrecondition);
  CHECK_THAT(checked.failure().error.message,
             Catch::Contains("german") && Catch::Contains("no damage"));
}

TEST_CASE("a missing database is an error, and is not made", "[actions][database]") {
  DatabaseWorld world;
  const Outcome checked = world.Check();
  REQUIRE_FALSE(checked);
  CHECK(checked.failure().error.code == Code::kNotFound);
  CHECK_FALSE(std::filesystem::exists(world.database()));
}

TEST_CASE("a log that was lost with its commits shows only in the expected number of rows",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 10, "wal");
  {
    const Sql sql(world.database());
    AddRows(sql, 500);
    const std::string without_log = testing::ReadAll(world.database());
    testing::WriteAll(world.Path("lost.db"), without_log);
  }
  std::filesystem::rename(world.Path("lost.db"), world.database());
  std::filesystem::remove(world.database() + "-wal");
  CHECK(world.Check());  // nothing in the file tells

  Value database = world.DatabaseValue();
  database =
      database.With("tables", Value::List{Value::Object({{"name", "metrics"}, {"rows_min", 500}})});
  const Outcome checked = world.Do("database.check", Value::Object({{"database", database}}));
  REQUIRE_FALSE(checked);
  CHECK(checked.failure().error.code == Code::kDataLoss);
  CHECK_THAT(checked.failure().error.message, Catch::Contains("10 rows") && Catch::Contains("500"));
}

TEST_CASE("an expected table is there whatever the case of its letters", "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 10);
  const auto expecting = [&world](const char* table) {
    const Value tables = Value::List{Value::Object({{"name", table}, {"rows_min", 10}})};
    return Value::Object({{"database", world.DatabaseValue().With("tables", tables)}});
  };
  CHECK(world.Do("database.check", expecting("Metrics")));
  CHECK_FALSE(world.Do("database.check", expecting("Metric")));
}

TEST_CASE("a log that was lost with its commits shows beside a backup that has them",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 100, "wal");
  std::string backup;
  {
    const Sql sql(world.database());
    sql.Run("PRAGMA wal_autocheckpoint = 0");
    AddRows(sql, 500);
    backup = world.MakeBackup();
    testing::WriteAll(world.Path("lost.db"), testing::ReadAll(world.database()));
  }
  const Value inputs =
      Value::Object({{"database", world.DatabaseValue()}, {"not_older_than", backup}});
  CHECK(world.Do("database.check", inputs));
  std::filesystem::rename(world.Path("lost.db"), world.database());
  const Outcome checked = world.Do("database.check", inputs);
  REQUIRE_FALSE(checked);
  CHECK(checked.failure().error.code == Code::kDataLoss);
  CHECK_THAT(checked.failure().error.message,
             Catch::Contains("100 rows") && Catch::Contains("it had 600"));
  CHECK_THAT(ToJson(checked.failure().evidence["notes"]), Catch::Contains("counted"));
  CHECK(world.Do("database.check", inputs.With("rows_drop_percent_max", 90)));
}

TEST_CASE("an older log of the same database beside a restored file is found",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 100, "wal");
  {
    const Sql sql(world.database());
    AddRows(sql, 500);
    std::filesystem::copy_file(world.database() + "-wal", world.Path("older-wal"));
  }
  // By now the log is gone, all its pages are in the file, and more.
  {
    const Sql sql(world.database());
    sql.Run("CREATE TABLE later(x)");
    AddRows(sql, 500);
  }
  REQUIRE(world.Check());
  std::filesystem::rename(world.Path("older-wal"), world.database() + "-wal");
  const Outcome checked = world.Check();
  REQUIRE_FALSE(checked);
  CHECK_THAT(checked.failure().error.message, Catch::Contains("does not belong"));
  const Sql sql(world.database());
  CHECK(sql.Text("PRAGMA integrity_check") == "ok");
  CHECK(sql.Text("SELECT count(*) FROM later").find("no such table") != std::string::npos);
}

TEST_CASE("a newer log beside an older file that was put back is found, whatever their times",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 100, "wal");
  std::filesystem::copy_file(world.database(), world.Path("older.db"));
  for (int day = 0; day < 3; ++day) AddRows(Sql(world.database()), 50);
  {
    const Sql sql(world.database());
    sql.Run("PRAGMA wal_autocheckpoint = 0");
    AddRows(sql, 500);
    std::filesystem::copy_file(world.database() + "-wal", world.Path("newer-wal"));
  }
  std::filesystem::rename(world.Path("older.db"), world.database());
  std::filesystem::rename(world.Path("newer-wal"), world.database() + "-wal");
  const Outcome checked = world.Check();
  REQUIRE_FALSE(checked);
  CHECK(checked.failure().error.code == Code::kDataLoss);
  CHECK_THAT(checked.failure().error.message,
             Catch::Contains("does not belong") && Catch::Contains("a later state"));
}

TEST_CASE("a database whose file was only touched is healthy, and so is one under any use",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 100, "wal");
  const Sql first(world.database());
  const Sql second(world.database());
  first.Run("PRAGMA wal_autocheckpoint = 0");
  second.Run("PRAGMA wal_autocheckpoint = 0");
  AddRows(first, 400);
  const auto touched = [&world] {
    const auto log_written = std::filesystem::last_write_time(world.database() + "-wal");
    std::filesystem::last_write_time(world.database(), log_written + std::chrono::hours(1));
    const Outcome checked = world.Check();
    INFO(MessageOf(checked));
    REQUIRE(checked);
    return checked.output()["notes"].as_list();
  };
  const Value::List notes = touched();
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes[0].as_string(), Catch::Contains("if nobody has touched the file"));

  // The counters go on whoever writes, and whenever the log begins anew.
  for (const char* sql :
       {"CREATE TABLE a(x)", "PRAGMA user_version = 9", "VACUUM", "PRAGMA wal_checkpoint(RESTART)",
        "DELETE FROM metrics WHERE id % 2 = 0"}) {
    INFO(sql);
    second.Run(sql);
    AddRows(first, 100);
    (void)touched();
    AddRows(second, 100);
    (void)touched();
  }
}

TEST_CASE("a database is checked while it is used, log and all", "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 100, "wal");
  const Sql sql(world.database());
  AddRows(sql, 400);
  const Outcome checked = world.Check();
  INFO(MessageOf(checked));
  REQUIRE(checked);
  CHECK(checked.output()["tables"]["metrics"] == Value(500));
  CHECK(checked.output()["wal_bytes"].as_int() > 0);
  sql.Run("INSERT INTO metrics(component) VALUES('after the check')");

  // After a checkpoint the file is newer than the log that it was written from.
  sql.Run("PRAGMA wal_checkpoint(PASSIVE)");
  CHECK(world.Check());
}

TEST_CASE("a page that something else overwrites in a live database is found, with SQLite's words",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), kRows, "wal");
  const std::int64_t offset = testing::PageOffset(world.database(), "metrics", "leaf", 20);
  const Sql application(world.database());
  application.Run("PRAGMA wal_autocheckpoint = 0");
  AddRows(application, 400);
  const auto log_written = std::filesystem::last_write_time(world.database() + "-wal");
  testing::ZeroPage(world.database(), offset);
  std::filesystem::last_write_time(world.database(), log_written + std::chrono::seconds(1));
  const Outcome checked = world.Check();
  REQUIRE_FALSE(checked);
  CHECK(checked.failure().error.code == Code::kDataLoss);
  CHECK_THAT(checked.failure().error.message, Catch::Contains("malformed"));
  CHECK_THAT(ToJson(checked.failure().evidence["notes"]),
             Catch::Contains("something else than SQLite"));
}

TEST_CASE(
    "a database of another application or version, or without a table, is not the one expected",
    "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 10);
  const Value database = world.DatabaseValue();
  const auto message = [&world](const Value& expected) {
    const Outcome checked = world.Do("database.check", Value::Object({{"database", expected}}));
    return testing::MessageOf(checked);
  };
  CHECK(message(database.With("application_id", 77).With("user_version", 3)) == "");
  CHECK_THAT(message(database.With("application_id", 78)),
             Catch::Contains("application_id is 77 instead of 78"));
  CHECK_THAT(message(database.With("user_version", 4)),
             Catch::Contains("user_version is 3 instead of 4"));
  CHECK_THAT(message(database.With("tables", Value::List{Value::Object({{"name", "people"}})})),
             Catch::Contains("\"people\" is missing"));
}

TEST_CASE("a table that is there and damaged is not called missing", "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database());
  const Value expected = world.DatabaseValue().With("application_id", 77).With("user_version", 3);
  const auto message = [&] {
    const Outcome checked = world.Do("database.check", Value::Object({{"database", expected}}));
    REQUIRE_FALSE(checked);
    CHECK(checked.failure().error.code == Code::kDataLoss);
    CHECK_THAT(ToJson(checked.failure().evidence["findings"]),
               !Catch::Contains("is missing") && !Catch::Contains("instead of"));
    return ToJson(checked.failure().evidence["findings"]);
  };
  SECTION("itself") {
    testing::ZeroPage(world.database(),
                      testing::PageOffset(world.database(), "metrics", "leaf", 20));
    CHECK_THAT(message(), Catch::Contains("count the rows of the table \\\"metrics\\\"") &&
                              Catch::Contains("malformed"));
    // Of the evidence the message says once what SQLite says of each statement.
    const std::string told = testing::MessageOf(world.Check());
    INFO(told);
    const std::string said = "database disk image is malformed";
    REQUIRE(told.find(said) != std::string::npos);
    CHECK(told.find(said) == told.rfind(said));
  }
  SECTION("another before it") {
    testing::ZeroPage(world.database(), testing::PageOffset(world.database(), "files", "leaf"));
    CHECK_THAT(message(), Catch::Contains("btreeInitPage"));
  }
  SECTION("the schema") {
    testing::Overwrite(world.database(), 100, std::string(8, '\0'));
    CHECK_THAT(message(), Catch::Contains("malformed"));
  }
}

TEST_CASE("a transaction that was cut off is named as such, not as damage", "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 5000);
  {
    const Sql sql(world.database());
    sql.Run("PRAGMA cache_size = 4; BEGIN");
    AddRows(sql, 5000);
    std::filesystem::copy_file(world.database() + "-journal", world.Path("copy.db-journal"));
    std::filesystem::copy_file(world.database(), world.Path("copy.db"));
  }
  const Value database = world.DatabaseValue().With("path", world.Path("copy.db"));
  const Outcome checked = world.Do("database.check", Value::Object({{"database", database}}));
  REQUIRE_FALSE(checked);
  CHECK(checked.failure().error.code == Code::kFailedPrecondition);
  CHECK_THAT(checked.failure().error.message, Catch::Contains("unfinished transaction"));
}

TEST_CASE("a database that is locked for too long is busy, not damaged", "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 10);
  const Sql sql(world.database());
  sql.Run("BEGIN EXCLUSIVE");
  world.time_given = std::chrono::milliseconds(50);
  const Outcome checked = world.Check();
  REQUIRE_FALSE(checked);
  CHECK(checked.failure().error.code == Code::kDeadlineExceeded);
}

TEST_CASE("an unknown kind, a relative path and a forbidden one are refused by name",
          "[actions][database]") {
  DatabaseWorld world;
  MakeDatabase(world.database(), 10);
  const auto check = [&world](const Value& database) {
    const Outcome checked = world.Do("database.check", Value::Object({{"database", database}}));
    REQUIRE_FALSE(checked);
    return checked.failure().error;
  };
  const Error kind = check(world.DatabaseValue().With("kind", "oracle"));
  CHECK(kind.code == Code::kInvalidArgument);
  CHECK_THAT(kind.message, Catch::Contains("oracle") && Catch::Contains("sqlite"));
  CHECK(check(world.DatabaseValue().With("path", "health.db")).code == Code::kInvalidArgument);
  world.policy.allowed_roots = {"/nowhere"};
  CHECK(check(world.DatabaseValue()).code == Code::kPermissionDenied);
}

}  // namespace
}  // namespace recourse
