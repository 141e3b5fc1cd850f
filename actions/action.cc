#include "actions/action.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <list>

namespace recourse {
namespace {

namespace fs = std::filesystem;

constexpr int kLinksMax = 40;  // as many as Linux follows

// The path with "." and ".." gone and every symbolic link followed, also one whose end does not
// exist: a file made through such a link would appear at that end.
Result<std::string> Resolve(const std::string& path) {
  if (path.empty() || path[0] != '/' || path.find('\0') != std::string::npos) {
    return InvalidArgument("\"" + path + "\" is not an absolute path");
  }
  std::list<std::string> pending;
  const auto prepend = [&pending](const std::string& text) {
    auto at = pending.begin();
    for (const auto& part : fs::path(text).relative_path()) pending.insert(at, part.string());
  };
  prepend(path);
  fs::path resolved = "/";
  int links = 0;
  while (!pending.empty()) {
    const std::string part = pending.front();
    pending.pop_front();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      resolved = resolved.parent_path();
      continue;
    }
    const fs::path next = resolved / part;
    char target[4096];
    const ssize_t size = readlink(next.c_str(), target, sizeof target);
    if (size < 0) {
      // EINVAL: no link. ENOENT, ENOTDIR: nothing there that could be one.
      if (errno != EINVAL && errno != ENOENT && errno != ENOTDIR) {
        return ErrnoError(errno, "follow " + next.string());
      }
      resolved = next;
      continue;
    }
    if (++links > kLinksMax) return InvalidArgument(path + ": too many symbolic links");
    const std::string link(target, static_cast<std::size_t>(size));
    if (!link.empty() && link[0] == '/') resolved = "/";
    prepend(link);
  }
  return resolved.string();
}

bool IsBelow(const std::string& path, const std::string& root) {
  if (root == "/") return true;
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

template <class Texts>
std::string Join(const Texts& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : ", ") + text;
  return joined;
}

}  // namespace

Result<void> Policy::AllowPath(const std::string& path) const {
  const auto resolved = Resolve(path);
  if (!resolved) return resolved.error();
  if (allowed_roots.empty()) return {};
  for (const std::string& root : allowed_roots) {
    const auto resolved_root = Resolve(root);
    if (resolved_root && IsBelow(*resolved, *resolved_root)) return {};
  }
  const std::string through = *resolved == path ? "" : " (it leads to " + *resolved + ")";
  return Error{Code::kPermissionDenied,
               path + through + " lies outside the directories that the server's configuration " +
                   "allows to actions: " + Join(allowed_roots)};
}

Result<void> Policy::AllowCommand(const std::string& program) const {
  if (allowed_commands.empty()) return {};
  const auto slash = program.rfind('/');
  const std::string directory = program.substr(0, slash == std::string::npos ? 0 : slash);
  const std::string base = program.substr(slash + 1);
  // Elsewhere, whoever may write a file could give it the name of an allowed program.
  const bool by_name =
      std::find(kSearchPath.begin(), kSearchPath.end(), directory) != kSearchPath.end();
  const bool allowed = std::any_of(allowed_commands.begin(), allowed_commands.end(),
                                   [&](const std::string& command) {
                                     return command == program || (by_name && command == base);
                                   });
  if (allowed) return {};
  return Error{Code::kPermissionDenied,
               program + " is not one of the programs that the server's configuration allows to " +
                   "actions: " + Join(allowed_commands)};
}

Error Context::StopError() const {
  if (std::chrono::steady_clock::now() >= deadline) {
    return Error{Code::kDeadlineExceeded, "stopped: the time given to it is over"};
  }
  return Error{Code::kCancelled, "stopped on request"};
}

}  // namespace recourse
