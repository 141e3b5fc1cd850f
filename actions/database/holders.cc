#include "actions/database/holders.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <memory>
#include <set>
#include <sstream>

#include "actions/database/file_set.h"
#include "actions/database/sqlite_locks.h"
#include "actions/proc_stat.h"
#include "engine/base/file.h"

namespace recourse::database {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCommandMax = 300;
constexpr std::size_t kUnseenNamed = 10;
constexpr std::int64_t kProcFileMax = 64 << 20;  // of a process's mappings

// The files that are looked for, by inode and by path.
struct Wanted {
  struct File {
    std::string path;
    dev_t device;
    ino_t inode;
  };
  std::vector<File> files;

  const File* ByInode(const struct stat& info) const {
    for (const File& file : files) {
      if (file.device == info.st_dev && file.inode == info.st_ino) return &file;
    }
    return nullptr;
  }
};

Wanted FilesOf(const std::string& database) {
  Wanted wanted;
  for (const std::string_view suffix : kSuffixes) {
    const std::string path = database + std::string(suffix);
    struct stat info;
    if (stat(path.c_str(), &info) == 0) {
      wanted.files.push_back({path, info.st_dev, info.st_ino});
    }
  }
  return wanted;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

// Adds what is open through descriptors. False: may not be looked into.
bool AddOpenFiles(const std::string& process, const Wanted& wanted, std::set<std::string>& found) {
  const Directory directory(opendir((process + "/fd").c_str()));
  if (directory == nullptr) return errno == ENOENT || errno == ESRCH;
  while (const dirent* entry = readdir(directory.get())) {
    struct stat info;
    if (fstatat(dirfd(directory.get()), entry->d_name, &info, 0) != 0) continue;
    if (const Wanted::File* file = wanted.ByInode(info)) found.insert(file->path);
  }
  return true;
}

// Adds what is mapped; the device in the mappings is not always that of stat(2), but the path is.
bool AddMappedFiles(const std::string& process, const Wanted& wanted,
                    std::set<std::string>& found) {
  auto maps = ReadFile(process + "/maps", kProcFileMax);
  if (!maps) return maps.error().code == Code::kNotFound;
  std::istringstream lines(*maps);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string range, permissions, offset, device, path;
    ino_t inode = 0;
    if (!(fields >> range >> permissions >> offset >> device >> inode) || inode == 0) continue;
    std::getline(fields >> std::ws, path);
    for (const Wanted::File& file : wanted.files) {
      if (file.inode == inode && path.starts_with(file.path)) found.insert(file.path);
    }
  }
  return true;
}

std::string CommandOf(const std::string& process) {
  auto text = ReadFile(process + "/cmdline", 4 << 20);
  std::string command = text ? *text : "";
  while (!command.empty() && command.back() == '\0') command.pop_back();
  std::replace_if(
      command.begin(), command.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  if (command.empty()) {
    if (auto name = ReadFile(process + "/comm", 4096)) {
      command = "[" + name->substr(0, name->find('\n')) + "]";
    }
  }
  if (command.size() > kCommandMax) command = command.substr(0, kCommandMax) + "...";
  return command;
}

std::string UserOf(const std::string& process) {
  struct stat info;
  if (stat(process.c_str(), &info) != 0) return "?";
  char buffer[16384];
  passwd entry;
  passwd* user = nullptr;
  if (getpwuid_r(info.st_uid, &entry, buffer, sizeof buffer, &user) == 0 && user != nullptr) {
    return user->pw_name;
  }
  return std::to_string(info.st_uid);
}

Holder MakeHolder(pid_t pid, std::int64_t start_time) {
  const std::string process = "/proc/" + std::to_string(pid);
  Holder holder;
  holder.pid = pid;
  holder.start_time = start_time;
  holder.command = CommandOf(process);
  holder.user = UserOf(process);
  return holder;
}

// Adds what the kernel says of locks. It names also processes that cannot be looked into.
void AddLocks(const std::vector<SqliteLock>& locks, HolderScan& scan) {
  for (const SqliteLock& lock : locks) {
    scan.write_locked |= lock.writes;
    auto holder = std::find_if(scan.holders.begin(), scan.holders.end(),
                               [&](const Holder& one) { return one.pid == lock.pid; });
    if (holder == scan.holders.end()) {
      const auto stat = ReadProcStat(lock.pid);
      if (lock.pid == 0 || !stat) continue;
      holder = scan.holders.insert(holder, MakeHolder(lock.pid, stat->start_time));
      std::erase_if(scan.unseen, [&](const Holder& one) { return one.pid == lock.pid; });
    }
    std::string text = lock.file + ": " + lock.meaning;
    if (std::count(holder->locks.begin(), holder->locks.end(), text) == 0) {
      holder->locks.push_back(std::move(text));
    }
    holder->writes |= lock.writes;
  }
}

// Its parent, that one's parent, and so on: a worker belongs to a service whose main process is
// among them.
Value::List AncestorsOf(pid_t pid) {
  constexpr std::size_t kMost = 64;
  Value::List ancestors;
  for (auto stat = ReadProcStat(pid); stat && stat->parent > 0 && ancestors.size() < kMost;
       stat = ReadProcStat(stat->parent)) {
    ancestors.emplace_back(std::int64_t{stat->parent});
  }
  return ancestors;
}

Value ToValue(const Holder& holder) {
  return Value::Object({{"pid", std::int64_t{holder.pid}},
                        {"start_time", holder.start_time},
                        {"command", holder.command},
                        {"user", holder.user},
                        {"ancestors", AncestorsOf(holder.pid)},
                        {"files", Value::List(holder.files.begin(), holder.files.end())},
                        {"locks", Value::List(holder.locks.begin(), holder.locks.end())},
                        {"writes", holder.writes}});
}

// Also where /proc shows nothing of the process.
bool HasEnded(pid_t pid) { return kill(pid, 0) != 0 && errno == ESRCH; }

// SQLite's locks, which are seen whoever has them, also in another container or namespace.
// https://www.sqlite.org/fileformat2.html and os_unix.c's documented lock bytes.
Result<bool> IsLocked(const std::string& path, off_t start, off_t size) {
  auto file = OpenFile(path, O_RDONLY);
  if (!file) {
    if (file.error().code == Code::kNotFound) return false;
    return std::move(file).error();
  }
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = start;
  lock.l_len = size;
  if (fcntl(file->get(), F_OFD_GETLK, &lock) != 0)
    return ErrnoError(errno, "ask for locks of " + path);
  return lock.l_type != F_UNLCK;
}

}  // namespace

std::string Holder::ToString() const {
  std::string text = std::to_string(pid) + " (" + command + ", user " + user;
  if (files.empty()) return text + ")";
  text += ", has ";
  for (std::size_t i = 0; i < files.size(); ++i) text += (i == 0 ? "" : ", ") + files[i];
  return text + " open)";
}

Value HolderScan::HoldersValue() const {
  Value::List list;
  for (const Holder& holder : holders) list.push_back(ToValue(holder));
  return list;
}

Value HolderScan::WritersValue() const {
  Value::List list;
  for (const Holder& holder : holders) {
    if (holder.writes) list.push_back(ToValue(holder));
  }
  return list;
}

std::string HolderScan::WritersText() const {
  std::string text;
  for (const Holder& holder : holders) {
    if (holder.writes) text += (text.empty() ? "" : "; ") + holder.ToString();
  }
  if (text.empty() && write_locked) return "a process that cannot be seen from here";
  return text;
}

std::string HolderScan::UnseenText() const {
  std::string text;
  for (std::size_t i = 0; i < std::min(unseen.size(), kUnseenNamed); ++i) {
    text += (i == 0 ? "" : "; ") + unseen[i].ToString();
  }
  if (unseen.size() > kUnseenNamed) {
    text += "; and " + std::to_string(unseen.size() - kUnseenNamed) + " more";
  }
  return text;
}

Error HolderScan::ToError(const std::string& database) const {
  std::string message = database + " is still open in " + std::to_string(holders.size()) +
                        (holders.size() == 1 ? " process: " : " processes: ");
  for (std::size_t i = 0; i < holders.size(); ++i) {
    message += (i == 0 ? "" : "; ") + holders[i].ToString();
  }
  return Aborted(message + ". Nothing was changed. Stop what holds it, then try again");
}

Result<HolderScan> FindHolders(const std::string& database) {
  const Wanted wanted = FilesOf(database);
  HolderScan scan;
  const Directory processes(opendir("/proc"));
  if (processes == nullptr) return ErrnoError(errno, "look at /proc");
  while (const dirent* entry = readdir(processes.get())) {
    pid_t pid = 0;
    const std::string_view name = entry->d_name;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (read.ec != std::errc() || read.ptr != name.data() + name.size()) continue;
    const std::string process = "/proc/" + std::string(name);
    std::set<std::string> found;
    const bool seen =
        AddOpenFiles(process, wanted, found) && AddMappedFiles(process, wanted, found);
    if (seen && found.empty()) continue;
    const auto stat = ReadProcStat(pid);
    if (stat ? stat->ended() || stat->of_kernel : HasEnded(pid)) continue;
    Holder holder = MakeHolder(pid, stat ? stat->start_time : 0);
    for (const std::string& path : found) holder.files.push_back(fs::path(path).filename());
    (found.empty() ? scan.unseen : scan.holders).push_back(std::move(holder));
  }
  const auto locks = ReadSqliteLocks(database);
  if (locks) AddLocks(*locks, scan);
  // Mounted with hidepid, /proc does not even show the processes of others.
  scan.complete = locks && scan.unseen.empty() && Exists("/proc/1");
  return scan;
}

Error WithWriters(Error error, const std::string& database) {
  if (error.code != Code::kAborted) return error;
  const auto scan = FindHolders(database);
  const std::string writers = scan ? scan->WritersText() : "";
  if (!writers.empty()) error.message += ". The write lock has " + writers;
  return error;
}

Result<void> ProveUnlocked(const std::string& database) {
  // A connection in WAL mode holds the last of the nine lock bytes of -shm as long as it lives.
  const struct {
    const char* suffix;
    off_t start, size;
  } locks[] = {{"", 0x40000000, 512}, {"-shm", 120, 9}};
  for (const auto& lock : locks) {
    auto locked = IsLocked(database + lock.suffix, lock.start, lock.size);
    if (!locked) return std::move(locked).error();
    if (*locked) {
      return Aborted(
          database + lock.suffix + " is locked by a process that cannot be seen from " +
          "here (another user's, or in a container). Nothing was changed. Stop it, then " +
          "try again");
    }
  }
  return {};
}

bool ShowsIdleHolders(const std::string& database) {
  auto file = OpenFile(database, O_RDONLY);
  if (!file) return file.error().code == Code::kNotFound;
  char header[20] = {};
  return pread(file->get(), header, sizeof header, 0) == sizeof header && header[18] == 2;
}

Result<void> ProveNoHolders(const std::string& database, const Context& context) {
  auto scan = FindHolders(database);
  if (!scan) return std::move(scan).error();
  if (!scan->holders.empty()) return scan->ToError(database);
  if (auto unlocked = ProveUnlocked(database); !unlocked) return unlocked;
  if (!scan->complete) {
    context.log("SQLite's locks on the database are free; of these processes it cannot be seen " +
                ("which files they have open: " + scan->UnseenText()));
  }
  return {};
}

}  // namespace recourse::database
