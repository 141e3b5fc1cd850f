// The check of a file by the driver of its kind, for those who handle backups of any kind.
#pragma once

#include <string>

#include "actions/action.h"
#include "actions/database/sqlite_check.h"

namespace recourse::database {

// Checks the file in full. kInvalidArgument: there is no driver for `kind`. Else as the driver's
// check, for sqlite CheckSqliteFile().
Result<CheckReport> CheckFile(const std::string& kind, const std::string& path,
                              const Expectations& expected, const Context& context);

// How many rows of a table of the file match a filter of FilterSchema(). kInvalidArgument: there is
// no driver for `kind`, no such table or no such column. Else as the driver reads.
Result<std::int64_t> CountRowsOf(const std::string& kind, const std::string& path,
                                 const std::string& table, const Value& filter,
                                 const Context& context);

}  // namespace recourse::database
