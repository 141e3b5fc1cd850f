// Files, the careful way: whole or not at all, and durable before anybody hears of them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/error.h"

namespace recourse {

// An open file descriptor, closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { Close(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void Close();

 private:
  int fd_ = -1;
};

// open(2) with O_CLOEXEC. The error carries the code of errno and names the path.
// kFailedPrecondition: with O_NOFOLLOW, the path is a symbolic link.
Result<Descriptor> OpenFile(const std::string& path, int flags, mode_t mode = 0600);

// The whole file. kResourceExhausted: larger than `size_max` bytes.
Result<std::string> ReadFile(const std::string& path, std::int64_t size_max);

// Writes all of `bytes`, however many calls it takes.
Result<void> WriteAll(int fd, std::string_view bytes);

// `path` holds `bytes` afterwards, or what it held before: a temporary file beside it is written,
// synced, given `mode`, renamed, and the directory synced.
Result<void> WriteFileAtomically(const std::string& path, std::string_view bytes, mode_t mode);

// fsync of the directory that holds `path`, so that a rename or removal there is durable.
Result<void> SyncParent(const std::string& path);

// mkdir -p with `mode` for what is made.
Result<void> MakeDirectories(const std::string& path, mode_t mode = 0755);

// The same for the last part of the path alone, where others may have put something first.
// kFailedPrecondition: a symbolic link or something else stands there; nothing is made through it.
Result<void> MakeOwnDirectory(const std::string& path, mode_t mode);

// rename(2) from one directory to another, with the `flags` of renameat2(2): RENAME_NOREPLACE
// leaves what has the name (kAlreadyExists), RENAME_EXCHANGE swaps the two. kFailedPrecondition:
// one of the directories is a symbolic link, so that the file would come from, or go, who knows
// where.
Result<void> RenameFile(const std::string& from, const std::string& to, unsigned flags = 0);

}  // namespace recourse
