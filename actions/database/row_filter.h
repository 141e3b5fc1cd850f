// Conditions on rows, as inputs write them: column, op and value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actions/action.h"
#include "actions/database/sqlite_reading.h"
#include "actions/database/sqlite_statement.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::database {

struct RowFilter {
  std::string where;              // ' WHERE "component" = ?1', or empty
  std::vector<Value> parameters;  // what it binds
  std::string text;               // for people: "component = webserver"

  Result<void> BindTo(SqliteStatement& statement) const;
};

// `filter` is a list of FilterSchema(), or null. The values are bound, never pasted into the SQL.
// kInvalidArgument: the table has no such column, or op and value do not fit.
Result<RowFilter> ReadRowFilter(const Value& filter, const std::string& table,
                                const std::vector<SqliteColumn>& columns);

// How many rows of a table of the file match. Errors: as ReadSqlite and ReadRowFilter.
Result<std::int64_t> CountSqliteRows(const std::string& path, const std::string& table,
                                     const Value& filter, const Context& context);

}  // namespace recourse::database
