#include "actions/file/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "actions/file/archive_library.h"
#include "actions/file/gzip_check.h"
#include "actions/file/tree.h"
#include "actions/file/tree_copy.h"
#include "actions/users.h"
#include "engine/base/file.h"
#include "engine/base/text.h"

namespace recourse::file {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kEntriesMax = 1'000'000;

struct Item {
  std::string name;  // below the top, without "." and ".."
  Kind kind = Kind::kOther;
  struct stat facts = {};
  std::optional<std::int64_t> size;
  std::string target;                    // of a symbolic link
  std::optional<std::string> hard_link;  // the name of the file that it is another name of
};

// The name as a path below the top. An empty one is the top itself.
Result<std::string> NameBelow(const std::string& archive, const std::string& name) {
  fs::path below;
  for (const fs::path& part : fs::path(name)) {
    if (part == "..") {
      return FailedPrecondition(archive + " holds the name \"" + name +
                                "\", which leads out of where it is unpacked. Nothing of it is "
                                "unpacked: look where it comes from");
    }
    if (part != "." && !part.empty() && part != "/") below /= part;
  }
  if (fs::path(name).is_absolute()) {
    return FailedPrecondition(archive + " holds the absolute name \"" + name +
                              "\". Nothing of it is unpacked: look where it comes from");
  }
  return below.string();
}

class Reader {
 public:
  Reader(std::string path, const Context& context)
      : path_(std::move(path)),
        context_(context),
        library_(archive_read_new(), archive_read_free) {}

  Result<void> Open() {
    auto file = OpenFile(path_, O_RDONLY | O_NONBLOCK);
    if (!file) return std::move(file).error();
    struct stat facts;
    if (fstat(file->get(), &facts) != 0) return ErrnoError(errno, "look at " + path_);
    if (!S_ISREG(facts.st_mode)) return FailedPrecondition(path_ + " is not a regular file");
    archive* library = library_.get();
    // Each by name: some of those that libarchive offers start programs.
    archive_read_support_filter_gzip(library);
    archive_read_support_filter_bzip2(library);
    archive_read_support_filter_xz(library);
    archive_read_support_filter_zstd(library);
    archive_read_support_format_tar(library);
    archive_read_support_format_zip(library);
    if (archive_read_open_fd(library, file->get(), kReadBlock) != ARCHIVE_OK) return Failed();
    file_ = *std::move(file);
    return {};
  }

  // Nothing at the end.
  Result<std::optional<Item>> Next() {
    using R = Result<std::optional<Item>>;
    if (context_.stop.stop_requested()) return context_.StopError();
    archive_entry* header = nullptr;
    const int read = archive_read_next_header(library_.get(), &header);
    if (read == ARCHIVE_EOF) return R(std::nullopt);
    if (read != ARCHIVE_OK && read != ARCHIVE_WARN) return Failed();
    auto item = ItemOf(header);
    if (!item) return std::move(item).error();
    return R(*std::move(item));
  }

  // The next bytes of the item; 0 at its end.
  Result<std::size_t> ReadContent(std::string& buffer) {
    if (context_.stop.stop_requested()) return context_.StopError();
    const auto count = archive_read_data(library_.get(), buffer.data(), buffer.size());
    if (count < 0) return Failed();
    return static_cast<std::size_t>(count);
  }

 private:
  Error Failed() const { return ArchiveError(library_.get(), "read " + path_); }

  Result<Item> ItemOf(archive_entry* header) {
    const char* name = archive_entry_pathname(header);
    if (name == nullptr) return DataLoss("read " + path_ + ": a name in it cannot be read");
    Item item;
    auto below = NameBelow(path_, name);
    if (!below) return std::move(below).error();
    item.name = *std::move(below);
    if (archive_entry_size_is_set(header)) item.size = archive_entry_size(header);
    if (const char* first = archive_entry_hardlink(header)) {
      auto target = NameBelow(path_, first);
      if (!target) return std::move(target).error();
      item.hard_link = *std::move(target);
      item.kind = Kind::kFile;
    } else if (archive_entry_filetype(header) == AE_IFLNK) {
      item.kind = Kind::kLink;
      const char* target = archive_entry_symlink(header);
      if (target == nullptr) return DataLoss("read " + path_ + ": " + name + " leads nowhere");
      item.target = target;
    } else if (archive_entry_filetype(header) == AE_IFDIR) {
      item.kind = Kind::kDirectory;
    } else if (archive_entry_filetype(header) == AE_IFREG) {
      item.kind = Kind::kFile;
    } else {
      return FailedPrecondition(path_ + " holds " + name +
                                ", which is no file, directory or link. Nothing of it is unpacked");
    }
    TakeFacts(header, item);
    return item;
  }

