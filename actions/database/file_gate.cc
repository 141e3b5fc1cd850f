#include "actions/database/file_gate.h"

#include <sys/stat.h>

#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>

namespace recourse::database {
namespace {

// The uses of each file that is in use. One for the process, because the locks are the process's.
struct Gates {
  std::mutex mutex;
  std::condition_variable_any changed;
  // By inode: the number of SQLite's uses, or -1 for one raw read. Guarded by mutex.
  std::map<std::pair<dev_t, ino_t>, int> uses;
};

Gates& TheGates() {
  static Gates gates;
  return gates;
}

}  // namespace

Result<FileGate> FileGate::Enter(const std::string& path, const Context& context, bool raw) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return FileGate(std::nullopt);
    return ErrnoError(errno, "look at " + path);
  }
  const Inode inode{info.st_dev, info.st_ino};
  Gates& gates = TheGates();
  std::unique_lock lock(gates.mutex);
  const auto is_free = [&] {
    const auto found = gates.uses.find(inode);
    return found == gates.uses.end() || (!raw && found->second > 0);
  };
  if (!gates.changed.wait_until(lock, context.stop, context.deadline, is_free)) {
    if (context.stop.stop_requested()) return context.StopError();
    return Aborted(path + " is still in use by another action of this server");
  }
  gates.uses[inode] += raw ? -1 : 1;
  return FileGate(inode);
}

Result<FileGate> FileGate::ForSqlite(const std::string& path, const Context& context) {
  return Enter(path, context, false);
}

Result<FileGate> FileGate::ForRawRead(const std::string& path, const Context& context) {
  return Enter(path, context, true);
}

FileGate& FileGate::operator=(FileGate&& other) noexcept {
  if (this != &other) {
    Leave();
    inode_ = std::exchange(other.inode_, std::nullopt);
  }
  return *this;
}

void FileGate::Leave() {
  if (!inode_) return;
  Gates& gates = TheGates();
  {
    const std::lock_guard lock(gates.mutex);
    const auto found = gates.uses.find(*inode_);
    found->second += found->second < 0 ? 1 : -1;
    if (found->second == 0) gates.uses.erase(found);
  }
  gates.changed.notify_all();
  inode_.reset();
}

}  // namespace recourse::database
