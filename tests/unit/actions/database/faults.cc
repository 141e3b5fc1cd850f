#include "tests/unit/actions/database/faults.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace recourse::testing {
namespace {

Faults* the_faults = nullptr;

constexpr std::int64_t kSector = 4096;

template <class Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool IsBad(int fd, std::int64_t offset, std::size_t size) {
  if (the_faults == nullptr || the_faults->bad_offset < 0) return false;
  struct stat info;
  if (fstat(fd, &info) != 0 || info.st_dev != the_faults->device ||
      info.st_ino != the_faults->inode) {
    return false;
  }
  const std::int64_t end = offset + static_cast<std::int64_t>(size);
  return offset < the_faults->bad_offset + kSector && end > the_faults->bad_offset;
}

// Whether there is no room for this new name. Once.
bool IsFull(const std::string& path) {
  if (the_faults == nullptr || the_faults->full != path) return false;
  the_faults->full.clear();
  return true;
}

std::string PathOf(int directory) {
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(directory);
  const ssize_t size = readlink(link.c_str(), path, sizeof path);
  return std::string(path, static_cast<std::size_t>(size < 0 ? 0 : size));
}

template <class Offset>
ssize_t ReadAt(const char* name, int fd, void* to, size_t size, Offset offset) {
  static auto* const real = Real<ssize_t(int, void*, size_t, Offset)>(name);
  if (IsBad(fd, offset, size)) {
    errno = EIO;
    return -1;
  }
  return real(fd, to, size, offset);
}

bool IsOnFullDisk(int fd) {
  if (the_faults == nullptr || the_faults->full_inode == 0) return false;
  struct stat info;
  return fstat(fd, &info) == 0 && info.st_dev == the_faults->full_device &&
         info.st_ino == the_faults->full_inode;
}

template <class Offset>
ssize_t WriteAt(const char* name, int fd, const void* from, size_t size, Offset offset) {
  static auto* const real = Real<ssize_t(int, const void*, size_t, Offset)>(name);
  if (!IsOnFullDisk(fd)) return real(fd, from, size, offset);
  errno = ENOSPC;
  return -1;
}

}  // namespace

Faults::Faults() { the_faults = this; }
Faults::~Faults() { the_faults = nullptr; }

void Faults::BreakSector(const std::string& path, std::int64_t offset) {
  struct stat info {};
  stat(path.c_str(), &info);
  device = info.st_dev;
  inode = info.st_ino;
  bad_offset = offset;
}

void Faults::FillDisk(const std::string& path) {
  struct stat info {};
  stat(path.c_str(), &info);
  full_device = info.st_dev;
  full_inode = info.st_ino;
}

}  // namespace recourse::testing

// The linker prefers these to the C library's, for the program and all its libraries.
extern "C" {

int link(const char* from, const char* to) noexcept {
  using recourse::testing::the_faults;
  static auto* const real = recourse::testing::Real<int(const char*, const char*)>("link");
  if (the_faults == nullptr || the_faults->link_error == 0) return real(from, to);
  errno = the_faults->link_error;
  return -1;
}

int rename(const char* from, const char* to) noexcept {
  static auto* const real = recourse::testing::Real<int(const char*, const char*)>("rename");
  if (!recourse::testing::IsFull(to)) return real(from, to);
  errno = ENOSPC;
  return -1;
}

int renameat2(int from_directory, const char* from, int to_directory, const char* to,
              unsigned flags) noexcept {
  static auto* const real =
      recourse::testing::Real<int(int, const char*, int, const char*, unsigned)>("renameat2");
  if (!recourse::testing::IsFull(recourse::testing::PathOf(to_directory) + "/" + to)) {
    return real(from_directory, from, to_directory, to, flags);
  }
  errno = ENOSPC;
  return -1;
}

ssize_t read(int fd, void* to, size_t size) {
  static auto* const real = recourse::testing::Real<ssize_t(int, void*, size_t)>("read");
  if (recourse::testing::the_faults != nullptr &&
      recourse::testing::IsBad(fd, lseek64(fd, 0, SEEK_CUR), size)) {
    errno = EIO;
    return -1;
  }
  return real(fd, to, size);
}

ssize_t pread(int fd, void* to, size_t size, off_t offset) {
  return recourse::testing::ReadAt("pread", fd, to, size, offset);
}

ssize_t pread64(int fd, void* to, size_t size, off64_t offset) {
  return recourse::testing::ReadAt("pread64", fd, to, size, offset);
}

ssize_t pwrite(int fd, const void* from, size_t size, off_t offset) {
  return recourse::testing::WriteAt("pwrite", fd, from, size, offset);
}

ssize_t pwrite64(int fd, const void* from, size_t size, off64_t offset) {
  return recourse::testing::WriteAt("pwrite64", fd, from, size, offset);
}

}  // extern "C"
