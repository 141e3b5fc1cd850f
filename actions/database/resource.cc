#include "actions/database/resource.h"

#include <ctime>
#include <filesystem>

#include "actions/users.h"

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
  const auto refuse = [&read](std::string why) {
    return InvalidArgument("backups.pattern: \"" + read.pattern + "\" " + std::move(why));
  };
  if (read.pattern.find('/') != std::string::npos) return refuse("holds a \"/\"");
  if (read.pattern.starts_with('.')) return refuse("begins with a dot, as unfinished files do");
  // 2001-02-03 04:05:06: a pattern that leaves out the day could not tell one backup from the next.
  const Time sample = FromTimestamp({981173106, 0});
  const std::string name = NameAt(read, sample);
  const auto time = TimeOfName(read, name);
  if (!time || *time > sample || sample - *time >= std::chrono::days(1)) {
    return refuse("does not name the day: write %Y%m%d, with %H%M%S for several a day");
  }
  return read;
}

std::string NameAt(const Backups& backups, Time time) {
  const std::time_t seconds = ToTimestamp(time).seconds;
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  char buffer[512];
  const std::size_t size = std::strftime(buffer, sizeof buffer, backups.pattern.c_str(), &fields);
  return std::string(buffer, size);
}

std::optional<Time> TimeOfName(const Backups& backups, const std::string& name) {
  std::tm fields{};
  fields.tm_mday = 1;
  const char* end = strptime(name.c_str(), backups.pattern.c_str(), &fields);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const Time time = FromTimestamp({timegm(&fields), 0});
  // strptime is lenient; a name counts only when the pattern writes it like this.
  if (NameAt(backups, time) != name) return std::nullopt;
  return time;
}

}  // namespace recourse::database
