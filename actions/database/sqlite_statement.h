// One SQL statement with parameters, which are bound and never pasted into its text.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>

#include "actions/database/sqlite_connection.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::database {

// For one thread. `connection` must outlive it.
class SqliteStatement {
 public:
  // kInvalidArgument: not exactly one statement of SQL. Else as SqliteConnection::Run.
  static Result<SqliteStatement> Prepare(const SqliteConnection& connection,
                                         const std::string& sql);

  // Parameters count from 1. kInvalidArgument: there is no such parameter, or the value is a list,
  // a map or another thing that SQL does not have.
  Result<void> Bind(int parameter, const Value& value);
  // The value of a column of another statement's present row, as it is.
  Result<void> BindColumn(int parameter, sqlite3_stmt* row, int column);

  // True: there is a row. False: it is done. A statement that is not done ends with Reset().
  Result<bool> Step();
  // Begins anew; what is bound stays bound.
  void Reset() { sqlite3_reset(statement_.get()); }
  // Step() to the end, then Reset().
  Result<void> Execute();

  sqlite3_stmt* row() const { return statement_.get(); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  SqliteStatement(const SqliteConnection& connection, sqlite3_stmt* statement)
      : connection_(&connection), statement_(statement) {}

  const SqliteConnection* connection_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// A value in SQL's words: 12, 'it''s', X'00FF', NULL. A text that is not UTF-8 is shown as a blob.
std::string SqlLiteral(sqlite3_stmt* row, int column);

}  // namespace recourse::database
