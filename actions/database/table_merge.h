// The rows of one table of a merge: which of several sources' rows the merged table gets.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actions/database/sqlite_connection.h"
#include "actions/database/sqlite_statement.h"
#include "engine/base/error.h"

namespace recourse::database {

// What became of the rows of a source.
struct MergeCounts {
  std::int64_t read = 0;
  std::int64_t added = 0;
  std::int64_t replaced = 0;    // by a newer one of this source
  std::int64_t duplicates = 0;  // the same in an earlier source
  std::int64_t superseded = 0;  // older than that of an earlier source
  std::int64_t conflicts = 0;   // left out: nothing says which is the right one
};

struct MergeRule {
  std::string table;
  std::vector<std::string> key;  // empty: a row is the same thing only when all of it is
  std::string timestamp;         // of two rows of a key the greater wins; empty: the earlier source
};

// Sources come one after another, in the order of their precedence. With a key, the rows of a
// source must differ in it. A row whose key has a NULL, and every row without a key, counts as a
// whole: one that a source has several times is there as often as in the source that has it most
// often.
class TableMerge {
 public:
  // The table must exist in `to`, which must outlive this, without its indexes.
  // kInvalidArgument: the rule names a column that the table does not have.
  static Result<TableMerge> Begin(const SqliteConnection& to, MergeRule rule, int number);

  // Takes all rows of the table from `source`. kInvalidArgument: the key is none there.
  Result<void> TakeFrom(const SqliteConnection& source, const std::string& path,
                        MergeCounts& counts, std::vector<std::string>& conflicts);

  // Removes what was made beside the table.
  Result<void> End();

 private:
  TableMerge(const SqliteConnection& to, MergeRule rule) : to_(&to), rule_(std::move(rule)) {}

  Result<void> MakeStatements(int number);
  Result<void> CheckKey(const SqliteConnection& source, const std::string& path) const;
  Result<void> Take(sqlite3_stmt* row, MergeCounts& counts, std::vector<std::string>& conflicts);
  Result<void> TakeByKey(sqlite3_stmt* row, MergeCounts& counts,
                         std::vector<std::string>& conflicts);
  Result<void> TakeWhole(sqlite3_stmt* row, MergeCounts& counts,
                         std::vector<std::string>& conflicts);
  // True: it was written; false: a constraint forbids it, and a conflict was noted.
  Result<bool> Write(SqliteStatement& statement, sqlite3_stmt* row, MergeCounts& counts,
                     std::vector<std::string>& conflicts);
  Result<void> BindRow(SqliteStatement& statement, sqlite3_stmt* row) const;
  void NoteConflict(sqlite3_stmt* row, const std::string& why, MergeCounts& counts,
                    std::vector<std::string>& conflicts) const;

  const SqliteConnection* to_;
  MergeRule rule_;
  std::vector<std::string> columns_;
  std::vector<int> key_;  // positions in columns_
  std::string index_;     // of our own, on the key
  std::string seen_;      // our table of the whole rows
  int source_ = 0;
  std::map<std::string, SqliteStatement> statements_;
};

}  // namespace recourse::database
