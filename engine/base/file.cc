#include "engine/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace recourse {
namespace {

bool IsLink(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
}

Error LeadsElsewhere(const std::string& path) {
  return FailedPrecondition(path +
                            " is a symbolic link: what is done there would be done elsewhere. "
                            "Nothing was done through it. Look who has made it, and remove it");
}

// The directory that holds `path`, itself and not what a link in its place leads to.
Result<Descriptor> OpenParent(const std::string& path) {
  return OpenFile(std::filesystem::path(path).parent_path().string(),
                  O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

}  // namespace

void Descriptor::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

Result<Descriptor> OpenFile(const std::string& path, int flags, mode_t mode) {
  const int fd = open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd >= 0) return Descriptor(fd);
  const int error = errno;
  if ((flags & O_NOFOLLOW) != 0 && IsLink(path)) return LeadsElsewhere(path);
  return ErrnoError(error, "open " + path);
}

Result<std::string> ReadFile(const std::string& path, std::int64_t size_max) {
  auto file = OpenFile(path, O_RDONLY);
  if (!file) return std::move(file).error();
  std::string bytes;
  char buffer[65536];
  for (;;) {
    const ssize_t count = read(file->get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError(errno, "read " + path);
    if (count == 0) return bytes;
    bytes.append(buffer, static_cast<std::size_t>(count));
    if (static_cast<std::int64_t>(bytes.size()) > size_max) {
      return Error{Code::kResourceExhausted,
                   path + " is larger than " + std::to_string(size_max) + " bytes, the limit here"};
    }
  }
}

Result<void> WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError(errno, "write");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> WriteFileAtomically(const std::string& path, std::string_view bytes, mode_t mode) {
  // Two threads may write the same file at once, each whole.
  static std::atomic<std::uint64_t> calls = 0;
  const std::string temporary =
      path + ".tmp." + std::to_string(getpid()) + "." + std::to_string(++calls);
  unlink(temporary.c_str());  // what a crash left, or a link that somebody has put there
  auto file = OpenFile(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  if (!file) return std::move(file).error();
  const auto give_up = [&](Error error) -> Result<void> {
    unlink(temporary.c_str());
    return std::move(error).In("write " + path);
  };
  if (fchmod(file->get(), mode) != 0) return give_up(ErrnoError(errno, "set the mode"));
  if (auto written = WriteAll(file->get(), bytes); !written) {
    return give_up(std::move(written).error());
  }
  if (fsync(file->get()) != 0) return give_up(ErrnoError(errno, "sync"));
  if (rename(temporary.c_str(), path.c_str()) != 0) return give_up(ErrnoError(errno, "rename"));
  return SyncParent(path);
}

Result<void> SyncParent(const std::string& path) {
  std::string parent = std::filesystem::path(path).parent_path().string();
  if (parent.empty()) parent = ".";
  auto directory = OpenFile(parent, O_RDONLY | O_DIRECTORY);
  if (!directory) return std::move(directory).error();
  if (fsync(directory->get()) != 0) return ErrnoError(errno, "sync the directory " + parent);
  return {};
}

Result<void> MakeDirectories(const std::string& path, mode_t mode) {
  std::string partial;
  for (const auto& part : std::filesystem::path(path)) {
    partial = (std::filesystem::path(partial) / part).string();
    if (partial.empty() || partial == "/") continue;
    if (mkdir(partial.c_str(), mode) != 0 && errno != EEXIST) {
      return ErrnoError(errno, "make the directory " + partial);
    }
  }
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return ErrnoError(errno, "look at " + path);
  if (!S_ISDIR(info.st_mode)) return FailedPrecondition(path + " is not a directory");
  return {};
}

Result<void> MakeOwnDirectory(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) == 0) return {};
  if (errno != EEXIST) return ErrnoError(errno, "make the directory " + path);
  auto directory = OpenFile(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (directory) return {};
  if (directory.error().code != Code::kNotFound) return std::move(directory).error();
  return FailedPrecondition(path + " is not a directory");
}

Result<void> RenameFile(const std::string& from, const std::string& to, unsigned flags) {
  const auto in = [&](Error error) { return std::move(error).In("move " + from + " to " + to); };
  auto source = OpenParent(from);
  if (!source) return in(std::move(source).error());
  auto target = OpenParent(to);
  if (!target) return in(std::move(target).error());
  const std::string old_name = std::filesystem::path(from).filename().string();
  const std::string new_name = std::filesystem::path(to).filename().string();
  if (renameat2(source->get(), old_name.c_str(), target->get(), new_name.c_str(), flags) == 0) {
    return {};
  }
  return ErrnoError(errno, "move " + from + " to " + to);
}

}  // namespace recourse
