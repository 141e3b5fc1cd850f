// A disk that refuses. The dynamic linker puts these calls before the C library's in a program that
// has this library in LD_PRELOAD: while the file FAILING_DISK_WHILE is there, the call that its
// text names ("pwrite64", "fdatasync" or "fsync") fails with EIO on every file whose path contains
// FAILING_DISK_PATH. The other calls do what they always do.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

bool Refuses(std::string_view call, int fd) {
  const char* control = std::getenv("FAILING_DISK_WHILE");
  const char* part = std::getenv("FAILING_DISK_PATH");
  if (control == nullptr || part == nullptr) return false;
  const int saved = errno;
  char text[16] = {};
  const int file = open(control, O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    [[maybe_unused]] const auto size = read(file, text, sizeof(text) - 1);
    close(file);
  }
  char link[64];
  char path[PATH_MAX] = {};
  std::snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  const bool refuses = call == text && readlink(link, path, sizeof(path) - 1) > 0 &&
                       std::strstr(path, part) != nullptr;
  errno = refuses ? EIO : saved;
  return refuses;
}

}  // namespace

extern "C" ssize_t pwrite64(int fd, const void* bytes, size_t size, off_t offset) {
  if (Refuses("pwrite64", fd)) return -1;
  return syscall(SYS_pwrite64, fd, bytes, size, offset);
}

extern "C" int fsync(int fd) {
  if (Refuses("fsync", fd)) return -1;
  return static_cast<int>(syscall(SYS_fsync, fd));
}

extern "C" int fdatasync(int fd) {
  if (Refuses("fdatasync", fd)) return -1;
  return static_cast<int>(syscall(SYS_fdatasync, fd));
}
