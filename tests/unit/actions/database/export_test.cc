#include <sys/stat.h>

#include "engine/base/digest.h"
#include "tests/unit/actions/database/database_world.h"

namespace recourse {
namespace {

using testing::DatabaseWorld;
using testing::MakeDatabase;
using testing::MessageOf;
using testing::ReadAll;
using testing::Sql;
namespace fs = std::filesystem;

Value Condition(const std::string& column, const std::string& op, const Value& value) {
  return Value::Object({{"column", column}, {"op", op}, {"value", value}});
}

class ExportWorld : public DatabaseWorld {
 public:
  ExportWorld() { MakeDatabase(database(), 100); }

  Value Inputs(const std::string& table) const {
    return Value::Object(
        {{"database", DatabaseValue()}, {"table", table}, {"to", Path("out.csv")}});
  }
  std::string Exported() const { return ReadAll(Path("out.csv")); }
};

TEST_CASE("rows that match are written as CSV of RFC 4180, whole or not at all",
          "[actions][database]") {
  ExportWorld world;
  Sql(world.database())
      .Run(
          "UPDATE metrics SET value = NULL WHERE id = 7; UPDATE metrics SET value = 2 WHERE id = "
          "57");
  const Value inputs = world.Inputs("metrics")
                           .With("filter", Value::List{Condition("component", "=", "component 7")})
                           .With("order_by", Value::List{"id"});
  const Outcome done = world.Do("database.export_rows", inputs);
  INFO(MessageOf(done));
  REQUIRE(done);
  CHECK(world.Exported() == "id,component,value\r\n7,component 7,\r\n57,component 7,2.0\r\n");
  CHECK(done.output()["rows"] == Value(2));
  CHECK(done.output()["sha256"] == Value(ToHex(Sha256Of(world.Exported()))));
  struct stat info;
  REQUIRE(stat(world.Path("out.csv").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0640);

  const Outcome again = world.Do("database.export_rows", inputs);
  REQUIRE_FALSE(again);
  CHECK(again.failure().error.code == Code::kFailedPrecondition);
  CHECK_THAT(again.failure().error.message, Catch::Contains("there is a file"));
}

TEST_CASE("what needs quotes has them, and NULL is told from an empty text",
          "[actions][database]") {
  ExportWorld world;
  Sql(world.database())
      .Run(
          "CREATE TABLE notes(a, b); INSERT INTO notes VALUES('say \"hi\"', 'one' || char(10) || "
          "'two'), ('', NULL), ('a,b', 0.1), (9007199254740993, 1e100)");
  REQUIRE(world.Do("database.export_rows", world.Inputs("notes").With("header", false)));
  CHECK(world.Exported() ==
        "\"say \"\"hi\"\"\",\"one\ntwo\"\r\n\"\",\r\n\"a,b\",0.1\r\n9007199254740993,1e+100\r\n");
}

TEST_CASE("conditions are bound as values and never read as SQL", "[actions][database]") {
  ExportWorld world;
  const auto rows = [&world](const Value& condition) {
    fs::remove(world.Path("out.csv"));
    const Outcome done = world.Do("database.export_rows",
                                  world.Inputs("metrics").With("filter", Value::List{condition}));
    INFO(MessageOf(done));
    REQUIRE(done);
    return done.output()["rows"].as_int();
  };
  CHECK(rows(Condition("component", "=", "x' OR '1'='1")) == 0);
  CHECK(rows(Condition("id", "<=", 10)) == 10);
  CHECK(rows(Condition("component", "like", "component 1%")) == 22);
  CHECK(rows(Condition("id", "in", Value::List{1, 2, 999})) == 2);
  CHECK(rows(Value::Object({{"column", "value"}, {"op", "is_null"}})) == 0);
  CHECK(rows(Value::Object({{"column", "value"}, {"op", "is_not_null"}})) == 100);

  const auto refusal = [&world](const Value& condition) {
    fs::remove(world.Path("out.csv"));
    const Outcome done = world.Do("database.export_rows",
                                  world.Inputs("metrics").With("filter", Value::List{condition}));
    REQUIRE_FALSE(done);
    CHECK_FALSE(fs::exists(world.Path("out.csv")));
    return MessageOf(done);
  };
  CHECK_THAT(refusal(Condition("nosuch", "=", "x")), Catch::Contains("component; value"));
  CHECK_THAT(refusal(Condition("id", "= 1 OR 1", 1)), Catch::Contains("op"));
  CHECK_THAT(refusal(Condition("id", "=", Value())), Catch::Contains("is_null"));
  CHECK_THAT(refusal(Condition("id", "=", Value::List{1})), Catch::Contains("list"));
}

TEST_CASE("blobs are refused with nothing left behind, or written as hex digits",
          "[actions][database]") {
  ExportWorld world;
  Sql(world.database()).Run("DELETE FROM files; INSERT INTO files VALUES('x', X'00ff')");
  const auto before = world.Snapshot();
  const Outcome refused = world.Do("database.export_rows", world.Inputs("files"));
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().error.code == Code::kFailedPrecondition);
  CHECK_THAT(refused.failure().error.message, Catch::Contains("blobs: hex"));
  CHECK(world.Snapshot() == before);
  REQUIRE(world.Do("database.export_rows", world.Inputs("files").With("blobs", "hex")));
  CHECK(world.Exported() == "name,data\r\nx,00ff\r\n");
}

TEST_CASE("rows come from a backup when one is named, and only from its verified bytes",
          "[actions][database]") {
  ExportWorld world;
  const std::string backup = world.MakeBackup();
  Sql(world.database()).Run("DELETE FROM metrics");
  const Value inputs = world.Inputs("metrics").With("backup", backup);
  const Outcome done = world.Do("database.export_rows", inputs);
  INFO(MessageOf(done));
  REQUIRE(done);
  CHECK(done.output()["rows"] == Value(100));
  CHECK(done.output()["source"] == Value(backup));

  fs::remove(world.Path("out.csv"));
  testing::Overwrite(backup, 9000, "rot");
  const Outcome rotten = world.Do("database.export_rows", inputs);
  REQUIRE_FALSE(rotten);
  CHECK(rotten.failure().error.code == Code::kDataLoss);
}

TEST_CASE("an export that was made before a crash is answered again, and another's file is not",
          "[actions][database]") {
  ExportWorld world;
  const Action& action = world.Find("database.export_rows");
  Value checkpoint;
  Context first = world.MakeContext(world.Inputs("metrics"));
  first.save_progress = [&](Value saved) {
    checkpoint = std::move(saved);
    return Result<void>();
  };
  const Outcome done = action.Apply(first);
  REQUIRE(done);
  Sql(world.database()).Run("DELETE FROM metrics");
  Context second = world.MakeContext(world.Inputs("metrics"));
  second.checkpoint = checkpoint;
  const Outcome again = action.Apply(second);
  INFO(MessageOf(again));
  REQUIRE(again);
  CHECK(again.output() == done.output());

  testing::WriteAll(world.Path("out.csv"), "another's");
  const Outcome refused = action.Apply(second);
  REQUIRE_FALSE(refused);
  CHECK(world.Exported() == "another's");
}

}  // namespace
}  // namespace recourse
