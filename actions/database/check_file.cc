#include "actions/database/check_file.h"

namespace recourse::database {

Result<CheckReport> CheckFile(const std::string& kind, const std::string& path,
                              const Expectations& expected, const Context& context) {
  if (kind == "sqlite") return CheckSqliteFile(path, expected, CheckDepth::kFull, context);
  return InvalidArgument("database.kind: there is no driver for \"" + kind +
                         "\" to check files with; there is one for sqlite");
}

}  // namespace recourse::database
