// The last lines of logs, within limits.
#pragma once

#include <string>
#include <string_view>

#include "actions/service/driver.h"
#include "engine/base/error.h"

namespace recourse::service {

inline constexpr std::int64_t kLogBytesMax = 48 * 1024;

// The last `lines_max` lines of `text` that are not empty, at most kLogBytesMax of them.
LogLines LinesOf(std::string_view text, std::int64_t lines_max, std::string source);

// The same of what stands in the file behind `begin`. kFailedPrecondition: it is a symbolic link
// or no file. kNotFound: it is not there.
Result<LogLines> LinesOfFile(const std::string& path, std::int64_t begin, std::int64_t lines_max);

// Adds `more` behind `lines`, each line with "[name] " before it.
void Append(LogLines& lines, const std::string& name, const LogLines& more);

// Lines in files have no times that can be relied on.
Error NoTimes(const std::string& source);

}  // namespace recourse::service
