#include "actions/database/sqlite_reading.h"

#include <algorithm>

#include "actions/database/sqlite_statement.h"

namespace recourse::database {

Result<CheckReport> LookAtSqlite(const std::string& path, const Context& context) {
  auto report = CheckSqliteFile(path, {}, CheckDepth::kFile, context);
  if (report && !report->good()) return report->ToError();
  return report;
}

Result<void> ReadSqlite(const std::string& path, const Context& context, const SqliteRead& read) {
  auto looked = LookAtSqlite(path, context);
  if (!looked) return std::move(looked).error();
  QuietFile quiet(path, looked->journal_mode == "wal");
  const auto read_once = [&]() -> Result<void> {
    auto connection = SqliteConnection::Open(path, quiet.mode(), context);
    if (!connection) return std::move(connection).error();
    return read(*connection);
  };
  auto done = read_once();
  return quiet.StillQuiet() ? done : read_once();
}

Result<std::vector<SqliteColumn>> ColumnsOf(const SqliteConnection& connection,
                                            const std::string& table) {
  auto statement = SqliteStatement::Prepare(
      connection, "SELECT name, hidden, pk FROM pragma_table_xinfo(?1) ORDER BY cid");
  if (!statement) return std::move(statement).error();
  if (auto bound = statement->Bind(1, table); !bound) return std::move(bound).error();
  std::vector<SqliteColumn> columns;
  for (;;) {
    auto stepped = statement->Step();
    if (!stepped) return std::move(stepped).error();
    if (!*stepped) break;
    const int hidden = sqlite3_column_int(statement->row(), 1);
    if (hidden == 1) continue;  // of a virtual table
    columns.push_back(
        {ColumnText(statement->row(), 0), hidden != 0, sqlite3_column_int(statement->row(), 2)});
  }
  if (!columns.empty()) return columns;
  auto names = connection.Texts(
      "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
      " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name");
  if (!names) return std::move(names).error();
  return InvalidArgument("there is no table \"" + table +
                         "\"; there are: " + (names->empty() ? "none" : Sentences(*names, 50)));
}

Result<void> NeedColumn(const std::vector<SqliteColumn>& columns, const std::string& table,
                        const std::string& name, const std::string& doing) {
  std::vector<std::string> names;
  for (const SqliteColumn& column : columns) {
    if (column.name == name) return {};
    names.push_back(column.name);
  }
  return InvalidArgument(doing + ": the table \"" + table + "\" has no column \"" + name +
                         "\"; it has: " + Sentences(names, 50));
}

}  // namespace recourse::database
