// One gate for each database file (by inode), between SQLite and our own raw reads of it.
//
// POSIX drops all of a process's locks on a file when the process closes any descriptor of it, so
// that a raw read of a file which SQLite has open elsewhere in this process would take away
// SQLite's locks without its knowledge. Hence a file is either in use by SQLite, any number of
// times, or read raw, once. The gate is that of the main file; the sidecars belong to it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

#include "actions/action.h"
#include "engine/base/error.h"

namespace recourse::database {

class FileGate {
 public:
  // Wait for the other use to end. A file that does not exist needs no gate: nobody can have it
  // open. kAborted: it is still in use at the context's deadline; kCancelled: stopped.
  static Result<FileGate> ForSqlite(const std::string& path, const Context& context);
  static Result<FileGate> ForRawRead(const std::string& path, const Context& context);

  FileGate(FileGate&& other) noexcept : inode_(std::exchange(other.inode_, std::nullopt)) {}
  FileGate& operator=(FileGate&& other) noexcept;
  ~FileGate() { Leave(); }

 private:
  using Inode = std::pair<dev_t, ino_t>;
  explicit FileGate(std::optional<Inode> inode) : inode_(inode) {}
  static Result<FileGate> Enter(const std::string& path, const Context& context, bool raw);
  void Leave();

  std::optional<Inode> inode_;
};

}  // namespace recourse::database
