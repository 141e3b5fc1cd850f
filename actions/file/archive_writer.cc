#include "actions/file/archive_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "actions/file/archive_library.h"
#include "actions/users.h"
#include "engine/base/digest.h"
#include "engine/base/file.h"

namespace recourse::file {
namespace {

struct Format {
  std::string_view ending;
  int (*add_filter)(archive*);
};
constexpr std::array<Format, 5> kFormats = {{{".tar.gz", archive_write_add_filter_gzip},
                                             {".tgz", archive_write_add_filter_gzip},
                                             {".tar.xz", archive_write_add_filter_xz},
                                             {".tar.zst", archive_write_add_filter_zstd},
                                             {".tar", archive_write_add_filter_none}}};

const Format* FormatOf(const std::string& path) {
  for (const Format& format : kFormats) {
    if (path.ends_with(format.ending)) return &format;
  }
  return nullptr;
}

class Writer {
 public:
  Writer(int file, bool accept_changes, std::int64_t total, const Context& context)
      : file_(file),
        accept_changes_(accept_changes),
        total_(total),
        context_(context),
        library_(archive_write_new(), archive_write_free) {}

  Result<void> Begin(const Format& format) {
    archive* library = library_.get();
    format.add_filter(library);
    archive_write_set_format_pax_restricted(library);
    // gzip's header would say when it was made; the others do not know the option.
    archive_write_set_filter_option(library, "gzip", "timestamp", nullptr);
    archive_write_set_bytes_in_last_block(library, 1);  // no padding after what is packed
    if (archive_write_open(library, this, nullptr, &Writer::Take, nullptr) != ARCHIVE_OK) {
      return Failed("begin the archive");
    }
    return {};
  }

  Result<void> Add(const ArchivePart& part) {
    HardLinks hard_links;
    for (const Entry& entry : part.tree.entries) {
      if (context_.stop.stop_requested()) return context_.StopError();
      if (entry.kind == Kind::kOther) continue;
      const auto in_archive = [&part](const std::string& name) -> std::string {
        if (name.empty()) return part.name.empty() ? "." : part.name;
        return part.name.empty() ? name : part.name + "/" + name;
      };
      const std::string name = in_archive(entry.name);
      const auto first = hard_links.FirstNameOf(entry);
      auto added = AddEntry(entry, name, first ? in_archive(*first) : "", part.tree.PathOf(entry));
      if (!added) return added;
    }
    return {};
  }

  Result<Archived> Finish() {
    if (archive_write_close(library_.get()) != ARCHIVE_OK) return Failed("finish the archive");
    archived_.sha256 = ToHex(sha_.Finish());
    return std::move(archived_);
  }

 private:
  using Header = std::unique_ptr<archive_entry, void (*)(archive_entry*)>;

  static la_ssize_t Take(archive* library, void* self, const void* bytes, std::size_t size) {
    auto& writer = *static_cast<Writer*>(self);
    const std::string_view block(static_cast<const char*>(bytes), size);
    if (auto written = WriteAll(writer.file_, block); !written) {
      const int error = errno;
      archive_set_error(library, error, "%s", written.error().message.c_str());
      return -1;
    }
    writer.sha_.Add(block);
    writer.archived_.size += static_cast<std::int64_t>(size);
    return static_cast<la_ssize_t>(size);
  }

  Error Failed(const std::string& doing) const { return ArchiveError(library_.get(), doing); }

