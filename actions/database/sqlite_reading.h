// Reading what a SQLite database holds while others may write it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "actions/action.h"
#include "actions/database/sqlite_check.h"
#include "actions/database/sqlite_connection.h"
#include "engine/base/error.h"

namespace recourse::database {

// What is true of the files of a database that may be worked on.
// kNotFound: there is no file. kDataLoss: what SQLite would show is not what the file holds: it is
// cut short, is no database, or another's log lies beside it. Else as CheckSqliteFile.
Result<CheckReport> LookAtSqlite(const std::string& path, const Context& context);

// Calls read(connection) once, or twice when somebody began to write in between: `read` begins anew
// each time, and what it has read counts only when this succeeds. Leaves nothing behind.
// Errors: those of LookAtSqlite and of `read`.
using SqliteRead = std::function<Result<void>(const SqliteConnection&)>;
Result<void> ReadSqlite(const std::string& path, const Context& context, const SqliteRead& read);

struct SqliteColumn {
  std::string name;
  bool generated = false;  // it is computed, and cannot be written
  int in_key = 0;          // its place in the primary key, from 1; 0: none
};

// The columns of a table or view, in their order, without the hidden ones.
// kInvalidArgument: there is none of that name; the message names those that there are.
Result<std::vector<SqliteColumn>> ColumnsOf(const SqliteConnection& connection,
                                            const std::string& table);

// kInvalidArgument: the table has no column of that name; `doing` is the input that names it.
// SQLite itself would take a quoted name that it does not know for a text.
Result<void> NeedColumn(const std::vector<SqliteColumn>& columns, const std::string& table,
                        const std::string& name, const std::string& doing);

}  // namespace recourse::database