  // Owners by their names, where this machine has them; their numbers mean others elsewhere.
  static void TakeFacts(archive_entry* header, Item& item) {
    item.facts.st_mode = archive_entry_perm(header);
    item.facts.st_uid = static_cast<uid_t>(archive_entry_uid(header));
    item.facts.st_gid = static_cast<gid_t>(archive_entry_gid(header));
    item.facts.st_mtim = {archive_entry_mtime(header), archive_entry_mtime_nsec(header)};
    const char* user = archive_entry_uname(header);
    const char* group = archive_entry_gname(header);
    if (user != nullptr && *user != '\0') {
      if (const auto number = UserNumber(user)) item.facts.st_uid = *number;
    }
    if (group != nullptr && *group != '\0') {
      if (const auto number = GroupNumber(group)) item.facts.st_gid = *number;
    }
  }

  const std::string path_;
  const Context& context_;
  Descriptor file_;
  const std::unique_ptr<archive, int (*)(archive*)> library_;
};

void Count(const Item& item, Survey& survey) {
  survey.files += item.kind == Kind::kFile;
  survey.directories += item.kind == Kind::kDirectory && !item.name.empty();
  survey.links += item.kind == Kind::kLink;
}

// Makes files and directories as the archive gives them, and the symbolic links after all of them:
// so nothing is ever made through one.
class Unpacker {
 public:
  Unpacker(std::string archive, std::string top, const Unpacking& unpacking, const Context& context)
      : archive_(std::move(archive)),
        top_(std::move(top)),
        unpacking_(unpacking),
        context_(context),
        reader_(archive_, context) {}

  Result<Survey> Unpack() {
    if (auto opened = reader_.Open(); !opened) return std::move(opened).error();
    if (mkdir(top_.c_str(), 0700) != 0) return ErrnoError(errno, "make the directory " + top_);
    for (;;) {
      auto item = reader_.Next();
      if (!item) return std::move(item).error();
      if (!*item) break;
      Count(**item, survey_);
      if (auto made = Make(**item); !made) return std::move(made).error();
    }
    for (const Item& link : links_) {
      if (auto made = MakeLink(link); !made) return std::move(made).error();
    }
    for (const Item& link : links_) {
      if (auto inside = StaysInside(link); !inside) return std::move(inside).error();
    }
    return FinishDirectories();
  }

 private:
  std::string PathOf(const std::string& name) const {
    return name.empty() ? top_ : top_ + "/" + name;
  }

  Error Twice(const std::string& name) const {
    return FailedPrecondition(archive_ + " holds " + name +
                              " twice, or something inside what is no directory; nothing is kept");
  }

  // The directories above; those that the archive does not hold itself are like the top.
  Result<void> MakeAbove(const std::string& name) {
    fs::path above;
    for (const fs::path& part : fs::path(name).parent_path()) {
      above /= part;
      if (directories_.contains(above.string())) continue;
      if (mkdir(PathOf(above.string()).c_str(), 0700) != 0) return Twice(name);
      Item made;
      made.facts.st_mode = 0755;
      made.facts.st_uid = geteuid();
      made.facts.st_gid = getegid();
      const auto now = context_.clock.Now().time_since_epoch();
      made.facts.st_mtim.tv_sec = std::chrono::floor<std::chrono::seconds>(now).count();
      directories_[above.string()] = std::move(made);
    }
    return {};
  }

  Result<void> Make(const Item& item) {
    if (auto above = MakeAbove(item.name); !above) return above;
    switch (item.kind) {
      case Kind::kDirectory:
        if (!item.name.empty() && !directories_.contains(item.name) &&
            mkdir(PathOf(item.name).c_str(), 0700) != 0) {
          return Twice(item.name);
        }
        directories_[item.name] = item;
        return {};
      case Kind::kLink:
        links_.push_back(item);
        return {};
      case Kind::kFile:
        return item.hard_link ? MakeHardLink(item) : MakeFile(item);
      case Kind::kOther:
        break;
    }
    return Internal("the reader gives no such item");
  }

