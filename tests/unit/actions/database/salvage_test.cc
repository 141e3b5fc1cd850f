#include <random>

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
namespace fs = std::filesystem;

class SalvageWorld : public DatabaseWorld {
 public:
  Value Inputs() const {
    return Value::Object({{"database", DatabaseValue()}, {"to", Path("saved.db")}});
  }
  Outcome Salvage(const Value& more = Value::Object({})) {
    Value inputs = Inputs();
    for (const auto& [name, value] : more.as_map()) inputs = inputs.With(name.as_string(), value);
    return Do("database.salvage", inputs);
  }
  std::int64_t Saved(const std::string& sql) const { return Sql(Path("saved.db")).Number(sql); }
};

// What must be had of a database of kRows rows after the damage: rows in their table at least, and
// rows in lost_and_found at least. Nothing: there is nothing to be had.
struct Left {
  std::int64_t rows = kRows;
  std::int64_t lost_and_found = 0;
};
const std::map<std::string, std::optional<Left>>& LeftAfter() {
  static const std::map<std::string, std::optional<Left>> left = {
      {"the header's magic", Left{}},
      {"the page size in the header", Left{}},
      {"page 1 zeroed", Left{0, kRows}},  // the schema is gone with it
      {"a leaf of the table zeroed", Left{19'800}},
      {"a leaf of the table overwritten", Left{19'800}},
      {"the root of the table zeroed", Left{kRows, 0}},
      {"a leaf of the index zeroed", Left{}},
      {"half of the file gone", Left{10'400}},
      {"the end of the last page gone", Left{kRows, 1}},  // of the large value the name is left
      {"nothing in the file", std::nullopt},
      {"an index without some rows of its table", Left{kRows - 50}},
      {"the list of free pages", Left{}},
      {"a transaction cut off, its journal lost", Left{12'500}},
      {"a row of the schema without its type", Left{}},
      {"another database's write-ahead log beside it", Left{}},
      {"a text file", std::nullopt},
  };
  return left;
}

TEST_CASE("what a damage leaves of the rows is salvaged, and the damaged file stays as it is",
          "[actions][database]") {
  for (const Damage& damage : Damages()) {
    INFO(damage.name);
    SalvageWorld world;
    MakeDatabase(world.database());
    damage.inflict(world.database());
    auto before = world.Snapshot();
    const Outcome saved = world.Salvage();
    INFO(MessageOf(saved));
    const std::optional<Left>& left = LeftAfter().at(damage.name);
    REQUIRE(saved.ok() == left.has_value());
    auto after = world.Snapshot();
    after.erase(world.Path("./saved.db"));
    after.erase(world.Path("./saved.db.manifest.json"));
    CHECK(after == before);
    if (!left) {
      CHECK(saved.failure().error.code == Code::kDataLoss);
      continue;
    }
    const Value& output = saved.output();
    CHECK(output["tables"].IntOr("metrics", 0) >= left->rows);
    CHECK(output["tables"].IntOr("metrics", 0) <= kRows);
    CHECK(output["lost_and_found"].as_int() >= left->lost_and_found);
    CHECK(Sql(world.Path("saved.db")).Text("PRAGMA integrity_check") == "ok");
    if (left->rows == kRows) {
      CHECK(world.Saved("SELECT count(*) FROM metrics WHERE value = ((id - 1) % 20000 + 1) * 0.5"
                        " AND component = 'component ' || (id % 50)") == kRows);
      CHECK(world.Saved("SELECT count(*) FROM sqlite_schema WHERE name = 'metrics_component'") ==
            1);
    }
  }
}

TEST_CASE("bytes that are overwritten anywhere neither stop a salvage nor make an unsound file",
          "[actions][database]") {
  SalvageWorld world;
  MakeDatabase(world.database(), 1500);
  Sql(world.database()).Run("DELETE FROM metrics WHERE id % 5 = 0");
  const std::string good = testing::ReadAll(world.database());
  for (unsigned seed = 1; seed <= 60; ++seed) {
    INFO(seed);
    std::minstd_rand random(seed);
    std::string bad = good;
    for (unsigned bytes = 1 + random() % 60; bytes > 0; --bytes) {
      // Every second one in the head of a page, where it does most harm.
      const std::size_t at = random() % bad.size();
      const std::size_t head = at / testing::kPage * testing::kPage + random() % 12;
      bad[bytes % 2 == 0 ? at : head] = static_cast<char>(random());
    }
    testing::WriteAll(world.database(), bad);
    const Outcome saved = world.Salvage();
    INFO(MessageOf(saved));
    if (!saved) {
      CHECK(saved.failure().error.code == Code::kDataLoss);
      continue;
    }
    CHECK(Sql(world.Path("saved.db")).Text("PRAGMA integrity_check") == "ok");
    fs::remove(world.Path("saved.db"));
  }
}

TEST_CASE("what is salvaged is never a backup, and is restored only when that is accepted",
          "[actions][database]") {
  SalvageWorld world;
  MakeDatabase(world.database(), 1000);
  testing::ZeroPage(world.database(), testing::PageOffset(world.database(), "metrics", "leaf", 2));
  const Outcome saved = world.Salvage();
  INFO(MessageOf(saved));
  REQUIRE(saved);
  const Value inputs = world.WithBackup(world.Path("saved.db"));
  CHECK(world.Do("backup.verify", inputs).failure().error.code == Code::kFailedPrecondition);
  world.key = "R-2/restore/1";
  const Outcome refused = world.Do("database.restore", inputs);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.failure().error.message, Catch::Contains("accept_salvaged: true"));

  const Value accepted = inputs.With("accept_salvaged", true);
  const auto plan = world.Find("database.restore").Plan(world.MakeContext(accepted));
  REQUIRE(plan);
  CHECK_THAT(plan->lines[0], Catch::Contains("salvaged from a damaged database"));
  const Outcome restored = world.Do("database.restore", accepted);
  INFO(MessageOf(restored));
  REQUIRE(restored);
  CHECK(world.Check());
}

TEST_CASE("a schema that is lost comes from a backup, and rows go where they fit",
          "[actions][database]") {
  SalvageWorld world;
  MakeDatabase(world.database(), 500);
  const std::string backup = world.MakeBackup();
  AddRows(Sql(world.database()), 300);
  testing::ZeroPage(world.database(), 0);
  const Outcome saved = world.Salvage(Value::Object({{"schema_from", backup}}));
  INFO(MessageOf(saved));
  REQUIRE(saved);
  CHECK(saved.output()["schema_source"] == Value("backup"));
  CHECK(saved.output()["tables"] == Value::Object({{"metrics", 800}, {"files", 1}}));
  CHECK(saved.output()["lost_and_found"] == Value(0));
}

TEST_CASE("rows that a log holds are salvaged with it, and deleted rows are not",
          "[actions][database]") {
  SalvageWorld world;
  MakeDatabase(world.database(), 2000, "wal");
  {
    const Sql sql(world.database());
    sql.Run("PRAGMA wal_autocheckpoint = 0; DELETE FROM metrics WHERE id > 1000");
    AddRows(sql, 30);
    fs::copy_file(world.database() + "-wal", world.Path("kept-wal"));
    fs::copy_file(world.database(), world.Path("kept"));
  }
  fs::rename(world.Path("kept-wal"), world.database() + "-wal");
  fs::rename(world.Path("kept"), world.database());
  testing::Overwrite(world.database(), 0, std::string(16, '#'));
  const Outcome saved = world.Salvage();
  INFO(MessageOf(saved));
  REQUIRE(saved);
  CHECK(saved.output()["tables"] == Value::Object({{"metrics", 1030}, {"files", 1}}));
}

TEST_CASE("tables of every kind are salvaged as they were", "[actions][database]") {
  const std::string encoding = GENERATE("UTF-8", "UTF-16le", "UTF-16be");
  INFO(encoding);
  SalvageWorld world;
  {
    const Sql sql(world.database());
    sql.Run("PRAGMA encoding = '" + encoding + "'");
    sql.Run("CREATE TABLE plain(a, b TEXT, c BLOB)");
    sql.Run(
        "INSERT INTO plain(rowid, a, b, c) VALUES(7, 1.5, 'größe', x'00ff'), (9, NULL, '', -3)");
    sql.Run("ALTER TABLE plain ADD COLUMN added DEFAULT 'since'");
    sql.Run("INSERT INTO plain(rowid, a, added) VALUES(11, 9223372036854775807, 'own')");
    sql.Run("CREATE TABLE keyed(v INT, k TEXT, w, PRIMARY KEY(k, v)) WITHOUT ROWID");
    sql.Run("INSERT INTO keyed VALUES(2, 'b', 'x'), (1, 'a', zeroblob(9000))");
    sql.Run(
        "CREATE TABLE counted(id INTEGER PRIMARY KEY AUTOINCREMENT, n INT,"
        " twice INT AS (n * 2) STORED, thrice INT AS (n * 3))");
    sql.Run("INSERT INTO counted(id, n) VALUES(41, 4), (90, 1); DELETE FROM counted WHERE n = 1");
    sql.Run("CREATE VIEW seen AS SELECT * FROM keyed");
  }
  const std::string all =
      "SELECT (SELECT group_concat(rowid || quote(a) || quote(b) || quote(c) || quote(added))"
      " FROM plain) || (SELECT group_concat(quote(v) || quote(k) || length(w)) FROM seen)"
      " || (SELECT id || n || twice || thrice FROM counted) || (SELECT seq FROM sqlite_sequence)";
  const std::string wanted = Sql(world.database()).Text(all);
  REQUIRE(wanted.size() > 60);
  testing::Overwrite(world.database(), 0, std::string(16, '#'));
  const Outcome saved = world.Salvage();
  INFO(MessageOf(saved));
  REQUIRE(saved);
  CHECK(Sql(world.Path("saved.db")).Text(all) == wanted);
  CHECK(saved.output()["missing_objects"] == Value(Value::List{}));
  CHECK(saved.output()["lost_and_found"] == Value(0));
}

}  // namespace
}  // namespace recourse
