// The files in which SQLite keeps one database. They belong together: moved or copied alone, each
// is damage waiting to be found.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "actions/action.h"
#include "actions/database/file_copy.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::database {

inline constexpr std::array<std::string_view, 4> kSuffixes = {"", "-wal", "-shm", "-journal"};

// One file of a set.
struct SetFile {
  std::string suffix;  // one of kSuffixes
  std::int64_t size = 0;
  std::string sha256;        // empty: the disk does not give all of it back
  std::int64_t missing = 0;  // of a copy: bytes that could not be read, zeros in it
  // What the file is known by when it has no checksum: when it was written, and its inode.
  std::int64_t changed_us = 0;
  std::int64_t inode = 0;

  // Whether the file at `path` is this one, byte for byte, or as far as can be told.
  Result<bool> Is(const std::string& path, const Context& context) const;
};

struct FileSet {
  std::vector<SetFile> files;  // in the order of kSuffixes; those that are there

  const SetFile* Find(std::string_view suffix) const;
  std::int64_t size() const;

  Value ToValue() const;
  static FileSet FromValue(const Value& value);  // reads what ToValue wrote
};

// The files of the set that are there now, with checksums where they can be read. They are read
// raw: REQUIRES their gate.
Result<FileSet> ReadFileSet(const std::string& database, const Context& context);

// Removes a file and its sidecars, of our own making. No error when they are not there.
Result<void> RemoveSqliteFiles(const std::string& path);

// Where the sets of a database go that are taken out of use: "health.db.quarantine/R-7.restore.1".
std::string QuarantineOf(const std::string& database, std::string_view key);

// The same for people, before there is an attempt: "a directory of its own in .../x.quarantine".
std::string QuarantineText(const std::string& database);

// Makes that directory, or finds it there. kFailedPrecondition: a symbolic link stands in its
// place.
Result<void> MakeQuarantine(const std::string& directory);

// The last part of a path.
std::string NameOf(const std::string& path);

}  // namespace recourse::database
