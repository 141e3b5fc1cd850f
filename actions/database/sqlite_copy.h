// A consistent copy of a SQLite database that is in use.
#pragma once

#include <cstdint>
#include <string>

#include "actions/action.h"
#include "engine/base/error.h"

namespace recourse::database {

struct SqliteCopy {
  std::string method;  // "backup_api" or "vacuum_into"
};

// Copies the database `from` into the new file `to`, which is in journal mode DELETE and without
// sidecars afterwards; not synced. Through the backup API, page by page and with progress; when
// writers keep making it start over, by VACUUM INTO, which keeps them waiting. The backup API
// copies damage as it finds it: the copy must be checked.
//
// kDataLoss: damaged so that it cannot be copied. kAborted: locked by others for too long. Whatever
// the error, nothing is left of `to`.
Result<SqliteCopy> CopySqliteDatabase(const std::string& from, const std::string& to, bool wal,
                                      const Context& context);

}  // namespace recourse::database
