#include "client/cli/definition_paths.h"

#include <algorithm>
#include <system_error>

namespace recourse::cli {

namespace fs = std::filesystem;

bool IsYaml(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

bool HoldsCases(const fs::path& path) { return path.stem().extension() == kCases; }

Result<std::vector<fs::path>> FilesAt(const std::string& path) {
  std::error_code problem;
  if (!fs::is_directory(path, problem)) {
    if (!fs::exists(path, problem)) return NotFound(path + ": there is no such file");
    return std::vector<fs::path>{path};
  }
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(path, problem), end; !problem && entry != end;
       entry.increment(problem)) {
    if (IsYaml(entry->path())) files.push_back(entry->path());
  }
  if (problem) return ErrnoError(problem.value(), "read the directory " + path);
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace recourse::cli
