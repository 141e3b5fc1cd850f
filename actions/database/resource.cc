#include "actions/database/resource.h"

#include <filesystem>

#include "actions/users.h"
#include "engine/base/dated_name.h"

namespace recourse::database {
namespace {

namespace fs = std::filesystem;

// The path by which SQLite names the sidecars: that of the file itself, not of a link to it.
Result<std::string> RealPath(const std::string& path) {
  std::error_code failed;
  if (fs::is_symlink(fs::symlink_status(path, failed)) && !fs::exists(path, failed)) {
    return InvalidArgument(path + " is a symbolic link that leads to no file");
  }
  // The directory's links are followed also while the file itself is moved aside.
  const fs::path parent = fs::canonical(fs::path(path).parent_path(), failed);
  if (failed) return ErrnoError(failed.value(), "look at the directory of " + path);
  if (!fs::exists(path, failed)) return (parent / fs::path(path).filename()).string();
  return fs::canonical(path, failed).string();
}

}  // namespace

Result<Resource> ReadResource(const Value& database, const Policy& policy) {
  Resource resource;
  resource.kind = database.StringOr("kind", "");
  const std::string path = database.StringOr("path", "");
  if (auto allowed = policy.AllowPath(path); !allowed) {
    return std::move(allowed).error().In("database.path");
  }
  auto real = RealPath(path);
  if (!real) return std::move(real).error().In("database.path");
  resource.path = *std::move(real);
  resource.owner = database.StringOr("owner", "");
  resource.group = database.StringOr("group", "");
  resource.mode = database.StringOr("mode", "");
  if (const Value& tables = database["tables"]; tables.is_list()) {
    for (const Value& table : tables.as_list()) {
      resource.expected.tables.push_back({table.StringOr("name", ""), table.IntOr("rows_min", 0)});
      resource.expected.tables.back().timestamp = table.StringOr("timestamp", "");
      if (!table["key"].is_list()) continue;
      for (const Value& column : table["key"].as_list()) {
        resource.expected.tables.back().key.push_back(column.as_string());
      }
    }
  }
  if (database.Find("application_id") != nullptr) {
    resource.expected.application_id = database.IntOr("application_id", 0);
  }
  if (database.Find("user_version") != nullptr) {
    resource.expected.user_version = database.IntOr("user_version", 0);
  }
  return resource;
}

Result<Ownership> OwnershipOf(const Resource& resource, const Ownership& present) {
  Ownership wanted = present;
  if (!resource.owner.empty()) {
    auto user = UserNumber(resource.owner);
    if (!user) return std::move(user).error().In("database.owner");
    wanted.user = *user;
  }
  if (!resource.group.empty()) {
    auto group = GroupNumber(resource.group);
    if (!group) return std::move(group).error().In("database.group");
    wanted.group = *group;
  }
  if (!resource.mode.empty()) {
    auto mode = ParseMode(resource.mode);
    if (!mode) return std::move(mode).error().In("database.mode");
    wanted.mode = *mode;
  }
  return wanted;
}

Result<Backups> ReadBackups(const Value& backups, const Policy& policy) {
  Backups read{backups.StringOr("directory", ""), backups.StringOr("pattern", "")};
  if (auto allowed = policy.AllowPath(read.directory); !allowed) {
    return std::move(allowed).error().In("backups.directory");
  }
  while (read.directory.size() > 1 && read.directory.back() == '/') read.directory.pop_back();
  if (auto names = CheckNamePattern(read.pattern); !names) {
    return std::move(names).error().In("backups.pattern");
  }
  // What is written there later goes where the policy was asked for, whatever a link leads to then.
  std::error_code failed;
  if (const fs::path real = fs::canonical(read.directory, failed); !failed) {
    read.directory = real.string();
  }
  return read;
}

std::string NameAt(const Backups& backups, Time time) {
  return recourse::NameAt(backups.pattern, time);
}

std::optional<Time> TimeOfName(const Backups& backups, const std::string& name) {
  return recourse::TimeOfName(backups.pattern, name);
}

}  // namespace recourse::database
