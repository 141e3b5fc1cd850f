#include "engine/base/new_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>

#include "engine/base/file.h"

namespace recourse {

Result<NewFile> NewFile::Beside(const std::string& path) {
  std::string name = path + ".XXXXXX";
  const int fd = mkostemp(name.data(), O_CLOEXEC);  // mode 0600
  if (fd < 0) return ErrnoError(errno, "make a file beside " + path);
  close(fd);
  return NewFile(std::move(name));
}

NewFile::~NewFile() {
  if (path_.empty()) return;
  unlink(path_.c_str());
  unlink((path_ + "-journal").c_str());  // of SQLite, where it is a database
}

Result<void> NewFile::MoveTo(const std::string& to) {
  auto file = OpenFile(path_, O_RDONLY);
  if (!file) return std::move(file).error();
  if (fsync(file->get()) != 0) return ErrnoError(errno, "sync " + path_);
  if (renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
    return ErrnoError(errno, "rename " + path_ + " to " + to);
  }
  path_.clear();
  return SyncParent(to);
}

}  // namespace recourse
