#include "tests/integration/systems/picture.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>

#include "engine/base/digest.h"
#include "engine/base/file.h"

namespace recourse::integration {
namespace {

namespace fs = std::filesystem;

bool HasOneOf(const std::string& path, const std::vector<std::string>& parts) {
  return std::any_of(parts.begin(), parts.end(), [&path](const std::string& part) {
    return path.find(part) != std::string::npos;
  });
}

std::string OwnerOf(const struct stat& info) {
  const passwd* user = getpwuid(info.st_uid);
  const group* owners = getgrgid(info.st_gid);
  return (user != nullptr ? user->pw_name : std::to_string(info.st_uid)) + std::string(":") +
         (owners != nullptr ? owners->gr_name : std::to_string(info.st_gid));
}

std::string ModeOf(const struct stat& info) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", info.st_mode & 07777);
  return text;
}

std::string FactsOf(const std::string& path, bool changing) {
  struct stat info = {};
  REQUIRE(lstat(path.c_str(), &info) == 0);
  const std::string who = " " + ModeOf(info) + " " + OwnerOf(info);
  if (S_ISLNK(info.st_mode)) return "link to " + fs::read_symlink(path).string();
  if (S_ISDIR(info.st_mode)) return "directory" + who;
  if (!S_ISREG(info.st_mode)) return "other" + who;
  if (changing) return "file" + who;
  const auto bytes = ReadFile(path, 256 << 20);
  REQUIRE(bytes);
  char changed[48];
  std::snprintf(changed, sizeof changed, "%lld.%09ld", static_cast<long long>(info.st_mtim.tv_sec),
                info.st_mtim.tv_nsec);
  return "file" + who + ", " + std::to_string(info.st_size) + " bytes, mtime " + changed +
         ", SHA-256 " + ToHex(Sha256Of(*bytes));
}

}  // namespace

Picture Picture::Of(const std::string& directory, const std::vector<std::string>& ignore,
                    const std::vector<std::string>& changing) {
  Picture picture;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    const std::string name = fs::relative(entry.path(), directory).string();
    if (name.ends_with("-shm") || HasOneOf(name, ignore)) continue;
    picture.facts_[name] = FactsOf(entry.path(), HasOneOf(name, changing));
  }
  return picture;
}

Picture& Picture::With(const std::string& name, const std::string& fact) {
  facts_[name] = fact;
  return *this;
}

std::string Difference(const Picture& before, const Picture& after) {
  std::string text;
  for (const auto& [name, fact] : before.facts()) {
    const auto now = after.facts().find(name);
    if (now == after.facts().end()) {
      text += "gone: " + name + "\n";
    } else if (now->second != fact) {
      text += "changed: " + name + "\n  was " + fact + "\n  is  " + now->second + "\n";
    }
  }
  for (const auto& [name, fact] : after.facts()) {
    if (!before.facts().contains(name)) text += "new: " + name + ": " + fact + "\n";
  }
  return text;
}

}  // namespace recourse::integration
