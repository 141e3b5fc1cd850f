#include "actions/database/file_set.h"

#include <filesystem>

#include "engine/base/file.h"

namespace recourse::database {

const SetFile* FileSet::Find(std::string_view suffix) const {
  for (const SetFile& file : files) {
    if (file.suffix == suffix) return &file;
  }
  return nullptr;
}

std::int64_t FileSet::size() const {
  std::int64_t bytes = 0;
  for (const SetFile& file : files) bytes += file.size;
  return bytes;
}

Result<bool> SetFile::Is(const std::string& path, const Context& context) const {
  auto facts = FactsOf(path);
  if (!facts) return std::move(facts).error();
  if (!*facts || (*facts)->size != size) return false;
  if (sha256.empty()) {
    return (*facts)->changed.time_since_epoch().count() == changed_us &&
           static_cast<std::int64_t>((*facts)->inode) == inode;
  }
  auto found = HashFile(path, context);
  if (!found) return std::move(found).error();
  return *found == sha256;
}

Value FileSet::ToValue() const {
  Value::List list;
  for (const SetFile& file : files) {
    Value value =
        Value::Object({{"suffix", file.suffix}, {"size", file.size}, {"sha256", file.sha256}});
    if (file.missing > 0) value = value.With("missing_bytes", file.missing);
    if (file.sha256.empty()) {
      value = value.With("changed_us", file.changed_us).With("inode", file.inode);
    }
    list.push_back(std::move(value));
  }
  return list;
}

FileSet FileSet::FromValue(const Value& value) {
  FileSet set;
  if (!value.is_list()) return set;
  for (const Value& file : value.as_list()) {
    set.files.push_back({file.StringOr("suffix", ""), file.IntOr("size", 0),
                         file.StringOr("sha256", ""), file.IntOr("missing_bytes", 0),
                         file.IntOr("changed_us", 0), file.IntOr("inode", 0)});
  }
  return set;
}

Result<FileSet> ReadFileSet(const std::string& database, const Context& context) {
  FileSet set;
  for (const std::string_view suffix : kSuffixes) {
    const std::string path = database + std::string(suffix);
    auto facts = FactsOf(path);
    if (!facts) return std::move(facts).error();
    if (!*facts) continue;
    auto sha256 = HashIfReadable(path, context);
    if (!sha256) return std::move(sha256).error();
    SetFile file{std::string(suffix), (*facts)->size, sha256->value_or(""), 0, 0, 0};
    if (!*sha256) {
      context.log("the disk does not give all of " + path +
                  " back; it is known by its size, time and inode, and moved as it is");
      file.changed_us = (*facts)->changed.time_since_epoch().count();
      file.inode = static_cast<std::int64_t>((*facts)->inode);
    }
    set.files.push_back(std::move(file));
  }
  return set;
}

Result<void> RemoveSqliteFiles(const std::string& path) {
  for (const std::string_view suffix : kSuffixes) {
    if (auto removed = RemoveFile(path + std::string(suffix)); !removed) return removed;
  }
  return {};
}

std::string QuarantineOf(const std::string& database, std::string_view key) {
  return database + ".quarantine/" + KeyName(key);
}

std::string QuarantineText(const std::string& database) {
  return "a directory of its own in " + database + ".quarantine";
}

Result<void> MakeQuarantine(const std::string& directory) {
  const std::string parent = std::filesystem::path(directory).parent_path().string();
  for (const std::string& path : {parent, directory}) {
    if (auto made = MakeOwnDirectory(path, 0750); !made) return made;
    if (auto synced = SyncParent(path); !synced) return synced;
  }
  return {};
}

std::string NameOf(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

}  // namespace recourse::database
