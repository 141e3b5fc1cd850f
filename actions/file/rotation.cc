#include "actions/file/rotation.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

#include "actions/file/matches.h"
#include "engine/base/dated_name.h"

namespace recourse::file {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPacked = ".gz";

// The names of a log's rotated files: app.log-20261121T030405Z, as a pattern of strftime.
std::string PatternOf(const std::string& log) {
  std::string pattern;
  for (const char c : log) pattern += c == '%' ? "%%" : std::string(1, c);
  return pattern + "-%Y%m%dT%H%M%SZ";
}

struct Rotated {
  std::string path;  // without .gz
  Time time;
  bool packed = false;
};

// Newest first.
Result<std::vector<Rotated>> RotatedOf(const fs::path& log) {
  const std::string pattern = PatternOf(log.filename().string());
  std::vector<Rotated> rotated;
  std::error_code failed;
  for (auto file = fs::directory_iterator(log.parent_path(), failed);
       !failed && file != fs::directory_iterator(); file.increment(failed)) {
    std::string name = file->path().filename().string();
    const bool packed = name.ends_with(kPacked);
    if (packed) name.erase(name.size() - kPacked.size());
    const auto time = TimeOfName(pattern, name);
    if (time) rotated.push_back({(log.parent_path() / name).string(), *time, packed});
  }
  if (failed) return ErrnoError(failed.value(), "read " + log.parent_path().string());
  std::sort(rotated.begin(), rotated.end(), [](const Rotated& a, const Rotated& b) {
    return std::pair(b.time, b.path) < std::pair(a.time, a.path);
  });
  return rotated;
}

struct Limits {
  std::optional<Time> oldest;
  std::optional<std::int64_t> files;
  std::int64_t bytes_min = 1;
  bool pack = true;

  static Limits Of(const Context& context) {
    Limits limits;
    const Value& inputs = context.inputs;
    if (inputs["keep_days"].is_int()) {
      limits.oldest = context.clock.Now() - std::chrono::days(inputs["keep_days"].as_int());
    }
    if (inputs["keep_files"].is_int()) limits.files = inputs["keep_files"].as_int();
    limits.bytes_min = inputs.IntOr("min_bytes", 1);
    limits.pack = inputs.BoolOr("compress", true);
    return limits;
  }
};

Result<struct stat> LogFactsOf(const std::string& path) {
  struct stat facts;
  if (lstat(path.c_str(), &facts) != 0) return ErrnoError(errno, "look at " + path);
  if (S_ISREG(facts.st_mode)) return facts;
  return FailedPrecondition(path + " is no regular file, so that it is no log that can be rotated");
}

Result<void> DecideLog(const std::string& log, const Limits& limits, Time now, Rotation& rotation) {
  const auto facts = LogFactsOf(log);
  if (!facts) return facts.error();
  auto rotated = RotatedOf(log);
  if (!rotated) return std::move(rotated).error();
  if (facts->st_size >= limits.bytes_min) {
    const fs::path path = log;
    const std::string name = NameAt(PatternOf(path.filename().string()), now);
    const std::string to = (path.parent_path() / name).string();
    rotation.renamings.push_back({log, to, facts->st_size, Identity{facts->st_dev, facts->st_ino}});
    rotated->insert(rotated->begin(), {to, now, false});
  }
  for (std::size_t i = 0; i < rotated->size(); ++i) {
    const Rotated& file = (*rotated)[i];
    const bool too_old = limits.oldest && file.time < *limits.oldest;
    const bool too_many = limits.files && static_cast<std::int64_t>(i) >= *limits.files;
    if (too_old || too_many) {
      if (file.time == now) continue;
      rotation.removed.push_back(file.path + std::string(file.packed ? kPacked : ""));
    } else if (i > 0 && limits.pack && !file.packed) {
      const bool doubled = std::any_of(
          rotated->begin(), rotated->end(),
          [&file](const auto& other) { return other.packed && other.path == file.path; });
      (doubled ? rotation.doubled : rotation.packed).push_back(file.path);
    }
  }
  return {};
}

// What others have rotated, by the time when it was written last.
Result<void> DecideOthers(const Limits& limits, const Context& context, Rotation& rotation) {
  for (const std::string& pattern : TextsOf(context.inputs["others"])) {
    const auto matches = MatchesOf(pattern, context);
    if (!matches) return matches.error().In("others");
    for (const std::string& path : *matches) {
      const auto facts = LogFactsOf(path);
      if (!facts) return facts.error();
      const Time written(std::chrono::seconds(facts->st_mtim.tv_sec));
      if (limits.oldest && written < *limits.oldest) rotation.removed.push_back(path);
    }
  }
  return {};
}

}  // namespace

Value Rotation::ToValue() const {
  Value::List list;
  for (const Renaming& renaming : renamings) {
    list.push_back(Value::Object({{"path", renaming.path},
                                  {"to", renaming.to},
                                  {"bytes", renaming.bytes},
                                  {"log", renaming.log.ToValue()}}));
  }
  return Value::Object(
      {{"renamings", std::move(list)}, {"packed", ListOf(packed)}, {"removed", ListOf(removed)}});
}

Rotation Rotation::FromValue(const Value& value) {
  Rotation rotation{{}, TextsOf(value["packed"]), TextsOf(value["removed"]), {}};
  if (!value["renamings"].is_list()) return rotation;
  for (const Value& renaming : value["renamings"].as_list()) {
    rotation.renamings.push_back({renaming.StringOr("path", ""), renaming.StringOr("to", ""),
                                  renaming.IntOr("bytes", 0),
                                  Identity::FromValue(renaming["log"]).value_or(Identity{})});
  }
  return rotation;
}

Result<Rotation> DecideRotation(const Context& context) {
  // The time to the second, as the names have it.
  const Time now = std::chrono::floor<std::chrono::seconds>(context.clock.Now());
  const Limits limits = Limits::Of(context);
  std::set<std::string> logs;
  for (const std::string& pattern : TextsOf(context.inputs["paths"])) {
    const auto matches = MatchesOf(pattern, context);
    if (!matches) return matches.error().In("paths");
    logs.insert(matches->begin(), matches->end());
  }
  // A glob finds what was made of a log, too.
  const auto is_rotated = [&logs](const std::string& path) {
    return std::any_of(logs.begin(), logs.end(), [&path](const std::string& log) {
      return path.size() > log.size() && path.starts_with(log + "-");
    });
  };
  Rotation rotation;
  for (const std::string& log : logs) {
    if (is_rotated(log) || log.ends_with(kPacked)) continue;
    if (auto done = DecideLog(log, limits, now, rotation); !done) return std::move(done).error();
  }
  if (auto done = DecideOthers(limits, context, rotation); !done) return std::move(done).error();
  return rotation;
}

}  // namespace recourse::file