  Result<void> AddEntry(const Entry& entry, const std::string& name, const std::string& first,
                        const std::string& path) {
    const Header header(archive_entry_new(), archive_entry_free);
    archive_entry_set_pathname(header.get(), name.c_str());
    archive_entry_set_mode(header.get(), entry.facts.st_mode);
    archive_entry_set_uid(header.get(), entry.facts.st_uid);
    archive_entry_set_gid(header.get(), entry.facts.st_gid);
    archive_entry_set_uname(header.get(), UserName(entry.facts.st_uid).c_str());
    archive_entry_set_gname(header.get(), GroupName(entry.facts.st_gid).c_str());
    archive_entry_set_mtime(header.get(), entry.facts.st_mtim.tv_sec, entry.facts.st_mtim.tv_nsec);
    if (entry.kind == Kind::kLink) archive_entry_set_symlink(header.get(), entry.target.c_str());
    const bool has_content = entry.kind == Kind::kFile && first.empty();
    if (!first.empty()) archive_entry_set_hardlink(header.get(), first.c_str());
    if (has_content) archive_entry_set_size(header.get(), entry.facts.st_size);
    if (!has_content) return WriteHeader(header, path);
    auto source = Source::Open(path, entry.facts, context_);
    if (!source) return std::move(source).error();
    if (auto written = WriteHeader(header, path); !written) return written;
    return AddContent(*source, entry, path);
  }

  Result<void> WriteHeader(const Header& header, const std::string& path) {
    const int written = archive_write_header(library_.get(), header.get());
    if (written == ARCHIVE_OK) return {};
    if (written != ARCHIVE_WARN) return Failed("archive " + path);
    const char* said = archive_error_string(library_.get());
    context_.log(path + ": " + (said == nullptr ? "archived with a warning" : said));
    return {};
  }

  // As many bytes as the header says, which are those that were there when the tree was listed.
  Result<void> AddContent(Source& source, const Entry& entry, const std::string& path) {
    std::string buffer(kReadBlock, '\0');
    for (std::int64_t left = entry.facts.st_size; left > 0;) {
      if (context_.stop.stop_requested()) return context_.StopError();
      const auto wanted = std::min<std::int64_t>(left, static_cast<std::int64_t>(buffer.size()));
      const auto count = source.Read(buffer.data(), static_cast<std::size_t>(wanted));
      if (!count) return count.error();
      if (*count == 0) {
        return Aborted(path +
                       " became shorter while it was archived. Stop what writes it, then "
                       "try again");
      }
      const auto written = archive_write_data(library_.get(), buffer.data(), *count);
      if (written != static_cast<la_ssize_t>(*count)) return Failed("archive " + path);
      left -= static_cast<std::int64_t>(*count);
      done_ += static_cast<std::int64_t>(*count);
      context_.progress(done_, total_, "bytes archived");
    }
    if (!source.Changed()) return {};
    if (!accept_changes_) {
      return Aborted(path +
                     " changed while it was archived, so that it may be torn. Stop what "
                     "writes it, then try again");
    }
    archived_.changed.push_back(path);
    return {};
  }

  const int file_;
  const bool accept_changes_;
  const std::int64_t total_;
  const Context& context_;
  const std::unique_ptr<archive, int (*)(archive*)> library_;
  Sha256 sha_;
  Archived archived_;
  std::int64_t done_ = 0;
};

}  // namespace

Result<void> CheckArchiveName(const std::string& path) {
  if (FormatOf(path) != nullptr) return {};
  return InvalidArgument(path +
                         " does not say what it is: its name must end with .tar.gz, .tgz, .tar.xz, "
                         ".tar.zst or .tar");
}

Result<Archived> WriteArchive(const std::vector<ArchivePart>& parts, const std::string& to,
                              const std::string& named_as, mode_t mode, bool accept_changes,
                              const Context& context) {
  const Utf8Names utf8_names;
  auto file = OpenFile(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!file) return std::move(file).error();
  std::int64_t total = 0;
  for (const ArchivePart& part : parts) total += part.tree.bytes;
  Writer writer(file->get(), accept_changes, total, context);
  if (auto begun = writer.Begin(*FormatOf(named_as)); !begun) return std::move(begun).error();
  for (const ArchivePart& part : parts) {
    if (auto added = writer.Add(part); !added) return std::move(added).error();
  }
  auto archived = writer.Finish();
  if (!archived) return archived;
  if (fchmod(file->get(), mode) != 0) return ErrnoError(errno, "set the mode of " + to);
  if (fsync(file->get()) != 0) return ErrnoError(errno, "sync " + to);
  return archived;
}

}  // namespace recourse::file
