#include "actions/database/file_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/base/text.h"

namespace recourse::database {
namespace {

constexpr std::size_t kBlock = 1 << 20;
constexpr std::int64_t kMargin = 1 << 20;

// Calls use(bytes) for each block of the file.
template <class Use>
Result<void> ForEachBlock(const std::string& path, const Context& context, Use use) {
  auto file = OpenFile(path, O_RDONLY);
  if (!file) return std::move(file).error();
  std::vector<char> buffer(kBlock);
  for (;;) {
    if (context.stop.stop_requested()) return context.StopError();
    const ssize_t count = read(file->get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError(errno, "read " + path);
    if (count == 0) return {};
    Result<void> used = use(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
    if (!used) return used;
  }
}

Result<Copied> CopyInto(int to, const std::string& from, const Context& context) {
  const auto facts = FactsOf(from);
  const std::int64_t total = facts && *facts ? (*facts)->size : 0;
  Copied copied;
  Sha256 sha;
  auto done = ForEachBlock(from, context, [&](std::string_view bytes) -> Result<void> {
    sha.Add(bytes);
    copied.size += static_cast<std::int64_t>(bytes.size());
    context.progress(copied.size, total, "bytes copied");
    return WriteAll(to, bytes);
  });
  if (!done) return std::move(done).error();
  if (fsync(to) != 0) return ErrnoError(errno, "sync");
  copied.sha256 = ToHex(sha.Finish());
  return copied;
}

}  // namespace

bool FileFacts::SameAs(const FileFacts& other) const {
  return size == other.size && changed == other.changed && device == other.device &&
         inode == other.inode;
}

Result<std::optional<FileFacts>> FactsOf(const std::string& path) {
  using R = Result<std::optional<FileFacts>>;
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return R(std::nullopt);
    return ErrnoError(errno, "look at " + path);
  }
  if (!S_ISREG(info.st_mode)) return FailedPrecondition(path + " is not a regular file");
  const Time changed(std::chrono::seconds(info.st_mtim.tv_sec) +
                     std::chrono::microseconds(info.st_mtim.tv_nsec / 1000));
  return R(FileFacts{info.st_size,
                     {info.st_uid, info.st_gid, static_cast<mode_t>(info.st_mode & 07777)},
                     changed,
                     info.st_dev,
                     info.st_ino});
}

bool Exists(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0;
}

Result<std::string> HashFile(const std::string& path, const Context& context) {
  Sha256 sha;
  auto done = ForEachBlock(path, context, [&sha](std::string_view bytes) {
    sha.Add(bytes);
    return Result<void>();
  });
  if (!done) return std::move(done).error();
  return ToHex(sha.Finish());
}

Result<Copied> CopyFile(const std::string& from, const std::string& to, const Context& context) {
  auto file = OpenFile(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!file) return std::move(file).error();
  auto copied = CopyInto(file->get(), from, context);
  if (!copied) {
    unlink(to.c_str());
    return std::move(copied).error().In("copy " + from + " to " + to);
  }
  return copied;
}

Result<void> SetOwnership(const std::string& path, const Ownership& ownership) {
  auto file = OpenFile(path, O_RDONLY | O_NOFOLLOW);
  if (!file) return std::move(file).error();
  struct stat info;
  if (fstat(file->get(), &info) != 0) return ErrnoError(errno, "look at " + path);
  if ((info.st_uid != ownership.user || info.st_gid != ownership.group) &&
      fchown(file->get(), ownership.user, ownership.group) != 0) {
    return ErrnoError(errno, "give " + path + " to user " + std::to_string(ownership.user) +
                                 ", group " + std::to_string(ownership.group));
  }
  if (fchmod(file->get(), ownership.mode) != 0) {
    return ErrnoError(errno, "set the mode of " + path);
  }
  return {};
}

Result<void> SyncFile(const std::string& path) {
  auto file = OpenFile(path, O_RDONLY);
  if (!file) return std::move(file).error();
  if (fsync(file->get()) != 0) return ErrnoError(errno, "sync " + path);
  return {};
}

Result<void> RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return ErrnoError(errno, "remove " + path);
  return {};
}

Result<void> MoveFile(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) {
    return ErrnoError(errno, "move " + from + " to " + to);
  }
  if (auto synced = SyncParent(to); !synced) return synced;
  return SyncParent(from);
}

Result<void> NeedSpace(const std::string& directory, std::int64_t bytes) {
  struct statvfs info;
  if (statvfs(directory.c_str(), &info) != 0) return ErrnoError(errno, "look at " + directory);
  const auto available =
      static_cast<std::int64_t>(info.f_bavail) * static_cast<std::int64_t>(info.f_frsize);
  if (available >= bytes + kMargin) return {};
  return Error{Code::kResourceExhausted, directory + " has " + HumanBytes(available) +
                                             " free, needed are " + HumanBytes(bytes + kMargin) +
                                             "; nothing was changed. Make room and try again"};
}

std::string KeyName(std::string_view key) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string name;
  for (const char c : key) {
    if (c == '/') {
      name += '.';
    } else if (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_') {
      name += c;
    } else {
      name += '%';
      name += kHex[static_cast<unsigned char>(c) >> 4];
      name += kHex[c & 0xf];
    }
  }
  return name;
}

}  // namespace recourse::database
