#include "actions/database/check_file.h"

#include "actions/database/row_filter.h"

namespace recourse::database {
namespace {

Error NoFileDriver(const std::string& kind) {
  return InvalidArgument("database.kind: there is no driver for \"" + kind +
                         "\" to read files with; there is one for sqlite");
}

}  // namespace

Result<CheckReport> CheckFile(const std::string& kind, const std::string& path,
                              const Expectations& expected, const Context& context) {
  if (kind != "sqlite") return NoFileDriver(kind);
  return CheckSqliteFile(path, expected, CheckDepth::kFull, context);
}

Result<std::int64_t> CountRowsOf(const std::string& kind, const std::string& path,
                                 const std::string& table, const Value& filter,
                                 const Context& context) {
  if (kind != "sqlite") return NoFileDriver(kind);
  return CountSqliteRows(path, table, filter, context);
}

}  // namespace recourse::database
