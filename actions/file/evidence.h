// Copies of files as evidence: read-only, with checksums, and with a manifest of what was found,
// what was not, and what changed while it was copied.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actions/action.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::file {

struct Evidence {
  std::int64_t files = 0;
  std::int64_t bytes = 0;
  std::vector<std::string> missing;     // paths and globs of which nothing is there
  std::vector<std::string> unreadable;  // what the system does not give
  std::vector<std::string> changed;     // files that changed while they were copied
  Value::List entries;                  // of the manifest

  // Copies all that is at and below `path` into `directory`, under its own absolute path. What
  // cannot be read is noted and no error.
  Result<void> Take(const std::string& path, const std::string& directory, const Context& context);
};

// Makes the directory of the copy of `path` in `directory`, and those above it.
Result<void> MakeDirectoriesFor(const std::string& copy, const std::string& directory);

}  // namespace recourse::file
