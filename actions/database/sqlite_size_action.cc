#include <algorithm>
#include <cstdio>
#include <map>

#include "actions/database/resource.h"
#include "actions/database/specs.h"
#include "actions/database/sqlite_actions.h"
#include "actions/database/sqlite_reading.h"
#include "engine/base/text.h"

namespace recourse::database {
namespace {

struct TableSize {
  std::int64_t bytes = 0;
  std::int64_t unused = 0;
  std::int64_t of_indexes = 0;
};

struct DatabaseSize {
  std::int64_t page_size = 0;
  std::int64_t page_count = 0;
  std::int64_t freelist_pages = 0;
  std::map<std::string, TableSize> tables;

  double freelist_percent() const {
    return page_count == 0
               ? 0
               : 100 * static_cast<double>(freelist_pages) / static_cast<double>(page_count);
  }
};

Result<void> MeasureSize(const SqliteConnection& connection, DatabaseSize& size) {
  size = {};
  const std::pair<const char*, std::int64_t*> numbers[] = {
      {"PRAGMA page_size", &size.page_size},
      {"PRAGMA page_count", &size.page_count},
      {"PRAGMA freelist_count", &size.freelist_pages}};
  if (auto begun = connection.Run("BEGIN"); !begun) return begun;
  for (const auto& [sql, number] : numbers) {
    auto measured = connection.Number(sql);
    if (!measured) return std::move(measured).error();
    *number = *measured;
  }
  return connection.Run(
      "SELECT ifnull(s.tbl_name, d.name), ifnull(s.type, 'table') = 'index', d.pgsize, d.unused"
      " FROM dbstat AS d LEFT JOIN sqlite_schema AS s ON s.name = d.name"
      " WHERE d.aggregate = TRUE",
      [&size](sqlite3_stmt* row) {
        TableSize& table = size.tables[ColumnText(row, 0)];
        const std::int64_t bytes = sqlite3_column_int64(row, 2);
        if (sqlite3_column_int(row, 1) != 0) {
          table.of_indexes += bytes;
        } else {
          table.bytes += bytes;
          table.unused += sqlite3_column_int64(row, 3);
        }
      });
}

Value::List TableSizes(const DatabaseSize& size) {
  std::vector<std::pair<std::string, TableSize>> tables(size.tables.begin(), size.tables.end());
  std::stable_sort(tables.begin(), tables.end(), [](const auto& a, const auto& b) {
    return a.second.bytes + a.second.of_indexes > b.second.bytes + b.second.of_indexes;
  });
  Value::List list;
  for (const auto& [name, table] : tables) {
    list.push_back(Value::Object({{"name", name},
                                  {"bytes", table.bytes},
                                  {"unused_bytes", table.unused},
                                  {"index_bytes", table.of_indexes}}));
  }
  return list;
}

std::string PercentText(double percent) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", percent);
  return text;
}

// The thresholds that are reached, a sentence each.
Value::List ReachedSizes(const CheckReport& files, const DatabaseSize& size,
                         const Value& thresholds) {
  Value::List reasons;
  const auto compare = [&](std::string_view key, std::int64_t bytes, const std::string& what) {
    if (thresholds.Find(key) == nullptr || bytes < thresholds.IntOr(key, 0)) return;
    reasons.push_back(what + " has " + HumanBytes(bytes) + "; the threshold is " +
                      HumanBytes(thresholds.IntOr(key, 0)));
  };
  compare("bytes", files.size, "the file");
  compare("wal_bytes", files.wal_bytes, "the write-ahead log");
  const Value& percent = thresholds["freelist_percent"];
  if (!IsNumber(percent)) return reasons;
  const double limit = percent.is_double()
                           ? percent.as_double()
                           : static_cast<double>(thresholds.IntOr("freelist_percent", 0));
  if (size.freelist_percent() >= limit) {
    reasons.push_back(PercentText(size.freelist_percent()) +
                      " of the file are free pages; the threshold is " + PercentText(limit));
  }
  return reasons;
}

class SqliteSize final : public Action {
 public:
  const ActionSpec& Spec() const override { return SizeSpec(); }

  Outcome Apply(const Context& context) const override {
    auto resource = ReadResource(context.inputs["database"], context.policy);
    if (!resource) return std::move(resource).error();
    auto files = LookAtSqlite(resource->path, context);
    if (!files) return std::move(files).error();
    DatabaseSize size;
    auto measured = ReadSqlite(resource->path, context, [&](const SqliteConnection& connection) {
      return MeasureSize(connection, size);
    });
    if (!measured) return std::move(measured).error().In("measure the database");

    const Value::List failed = ReachedSizes(*files, size, context.inputs["fail"]);
    const Value::List warned = ReachedSizes(*files, size, context.inputs["warn"]);
    const Value output = Value::Object({{"path", files->path},
                                        {"level", !failed.empty()   ? "fail"
                                                  : !warned.empty() ? "warn"
                                                                    : "ok"},
                                        {"reasons", !failed.empty() ? failed : warned},
                                        {"bytes", files->size},
                                        {"wal_bytes", files->wal_bytes},
                                        {"total_bytes", files->size + files->wal_bytes},
                                        {"page_size", size.page_size},
                                        {"page_count", size.page_count},
                                        {"freelist_pages", size.freelist_pages},
                                        {"freelist_bytes", size.freelist_pages * size.page_size},
                                        {"freelist_percent", size.freelist_percent()},
                                        {"journal_mode", files->journal_mode},
                                        {"tables", TableSizes(size)}});
    if (failed.empty()) return output;
    return Failure{
        {Code::kResourceExhausted, files->path + " is too large: " + failed.front().as_string()},
        output};
  }
};

}  // namespace

std::unique_ptr<const Action> MakeSqliteSize() { return std::make_unique<SqliteSize>(); }

}  // namespace recourse::database
