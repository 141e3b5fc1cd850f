// Pointers of rows that spill over, damaged so that they name pages of others.
#include <unistd.h>

#include "actions/database/sqlite_pages.h"
#include "tests/unit/actions/database/database_world.h"

namespace recourse {
namespace {

using testing::AddRows;
using testing::DatabaseWorld;
using testing::kPage;
using testing::MessageOf;
using testing::Sql;

constexpr std::int64_t kMetrics = 5000;

// A table whose one row spills over, and one that comes after it in the schema.
void MakeSpilled(const std::string& path) {
  const Sql sql(path);
  sql.Run("PRAGMA page_size = 4096");
  sql.Run("CREATE TABLE files(name TEXT, data BLOB)");
  sql.Run("CREATE TABLE metrics(id INTEGER PRIMARY KEY, component TEXT NOT NULL, value REAL)");
  sql.Run("CREATE INDEX metrics_component ON metrics(component)");
  sql.Run("INSERT INTO files VALUES('large', zeroblob(60000))");
  AddRows(sql, kMetrics);
}

std::string PageBytes(std::int64_t page) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(page >> shift & 0xff);
  return bytes;
}

// The row of files goes on where this page is: the last bytes of its leaf, which has one cell.
void PointTo(const std::string& path, std::int64_t offset) {
  const std::int64_t leaf = testing::PageOffset(path, "files", "leaf");
  const std::int64_t overflow = testing::PageOffset(path, "files", "overflow") / kPage + 1;
  const std::string bytes = testing::ReadAll(path);
  const auto end = static_cast<std::size_t>(leaf + kPage);
  REQUIRE((bytes.substr(end - 4, 4) == PageBytes(overflow)));
  testing::Overwrite(path, leaf + kPage - 4, PageBytes(offset / kPage + 1));
}

TEST_CASE("a damaged pointer of a row takes no page from another table, and cuts its own row",
          "[actions][database]") {
  DatabaseWorld world;
  MakeSpilled(world.database());
  const std::int64_t root = testing::PageOffset(world.database(), "metrics", "internal");
  const std::int64_t leaf = testing::PageOffset(world.database(), "metrics", "leaf", 7);
  std::int64_t lost_pages = 0;
  SECTION("to a leaf") { PointTo(world.database(), leaf); }
  SECTION("to the root") { PointTo(world.database(), root); }
  SECTION("to a leaf that has lost its parent") {
    PointTo(world.database(), leaf);
    testing::ZeroPage(world.database(), root);
    lost_pages = 1;
  }
  const Outcome saved = world.Do(
      "database.salvage",
      Value::Object({{"database", world.DatabaseValue()}, {"to", world.Path("saved.db")}}));
  INFO(MessageOf(saved));
  REQUIRE(saved);
  CHECK(saved.output()["tables"]["metrics"] == Value(kMetrics));
  CHECK(saved.output()["tables"]["files"] == Value(0));
  CHECK(saved.output()["lost_and_found"] == Value(1));
  CHECK(saved.output()["lost_pages"] == Value(lost_pages));
  const Sql sql(world.Path("saved.db"));
  CHECK(sql.Text("SELECT of_table || c0 || ifnull(c1, ' cut') FROM lost_and_found") ==
        "fileslarge cut");
}

// Where numbers of pages are so large that one may begin as a page of a tree does, that page can be
// taken for a row's: only the tree tells whose it is.
TEST_CASE("a tree has its pages back from a row also in a file of many millions of pages",
          "[actions][database]") {
  DatabaseWorld world;
  {
    const Sql sql(world.database());
    sql.Run("PRAGMA page_size = 512");
    sql.Run("CREATE TABLE files(name TEXT, data BLOB)");
    sql.Run("CREATE TABLE keyed(k INTEGER, v TEXT, PRIMARY KEY(k)) WITHOUT ROWID");
    sql.Run("INSERT INTO files VALUES('large', zeroblob(6000))");
    sql.Run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
        " INSERT INTO keyed SELECT i, 'value ' || i FROM n");
  }
  const Sql sql(world.database());
  const auto root_of = [&sql](const std::string& table) {
    return sql.Number("SELECT rootpage FROM sqlite_schema WHERE name = '" + table + "'");
  };
  const std::int64_t files = root_of("files"), keyed = root_of("keyed");
  testing::Overwrite(world.database(), files * 512 - 4, PageBytes(keyed));
  // Sparse: it takes no more of the disk than before.
  REQUIRE(truncate(world.database().c_str(), (std::int64_t{0x02000000} + 10) * 512) == 0);

  auto pages = database::StoredPages::Open(world.database(), 0);
  REQUIRE(pages);
  std::int64_t rows = 0;
  const auto count = [&rows](const database::StoredRow&) { return ++rows, Result<void>(); };
  REQUIRE(pages->ReadTree(files, database::TreeKind::kTable, count));
  REQUIRE(pages->ReadTree(keyed, database::TreeKind::kIndex, count));
  CHECK(rows == 1 + 200);
  CHECK(pages->lost_pages() == 0);
}

TEST_CASE("a salvage tells of rows that refer to rows which were lost", "[actions][database]") {
  DatabaseWorld world;
  MakeSpilled(world.database());
  Sql(world.database())
      .Run(
          "CREATE TABLE alerts(metric INTEGER REFERENCES metrics(id));"
          "INSERT INTO alerts SELECT id FROM metrics");
  testing::ZeroPage(world.database(), testing::PageOffset(world.database(), "metrics", "leaf", 7));
  const Outcome saved = world.Do(
      "database.salvage",
      Value::Object({{"database", world.DatabaseValue()}, {"to", world.Path("saved.db")}}));
  INFO(MessageOf(saved));
  REQUIRE(saved);
  const std::int64_t lost = kMetrics - saved.output()["tables"]["metrics"].as_int();
  REQUIRE(lost > 0);
  CHECK(saved.output()["foreign_key_violations"] == Value(lost));
  CHECK_THAT(ToJson(saved.output()["notes"]),
             Catch::Contains(std::to_string(lost) + " rows refer to rows"));
}

}  // namespace
}  // namespace recourse
