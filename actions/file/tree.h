// Files and directory trees as they are found: read without following a symbolic link, in the order
// of their names.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actions/action.h"
#include "actions/database/file_gate.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/value.h"

namespace recourse::file {

// How much of a file is read at a time, in bytes.
inline constexpr std::size_t kReadBlock = 256 * 1024;

// Which file something is, whatever its name.
struct Identity {
  dev_t device = 0;
  ino_t inode = 0;

  auto operator<=>(const Identity&) const = default;
  Value ToValue() const;
  static std::optional<Identity> FromValue(const Value& value);  // nothing of null
};

// What has the name now, itself where it is a symbolic link; nothing when there is nothing.
Result<std::optional<Identity>> IdentityAt(const std::string& path);

enum class Kind { kFile, kDirectory, kLink, kOther };

struct Entry {
  std::string name;  // below the top; empty for the top itself
  Kind kind = Kind::kOther;
  struct stat facts = {};
  std::string target;  // of a symbolic link
};

struct Tree {
  std::string top;
  std::vector<Entry> entries;  // a directory before what is in it
  std::int64_t files = 0;
  std::int64_t directories = 0;
  std::int64_t links = 0;
  std::int64_t bytes = 0;           // of its files; one with several names counts once
  std::vector<std::string> others;  // sockets, fifos, devices: nothing that could be copied

  std::string PathOf(const Entry& entry) const {
    return entry.name.empty() ? top : top + "/" + entry.name;
  }
};

// `top` and all below it; file systems that are mounted there belong to it.
// kResourceExhausted: more than a million entries. Else the system's errors.
Result<Tree> ReadTree(const std::string& top, const Context& context);

// Whether it is the same file, unchanged as far as its size and time tell.
bool IsSameContent(const struct stat& listed, const struct stat& now);

// The path in `listed` of the first thing that is not in `now` as it was listed, or not in
// `listed`; nothing when there is none. Of a directory only what is in it counts, not its own time,
// and not where the top is now.
std::optional<std::string> FirstChange(const Tree& listed, const Tree& now);

// "3 files and 1 directory, 1.2 MiB", for people.
std::string Describe(const Tree& tree);

// Finds the files of a tree that are one file with several names.
class HardLinks {
 public:
  // The name under which the entry's file was seen first, when that was another; else nothing.
  std::optional<std::string> FirstNameOf(const Entry& entry);

 private:
  std::map<Identity, std::string> names_;
};

// A regular file of a tree, open for reading raw: the one that was listed. While it is open, SQLite
// does not open it in this process (see database/file_gate.h).
class Source {
 public:
  // kAborted: it is not the file any more that was listed.
  static Result<Source> Open(const std::string& path, const struct stat& listed,
                             const Context& context);

  // The next bytes, at most `size`; 0 at the end.
  Result<std::size_t> Read(char* buffer, std::size_t size);

  // Whether its content was changed since it was listed.
  bool Changed() const;

 private:
  Source(std::string path, const struct stat& listed, database::FileGate gate)
      : path_(std::move(path)), listed_(listed), gate_(std::move(gate)) {}

  std::string path_;
  struct stat listed_;
  database::FileGate gate_;
  Descriptor file_;  // closed before the gate is left
};

// The SHA-256 of a file, in hexadecimal, read raw as by Source.
Result<std::string> HashOf(const std::string& path, const Context& context);

// The database that a file belongs to when its name says that it is one of SQLite's sidecars: what
// guards the database guards them.
std::string MainFileOf(const std::string& path);

}  // namespace recourse::file
