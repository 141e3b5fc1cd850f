#include "actions/file/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "actions/database/file_copy.h"
#include "engine/base/text.h"

namespace recourse::file {
namespace {

constexpr std::size_t kEntriesMax = 1'000'000;

Kind KindOf(const struct stat& facts) {
  if (S_ISREG(facts.st_mode)) return Kind::kFile;
  if (S_ISDIR(facts.st_mode)) return Kind::kDirectory;
  return S_ISLNK(facts.st_mode) ? Kind::kLink : Kind::kOther;
}

bool IsSameEntry(const Entry& listed, const Entry& now) {
  const struct stat& a = listed.facts;
  const struct stat& b = now.facts;
  if (listed.name != now.name || listed.target != now.target) return false;
  if (a.st_mode != b.st_mode || a.st_uid != b.st_uid || a.st_gid != b.st_gid) return false;
  if (listed.kind == Kind::kFile) return IsSameContent(a, b);
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

std::string Counted(std::int64_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

// Lists a tree by descriptors, so that a directory which becomes a symbolic link meanwhile leads
// nowhere else.
class Lister {
 public:
  Lister(std::string top, const Context& context) : context_(context) {
    tree_.top = std::move(top);
  }

  Result<Tree> List() && {
    if (auto done = Take(AT_FDCWD, tree_.top, ""); !done) return std::move(done).error();
    return std::move(tree_);
  }

 private:
  // The entry `place` of the open directory `at`, and what is below it; `name` is its own in the
  // tree.
  Result<void> Take(int at, const std::string& place, const std::string& name) {
    if (context_.stop.stop_requested()) return context_.StopError().In("read " + tree_.top);
    Entry entry;
    entry.name = name;
    const std::string path = tree_.PathOf(entry);
    if (fstatat(at, place.c_str(), &entry.facts, AT_SYMLINK_NOFOLLOW) != 0) {
      return ErrnoError(errno, "look at " + path);
    }
    entry.kind = KindOf(entry.facts);
    if (entry.kind == Kind::kLink) {
      char target[4096];
      const ssize_t size = readlinkat(at, place.c_str(), target, sizeof target);
      if (size < 0) return ErrnoError(errno, "read the link " + path);
      entry.target.assign(target, static_cast<std::size_t>(size));
    }
    Count(entry, path);
    const bool directory = entry.kind == Kind::kDirectory;
    tree_.entries.push_back(std::move(entry));
    if (tree_.entries.size() > kEntriesMax) {
      return Error{Code::kResourceExhausted,
                   tree_.top + " has more than " + std::to_string(kEntriesMax) +
                       " entries, the limit here; nothing was changed. Take parts of it"};
    }
    return directory ? TakeBelow(at, place, name, path) : Result<void>();
  }

  Result<void> TakeBelow(int at, const std::string& place, const std::string& name,
                         const std::string& path) {
    const int fd = openat(at, place.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return ErrnoError(errno, "read the directory " + path);
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(fdopendir(fd), closedir);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* file = readdir(directory.get())) {
      const std::string found = file->d_name;
      if (found != "." && found != "..") names.push_back(found);
      errno = 0;
    }
    if (errno != 0) return ErrnoError(errno, "read the directory " + path);
    std::sort(names.begin(), names.end());
    for (const std::string& found : names) {
      auto taken = Take(fd, found, name.empty() ? found : name + "/" + found);
      if (!taken) return taken;
    }
    return {};
  }

  void Count(const Entry& entry, const std::string& path) {
    switch (entry.kind) {
      case Kind::kFile:
        ++tree_.files;
        if (!hard_links_.FirstNameOf(entry)) tree_.bytes += entry.facts.st_size;
        break;
      case Kind::kDirectory:
        ++tree_.directories;
        break;
      case Kind::kLink:
        ++tree_.links;
        break;
      case Kind::kOther:
        tree_.others.push_back(path);
    }
  }

  const Context& context_;
  Tree tree_;
  HardLinks hard_links_;
};

}  // namespace

Value Identity::ToValue() const {
  return Value::Object(
      {{"device", static_cast<std::int64_t>(device)}, {"inode", static_cast<std::int64_t>(inode)}});
}

std::optional<Identity> Identity::FromValue(const Value& value) {
  if (!value.is_map()) return std::nullopt;
  return Identity{static_cast<dev_t>(value.IntOr("device", 0)),
                  static_cast<ino_t>(value.IntOr("inode", 0))};
}

Result<std::optional<Identity>> IdentityAt(const std::string& path) {
  using R = Result<std::optional<Identity>>;
  struct stat facts;
  if (lstat(path.c_str(), &facts) == 0) return R(Identity{facts.st_dev, facts.st_ino});
  if (errno == ENOENT || errno == ENOTDIR) return R(std::nullopt);
  return ErrnoError(errno, "look at " + path);
}

Result<Tree> ReadTree(const std::string& top, const Context& context) {
  return Lister(top, context).List();
}

bool IsSameContent(const struct stat& listed, const struct stat& now) {
  return listed.st_dev == now.st_dev && listed.st_ino == now.st_ino &&
         listed.st_size == now.st_size && listed.st_mtim.tv_sec == now.st_mtim.tv_sec &&
         listed.st_mtim.tv_nsec == now.st_mtim.tv_nsec;
}

std::optional<std::string> FirstChange(const Tree& listed, const Tree& now) {
  for (std::size_t i = 0; i < std::max(listed.entries.size(), now.entries.size()); ++i) {
    if (i == listed.entries.size()) return listed.top + "/" + now.entries[i].name;
    if (i == now.entries.size()) return listed.PathOf(listed.entries[i]);
    if (!IsSameEntry(listed.entries[i], now.entries[i])) return listed.PathOf(listed.entries[i]);
  }
  return std::nullopt;
}

std::string Describe(const Tree& tree) {
  std::string text = Counted(tree.files, "file", "files");
  if (tree.directories > 0) text += ", " + Counted(tree.directories, "directory", "directories");
  if (tree.links > 0) text += ", " + Counted(tree.links, "symbolic link", "symbolic links");
  return text + ", " + HumanBytes(tree.bytes);
}

std::optional<std::string> HardLinks::FirstNameOf(const Entry& entry) {
  if (entry.kind != Kind::kFile || entry.facts.st_nlink < 2) return std::nullopt;
  const auto [first, is_new] =
      names_.try_emplace({entry.facts.st_dev, entry.facts.st_ino}, entry.name);
  if (is_new) return std::nullopt;
  return first->second;
}

Result<Source> Source::Open(const std::string& path, const struct stat& listed,
                            const Context& context) {
  auto gate = database::FileGate::ForRawRead(MainFileOf(path), context);
  if (!gate) return std::move(gate).error();
  Source source(path, listed, *std::move(gate));
  auto file = OpenFile(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!file) return std::move(file).error();
  struct stat facts;
  if (fstat(file->get(), &facts) != 0) return ErrnoError(errno, "look at " + path);
  if (facts.st_dev != listed.st_dev || facts.st_ino != listed.st_ino) {
    return Aborted(path + " was replaced by another file meanwhile");
  }
  source.file_ = *std::move(file);
  return source;
}

Result<std::size_t> Source::Read(char* buffer, std::size_t size) {
  for (;;) {
    const ssize_t count = read(file_.get(), buffer, size);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return ErrnoError(errno, "read " + path_);
  }
}

bool Source::Changed() const {
  struct stat now;
  return fstat(file_.get(), &now) != 0 || !IsSameContent(listed_, now);
}

Result<std::string> HashOf(const std::string& path, const Context& context) {
  const auto gate = database::FileGate::ForRawRead(MainFileOf(path), context);
  if (!gate) return gate.error();
  return database::HashFile(path, context);
}

std::string MainFileOf(const std::string& path) {
  for (const std::string_view suffix : {"-wal", "-shm", "-journal"}) {
    if (path.ends_with(suffix)) return path.substr(0, path.size() - suffix.size());
  }
  return path;
}

}  // namespace recourse::file
