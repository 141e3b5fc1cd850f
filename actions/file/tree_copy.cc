#include "actions/file/tree_copy.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "actions/users.h"
#include "engine/base/digest.h"
#include "engine/base/file.h"

namespace recourse::file {
namespace {

constexpr mode_t kLendsRights = S_ISUID | S_ISGID;

Error NotGivenAway(const std::string& path, const struct stat& facts, int error) {
  return ErrnoError(
      error, "give " + path + " to " + UserName(facts.st_uid) + ":" + GroupName(facts.st_gid));
}

class Copier {
 public:
  Copier(const Tree& tree, const std::string& to, bool keep_owners, const Context& context)
      : tree_(tree), to_(to), keep_owners_(keep_owners), context_(context) {}

  Result<std::string> Copy() {
    for (const Entry& entry : tree_.entries) {
      if (context_.stop.stop_requested()) return context_.StopError();
      if (auto made = Make(entry); !made) return std::move(made).error();
    }
    // The directories last and from below: what is made in one changes its time.
    for (auto entry = tree_.entries.rbegin(); entry != tree_.entries.rend(); ++entry) {
      if (entry->kind != Kind::kDirectory) continue;
      if (auto finished = FinishDirectory(*entry); !finished) return std::move(finished).error();
    }
    return sha256_;
  }

 private:
  std::string PathOf(const std::string& name) const {
    return name.empty() ? to_ : to_ + "/" + name;
  }

  Result<void> Make(const Entry& entry) {
    const std::string path = PathOf(entry.name);
    switch (entry.kind) {
      case Kind::kDirectory:
        if (mkdir(path.c_str(), 0700) == 0) return {};
        return ErrnoError(errno, "make the directory " + path);
      case Kind::kLink:
        return MakeLink(entry, path);
      case Kind::kFile:
        if (const auto first = hard_links_.FirstNameOf(entry)) {
          if (link(PathOf(*first).c_str(), path.c_str()) == 0) return {};
          return ErrnoError(errno, "make the hard link " + path);
        }
        return CopyFile(entry, path);
      case Kind::kOther:
        context_.log(tree_.PathOf(entry) + " is left out: it is no file, directory or link");
    }
    return {};
  }

  Result<void> MakeLink(const Entry& entry, const std::string& path) {
    if (symlink(entry.target.c_str(), path.c_str()) != 0) {
      return ErrnoError(errno, "make the symbolic link " + path);
    }
    if (keep_owners_ && lchown(path.c_str(), entry.facts.st_uid, entry.facts.st_gid) != 0) {
      return NotGivenAway(path, entry.facts, errno);
    }
    const timespec times[] = {{0, UTIME_OMIT}, entry.facts.st_mtim};
    if (utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
      return ErrnoError(errno, "set the time of " + path);
    }
    return {};
  }

  Result<void> CopyFile(const Entry& entry, const std::string& path) {
    const std::string from = tree_.PathOf(entry);
    auto source = Source::Open(from, entry.facts, context_);
    if (!source) return std::move(source).error();
    auto file = OpenFile(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (!file) return std::move(file).error();
    Sha256 sha;
    std::string buffer(kReadBlock, '\0');
    for (;;) {
      if (context_.stop.stop_requested()) return context_.StopError();
      const auto count = source->Read(buffer.data(), buffer.size());
      if (!count) return count.error();
      if (*count == 0) break;
      const std::string_view bytes(buffer.data(), *count);
      sha.Add(bytes);
      if (auto written = WriteAll(file->get(), bytes); !written) {
        return std::move(written).error().In("write " + path);
      }
      done_ += static_cast<std::int64_t>(*count);
      context_.progress(done_, tree_.bytes, "bytes copied");
    }
    if (source->Changed()) {
      return Aborted(from +
                     " changed while it was copied, so that the copy may be torn. Stop what "
                     "writes it, then try again");
    }
    if (tree_.entries.size() == 1) sha256_ = ToHex(sha.Finish());
    return Finish(file->get(), path, entry.facts);
  }

  Result<void> FinishDirectory(const Entry& entry) {
    const std::string path = PathOf(entry.name);
    auto directory = OpenFile(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory) return std::move(directory).error();
    return Finish(directory->get(), path, entry.facts);
  }

  Result<void> Finish(int file, const std::string& path, const struct stat& facts) {
    if (auto set = SetFacts(file, path, facts, keep_owners_); !set) return set;
    if (fsync(file) != 0) return ErrnoError(errno, "sync " + path);
    return {};
  }

  const Tree& tree_;
  const std::string& to_;
  const bool keep_owners_;
  const Context& context_;
  HardLinks hard_links_;
  std::string sha256_;
  std::int64_t done_ = 0;
};

}  // namespace

Result<void> SetFacts(int file, const std::string& path, const struct stat& facts,
                      bool keep_owners) {
  struct stat now;
  if (fstat(file, &now) != 0) return ErrnoError(errno, "look at " + path);
  const bool same = now.st_uid == facts.st_uid && now.st_gid == facts.st_gid;
  if (keep_owners && !same && fchown(file, facts.st_uid, facts.st_gid) != 0) {
    return NotGivenAway(path, facts, errno);
  }
  const mode_t kept = facts.st_mode & (keep_owners || same ? 07777 : 07777 & ~kLendsRights);
  if (fchmod(file, kept) != 0) return ErrnoError(errno, "set the mode of " + path);
  const timespec times[] = {{0, UTIME_OMIT}, facts.st_mtim};
  if (futimens(file, times) != 0) return ErrnoError(errno, "set the time of " + path);
  return {};
}

Result<std::string> CopyTree(const Tree& tree, const std::string& to, bool keep_owners,
                             const Context& context) {
  return Copier(tree, to, keep_owners, context).Copy();
}

}  // namespace recourse::file
