#include "actions/database/file_set.h"

#include <filesystem>

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

Value FileSet::ToValue() const {
  Value::List list;
  for (const SetFile& file : files) {
    list.push_back(
        Value::Object({{"suffix", file.suffix}, {"size", file.size}, {"sha256", file.sha256}}));
  }
  return list;
}

FileSet FileSet::FromValue(const Value& value) {
  FileSet set;
  if (!value.is_list()) return set;
  for (const Value& file : value.as_list()) {
    set.files.push_back(
        {file.StringOr("suffix", ""), file.IntOr("size", 0), file.StringOr("sha256", "")});
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
    auto sha256 = HashFile(path, context);
    if (!sha256) return std::move(sha256).error();
    set.files.push_back({std::string(suffix), (*facts)->size, *std::move(sha256)});
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

std::string NameOf(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

}  // namespace recourse::database
