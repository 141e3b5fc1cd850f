#include "actions/database/file_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/file.h"
#include "engine/base/text.h"

namespace recourse::database {
namespace {

constexpr std::size_t kBlock = 1 << 20;
constexpr std::size_t kSector = 4096;
constexpr std::int64_t kMargin = 1 << 20;

Error Unreadable(const std::string& path, std::int64_t offset) {
  return Unavailable("read " + path + " at byte " + std::to_string(offset) +
                     ": the disk does not give it back (" + std::string(strerrordesc_np(EIO)) +
                     ")");
}

// Reads at most `size` bytes into `buffer`; 0 at the end of the file.
Result<std::size_t> ReadAt(int file, const std::string& path, std::int64_t offset, char* buffer,
                           std::size_t size) {
  for (;;) {
    const ssize_t count = pread(file, buffer, size, offset);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EIO) return Unreadable(path, offset);
    if (errno != EINTR) return ErrnoError(errno, "read " + path);
  }
}

// As ReadAt, sector by sector; those that cannot be read are zeros and are counted.
Result<std::size_t> ReadWhatThereIs(int file, const std::string& path, std::int64_t offset,
                                    char* buffer, std::size_t size, std::int64_t& missing) {
  struct stat info;
  if (fstat(file, &info) != 0) return ErrnoError(errno, "look at " + path);
  const auto left = static_cast<std::size_t>(std::max<std::int64_t>(0, info.st_size - offset));
  const std::size_t all = std::min(size, left);
  for (std::size_t done = 0; done < all;) {
    const std::size_t wanted = std::min(kSector, all - done);
    auto count =
        ReadAt(file, path, offset + static_cast<std::int64_t>(done), buffer + done, wanted);
    if (!count && count.error().code != Code::kUnavailable) return count;
    if (count && *count == 0) return done;
    if (!count) {
      std::fill_n(buffer + done, wanted, '\0');
      missing += static_cast<std::int64_t>(wanted);
    }
    done += count ? *count : wanted;
  }
  return all;
}

// Calls use(bytes) for each block of the file. With `missing`, what the disk does not give back is
// zeros and is counted there, before the block is used; else it is kUnavailable.
template <class Use>
Result<void> ForEachBlock(const std::string& path, const Context& context, Use use,
                          std::int64_t* missing = nullptr) {
  auto file = OpenFile(path, O_RDONLY);
  if (!file) return std::move(file).error();
  std::vector<char> buffer(kBlock);
  for (std::int64_t offset = 0;;) {
    if (context.stop.stop_requested()) return context.StopError();
    auto count = ReadAt(file->get(), path, offset, buffer.data(), buffer.size());
    if (!count && count.error().code == Code::kUnavailable && missing != nullptr) {
      count = ReadWhatThereIs(file->get(), path, offset, buffer.data(), buffer.size(), *missing);
    }
    if (!count) return std::move(count).error();
    if (*count == 0) return {};
    Result<void> used = use(std::string_view(buffer.data(), *count));
    if (!used) return used;
    offset += static_cast<std::int64_t>(*count);
  }
}

Result<Copied> CopyInto(int to, const std::string& from, const Context& context,
                        bool what_there_is) {
  const auto facts = FactsOf(from);
  const std::int64_t total = facts && *facts ? (*facts)->size : 0;
  Copied copied;
  Sha256 sha;
  const auto use = [&](std::string_view bytes) -> Result<void> {
    sha.Add(bytes);
    copied.size += static_cast<std::int64_t>(bytes.size());
    context.progress(copied.size, total, "bytes copied");
    return WriteAll(to, bytes);
  };
  auto done = ForEachBlock(from, context, use, what_there_is ? &copied.missing : nullptr);
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

std::int64_t SizeBelow(const std::string& directory) {
  std::int64_t bytes = 0;
  std::error_code failed;
  for (const auto& file : std::filesystem::recursive_directory_iterator(directory, failed)) {
    auto facts = FactsOf(file.path().string());
    if (facts && *facts) bytes += (*facts)->size;
  }
  return bytes;
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

Result<std::optional<std::string>> HashIfReadable(const std::string& path, const Context& context) {
  using R = Result<std::optional<std::string>>;
  Sha256 sha;
  std::int64_t missing = 0;
  const auto use = [&](std::string_view bytes) -> Result<void> {
    if (missing > 0) return Unreadable(path, 0);
    sha.Add(bytes);
    return {};
  };
  auto done = ForEachBlock(path, context, use, &missing);
  if (missing > 0) return R(std::nullopt);
  if (!done) return std::move(done).error();
  return R(ToHex(sha.Finish()));
}

Result<Copied> CopyFile(const std::string& from, const std::string& to, const Context& context,
                        bool what_there_is) {
  auto file = OpenFile(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!file) return std::move(file).error();
  auto copied = CopyInto(file->get(), from, context, what_there_is);
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
  auto file = OpenFile(path, O_RDONLY | O_NOFOLLOW);
  if (!file) return std::move(file).error();
  if (fsync(file->get()) != 0) return ErrnoError(errno, "sync " + path);
  return {};
}

Result<void> RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return ErrnoError(errno, "remove " + path);
  return {};
}

Result<void> MoveFile(const std::string& from, const std::string& to) {
  if (auto moved = RenameFile(from, to); !moved) return moved;
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
    } else if (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '@') {
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
