// Facts about files, their checksums, and copies of them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "actions/action.h"
#include "actions/database/resource.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"

namespace recourse::database {

struct FileFacts {
  std::int64_t size = 0;
  Ownership ownership;
  Time changed;  // its content
  dev_t device = 0;
  ino_t inode = 0;

  // Whether it is the same file with the same content, as far as that can be told without reading.
  bool SameAs(const FileFacts& other) const;
};

// Of a regular file; nothing when there is no file. kFailedPrecondition: something else is there.
Result<std::optional<FileFacts>> FactsOf(const std::string& path);

bool Exists(const std::string& path);

// Of all regular files below a directory, in bytes, as far as they can be seen.
std::int64_t SizeBelow(const std::string& directory);

// The file's SHA-256, in hexadecimal. Read raw: see file_gate.h.
// kUnavailable: the disk does not give all of it back.
Result<std::string> HashFile(const std::string& path, const Context& context);

// The same; nothing when the disk does not give all of it back.
Result<std::optional<std::string>> HashIfReadable(const std::string& path, const Context& context);

struct Copied {
  std::int64_t size = 0;
  std::string sha256;        // of what was written
  std::int64_t missing = 0;  // bytes that could not be read: zeros in the copy
};

// Copies into a new file with mode 0600, and syncs it. Nothing is left of it when it fails.
// kAlreadyExists: `to` is there. kUnavailable: the disk does not give all of it back; with
// `what_there_is`, the rest is copied. Reports progress.
Result<Copied> CopyFile(const std::string& from, const std::string& to, const Context& context,
                        bool what_there_is = false);

// kPermissionDenied: this process may not give files away.
Result<void> SetOwnership(const std::string& path, const Ownership& ownership);

// fsync of a file.
Result<void> SyncFile(const std::string& path);

// No error when it is not there.
Result<void> RemoveFile(const std::string& path);

// RenameFile, and both directories synced.
Result<void> MoveFile(const std::string& from, const std::string& to);

// kResourceExhausted: the file system of `directory` has less than `bytes` free, and a margin; the
// message says how much it has.
Result<void> NeedSpace(const std::string& directory, std::int64_t bytes);

// An idempotency key as a part of a file's name: "R-7/restore/1" becomes "R-7.restore.1".
// Different keys give different names.
std::string KeyName(std::string_view key);

}  // namespace recourse::database
