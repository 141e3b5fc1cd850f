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

}  // namespace recourse::database
