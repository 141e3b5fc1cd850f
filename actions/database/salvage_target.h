// The new database that salvaged rows go to.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "actions/database/sqlite_pages.h"
#include "actions/database/sqlite_schema.h"
#include "actions/database/sqlite_statement.h"

namespace recourse::database {

// A table as its rows are stored.
struct SalvageTable {
  struct Column {
    std::string name;
    bool generated = false;  // it is stored, and yet cannot be written
    bool is_rowid = false;   // its value is the rowid, and NULL is stored
    bool not_null = false;
  };

  std::string name;
  std::int64_t root = 0;
  std::vector<Column> columns;  // in the order of a record
  std::string rowid_name;  // by which it is written; empty: the table has none, or a column is it
  TreeKind kind = TreeKind::kTable;
  std::int64_t rows = 0;

  // Whether the row can be one of this table.
  bool Fits(const StoredRow& row) const;
};

// For one thread. The rows of known tables go there; what a constraint forbids, and what belongs to
// no known table, goes to a table "lost_and_found", which is made when it is needed.
class SalvageTarget {
 public:
  // A new database in the empty place `path`, without objects.
  static Result<SalvageTarget> Begin(const std::string& path, const StoredPages::Layout& layout,
                                     const Context& context);

  // A text as it was stored, in UTF-8.
  Result<std::string> Decode(const StoredField& text) const;

  // Makes a table. An error says why it cannot be made; then there is none.
  Result<SalvageTable> MakeTable(const SchemaObject& object);

  // The columns of an index of the table, as positions in table.columns; an error when it cannot be
  // made, or is one of expressions.
  Result<std::vector<std::size_t>> ColumnsOfIndex(const SchemaObject& index,
                                                  const SalvageTable& table) const;

  Result<void> Add(SalvageTable& table, const StoredRow& row);
  // A row of sqlite_sequence: the last number that AUTOINCREMENT has given out in a table.
  Result<void> SetSequence(const StoredRow& row) const;
  Result<void> AddLost(const StoredRow& row, const std::string& table);
  std::int64_t lost_and_found() const { return lost_and_found_; }

  // Makes what is no table, and commits. Answers what could not be made, and why, a sentence each.
  Result<std::vector<std::string>> End(const std::vector<SchemaObject>& objects);

 private:
  SalvageTarget(SqliteConnection connection, int encoding)
      : connection_(std::make_unique<SqliteConnection>(std::move(connection))),
        encoding_(encoding) {}

  Result<void> ReadColumns(SalvageTable& table) const;
  Result<void> OrderColumns(SalvageTable& table,
                            const std::vector<SalvageTable::Column>& columns) const;
  Result<void> Bind(SqliteStatement& statement, int parameter, const StoredField& field) const;
  Result<SqliteStatement*> InsertInto(const SalvageTable& table, std::size_t fields);
  Result<void> NeedLostColumns(std::size_t fields);

  std::unique_ptr<SqliteConnection> connection_;  // the statements know its address
  int encoding_;
  std::map<std::pair<std::string, std::size_t>, SqliteStatement> inserts_;
  std::size_t lost_columns_ = 0;  // of lost_and_found; 0: there is no such table yet
  std::string lost_name_ = "lost_and_found";
  std::int64_t lost_and_found_ = 0;
};

}  // namespace recourse::database
