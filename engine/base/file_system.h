// Where a path lies, and how much room is left there.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/error.h"

namespace recourse {

struct FileSystem {
  std::string mount;            // the directory where it begins: "/", "/srv"
  std::int64_t bytes_free = 0;  // for this process; what is kept for root is not counted
};

// The file system on which `path` lies, or would lie once it is made. Errors are the system's; a
// path that is not absolute is kInvalidArgument.
Result<FileSystem> FileSystemOf(const std::string& path);

}  // namespace recourse
