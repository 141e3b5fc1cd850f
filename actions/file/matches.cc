#include "actions/file/matches.h"

#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

#include "actions/database/file_copy.h"
#include "actions/file/placement.h"

namespace recourse::file {

Result<std::vector<std::string>> MatchesOf(const std::string& path, const Context& context) {
  if (!path.starts_with('/')) return InvalidArgument("\"" + path + "\" is not an absolute path");
  std::vector<std::string> found;
  if (database::Exists(path)) {
    found.push_back(path);
  } else {
    glob_t matches = {};
    const int failed = glob(path.c_str(), GLOB_ERR, nullptr, &matches);
    for (std::size_t i = 0; failed == 0 && i < matches.gl_pathc; ++i) {
      found.emplace_back(matches.gl_pathv[i]);
    }
    globfree(&matches);
    if (failed == GLOB_ABORTED) return ErrnoError(errno, "look for " + path);
    if (failed == GLOB_NOSPACE) return ErrnoError(ENOMEM, "look for " + path);
  }
  for (std::string& match : found) {
    auto readable = ReadablePath(match, context);
    if (!readable) return std::move(readable).error();
    match = *std::move(readable);
  }
  return found;
}

void DropNested(std::vector<std::string>& paths) {
  const std::set<std::string> all(paths.begin(), paths.end());
  paths.assign(all.begin(), all.end());
  std::erase_if(paths, [&all](const std::string& path) {
    // By every directory above: in the order of the names "a-b" stands between "a" and "a/b".
    for (std::filesystem::path above = path; above != above.parent_path();) {
      above = above.parent_path();
      if (all.contains(above.string())) return true;
    }
    return false;
  });
}

std::vector<std::string> TextsOf(const Value& list) {
  std::vector<std::string> texts;
  if (!list.is_list()) return texts;
  for (const Value& text : list.as_list()) {
    if (text.is_string()) texts.push_back(text.as_string());
  }
  return texts;
}

Value ListOf(const std::vector<std::string>& texts) {
  return Value::List(texts.begin(), texts.end());
}

}  // namespace recourse::file