  Result<void> MakeFile(const Item& item) {
    const std::string path = PathOf(item.name);
    auto file = OpenFile(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (!file && file.error().code == Code::kAlreadyExists) return Twice(item.name);
    if (!file) return std::move(file).error();
    std::string buffer(kReadBlock, '\0');
    for (;;) {
      const auto count = reader_.ReadContent(buffer);
      if (!count) return count.error();
      if (*count == 0) break;
      survey_.bytes += static_cast<std::int64_t>(*count);
      if (survey_.bytes > unpacking_.bytes_max) {
        return Error{Code::kResourceExhausted, archive_ + " holds more than " +
                                                   HumanBytes(unpacking_.bytes_max) +
                                                   ", which is bytes_max; nothing is kept"};
      }
      auto written = WriteAll(file->get(), {buffer.data(), *count});
      if (!written) return std::move(written).error().In("write " + path);
      context_.progress(survey_.bytes, 0, "bytes unpacked");
    }
    return Finish(file->get(), path, item);
  }

  Result<void> MakeHardLink(const Item& item) {
    if (link(PathOf(*item.hard_link).c_str(), PathOf(item.name).c_str()) == 0) return {};
    if (errno == EEXIST) return Twice(item.name);
    return FailedPrecondition(archive_ + " holds " + item.name + " as another name of " +
                              *item.hard_link + ", which does not come before it; nothing is kept");
  }

  Result<void> MakeLink(const Item& link) {
    const std::string path = PathOf(link.name);
    if (symlink(link.target.c_str(), path.c_str()) != 0) return Twice(link.name);
    if (unpacking_.keep_owners && lchown(path.c_str(), link.facts.st_uid, link.facts.st_gid) != 0) {
      return ErrnoError(errno, "give " + path + " to its owner");
    }
    const timespec times[] = {{0, UTIME_OMIT}, link.facts.st_mtim};
    utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW);
    return {};
  }

  // With every link in place: one may lead through others.
  Result<void> StaysInside(const Item& link) const {
    Policy inside;
    inside.allowed_roots = {top_};
    if (!link.target.starts_with('/') && inside.AllowPath(PathOf(link.name))) return {};
    return FailedPrecondition(archive_ + " holds the link " + link.name + " to " + link.target +
                              ", which leads out of where it is unpacked. Nothing of it is kept: "
                              "look where it comes from");
  }

  // Those inside before those around them, whose time they would change.
  Result<Survey> FinishDirectories() {
    for (auto at = directories_.rbegin(); at != directories_.rend(); ++at) {
      const std::string path = PathOf(at->first);
      auto directory = OpenFile(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      if (!directory) return std::move(directory).error();
      auto finished = Finish(directory->get(), path, at->second);
      if (!finished) return std::move(finished).error();
    }
    if (!directories_.contains("") && chmod(top_.c_str(), 0755) != 0) {
      return ErrnoError(errno, "set the mode of " + top_);
    }
    return survey_;
  }

  Result<void> Finish(int file, const std::string& path, const Item& item) {
    if (auto set = SetFacts(file, path, item.facts, unpacking_.keep_owners); !set) return set;
    if (fsync(file) != 0) return ErrnoError(errno, "sync " + path);
    return {};
  }

  const std::string archive_;
  const std::string top_;
  const Unpacking unpacking_;
  const Context& context_;
  Reader reader_;
  Survey survey_;
  std::map<std::string, Item> directories_;
  std::vector<Item> links_;
};

}  // namespace

Result<Survey> SurveyArchive(const std::string& path, bool content, const Context& context) {
  const Utf8Names utf8_names;
  const auto gate = database::FileGate::ForRawRead(MainFileOf(path), context);
  if (!gate) return gate.error();
  if (auto sound = CheckGzip(path, context); !sound) return std::move(sound).error();
  Reader reader(path, context);
  if (auto opened = reader.Open(); !opened) return std::move(opened).error();
  Survey survey;
  std::string buffer(kReadBlock, '\0');
  for (;;) {
    const auto item = reader.Next();
    if (!item) return item.error();
    if (!*item) return survey;
    Count(**item, survey);
    if (survey.files + survey.directories + survey.links > kEntriesMax) {
      return Error{
          Code::kResourceExhausted,
          path + " holds more than " + std::to_string(kEntriesMax) + " entries, the limit here"};
    }
    if ((*item)->kind != Kind::kFile || (*item)->hard_link) continue;
    if (!content && (*item)->size) {
      survey.bytes += *(*item)->size;
      continue;
    }
    for (;;) {
      const auto count = reader.ReadContent(buffer);
      if (!count) return count.error();
      if (*count == 0) break;
      survey.bytes += static_cast<std::int64_t>(*count);
    }
  }
}

Result<Survey> UnpackArchive(const std::string& path, const std::string& to,
                             const Unpacking& unpacking, const Context& context) {
  const Utf8Names utf8_names;
  const auto gate = database::FileGate::ForRawRead(MainFileOf(path), context);
  if (!gate) return gate.error();
  return Unpacker(path, to, unpacking, context).Unpack();
}

}  // namespace recourse::file
