#include "engine/base/file_system.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <filesystem>

namespace recourse {

namespace fs = std::filesystem;

Result<FileSystem> FileSystemOf(const std::string& path) {
  if (!path.starts_with("/")) return InvalidArgument("\"" + path + "\" is not an absolute path");
  fs::path there = fs::path(path).lexically_normal();
  struct stat facts = {};
  while (stat(there.c_str(), &facts) != 0) {
    if (errno != ENOENT || there == there.parent_path())
      return ErrnoError(errno, "look at " + path);
    there = there.parent_path();
  }
  // What leads through a symbolic link begins where the link leads to.
  std::error_code problem;
  if (const fs::path real = fs::canonical(there, problem); !problem) there = real;
  for (fs::path above = there.parent_path(); above != there; above = there.parent_path()) {
    struct stat of_above = {};
    if (stat(above.c_str(), &of_above) != 0 || of_above.st_dev != facts.st_dev) break;
    there = above;
  }
  struct statvfs room = {};
  if (statvfs(there.c_str(), &room) != 0) return ErrnoError(errno, "look at " + there.string());
  return FileSystem{there.string(), static_cast<std::int64_t>(room.f_bavail) *
                                        static_cast<std::int64_t>(room.f_frsize)};
}

}  // namespace recourse
