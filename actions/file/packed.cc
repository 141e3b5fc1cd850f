#include "actions/file/packed.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>

#include "actions/database/file_copy.h"
#include "actions/file/archive_library.h"
#include "actions/file/gzip_check.h"
#include "actions/file/tree.h"
#include "actions/file/tree_copy.h"
#include "engine/base/digest.h"
#include "engine/base/fail_point.h"
#include "engine/base/file.h"

namespace recourse::file {
namespace {

std::string TemporaryOf(const std::string& path, const Context& context) {
  return path + "." + database::KeyName(context.key) + ".tmp";
}

// Calls use(bytes) for what the packed file holds.
Result<void> Unpack(const std::string& packed, const Context& context,
                    const std::function<Result<void>(std::string_view)>& use) {
  const std::unique_ptr<archive, int (*)(archive*)> library(archive_read_new(), archive_read_free);
  const std::string doing = "unpack " + packed;
  archive_read_support_filter_gzip(library.get());
  archive_read_support_format_raw(library.get());
  archive_entry* entry = nullptr;
  if (archive_read_open_filename(library.get(), packed.c_str(), kReadBlock) != ARCHIVE_OK ||
      archive_read_next_header(library.get(), &entry) != ARCHIVE_OK) {
    return ArchiveError(library.get(), doing);
  }
  std::string buffer(kReadBlock, '\0');
  for (;;) {
    if (context.stop.stop_requested()) return context.StopError();
    const auto count = archive_read_data(library.get(), buffer.data(), buffer.size());
    if (count < 0) return ArchiveError(library.get(), doing);
    if (count == 0) return {};
    auto used = use({buffer.data(), static_cast<std::size_t>(count)});
    if (!used) return used;
  }
}

// Packs what `source` gives into the open file. Answers its SHA-256, unpacked.
Result<std::string> Pack(Source& source, int to, const std::string& path, const Context& context) {
  const std::unique_ptr<archive, int (*)(archive*)> library(archive_write_new(),
                                                            archive_write_free);
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                       archive_entry_free);
  const std::string doing = "pack " + path;
  archive_write_add_filter_gzip(library.get());
  archive_write_set_format_raw(library.get());
  archive_write_set_filter_option(library.get(), "gzip", "timestamp", nullptr);
  archive_entry_set_pathname(entry.get(), path.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  if (archive_write_open_fd(library.get(), to) != ARCHIVE_OK ||
      archive_write_header(library.get(), entry.get()) != ARCHIVE_OK) {
    return ArchiveError(library.get(), doing);
  }
  Sha256 sha;
  std::string buffer(kReadBlock, '\0');
  for (;;) {
    if (context.stop.stop_requested()) return context.StopError();
    const auto count = source.Read(buffer.data(), buffer.size());
    if (!count) return count.error();
    if (*count == 0) break;
    sha.Add({buffer.data(), *count});
    const auto written = archive_write_data(library.get(), buffer.data(), *count);
    if (written != static_cast<la_ssize_t>(*count)) return ArchiveError(library.get(), doing);
  }
  if (archive_write_close(library.get()) != ARCHIVE_OK) return ArchiveError(library.get(), doing);
  return ToHex(sha.Finish());
}

Result<std::string> HashOfPacked(const std::string& packed, const Context& context) {
  Sha256 sha;
  auto read = Unpack(packed, context, [&sha](std::string_view bytes) {
    sha.Add(bytes);
    return Result<void>();
  });
  if (!read) return std::move(read).error();
  return ToHex(sha.Finish());
}

// Makes `to` by `fill`, with the facts of the file that it stands for.
Result<void> MakeFile(const std::string& to, const struct stat& facts,
                      const std::function<Result<void>(int)>& fill) {
  unlink(to.c_str());  // what a crash left
  auto file = OpenFile(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!file) return std::move(file).error();
  auto made = fill(file->get());
  if (made) made = SetFacts(file->get(), to, facts, true);
  if (made && fsync(file->get()) != 0) made = ErrnoError(errno, "sync " + to);
  if (!made) unlink(to.c_str());
  return made;
}

// `made` takes the name `to`, or is gone.
Result<void> GiveName(const std::string& made, const std::string& to) {
  auto named = RenameFile(made, to, RENAME_NOREPLACE);
  if (!named) {
    unlink(made.c_str());
    return named;
  }
  RECOURSE_FAIL_POINT("packed_after_rename");
  return {};
}

// Of the two that hold the same, the one that is not wanted any more.
Result<void> Drop(const std::string& gone) {
  if (unlink(gone.c_str()) != 0) return ErrnoError(errno, "remove " + gone);
  return SyncParent(gone);
}

Result<struct stat> FactsOf(const std::string& path) {
  struct stat facts;
  if (lstat(path.c_str(), &facts) != 0) return ErrnoError(errno, "look at " + path);
  return facts;
}

// Both are there. When a crash has left the second of them they hold the same; else one of them is
// somebody's own.
Result<void> DropPackedTwin(const std::string& path, const std::string& packed,
                            const Context& context) {
  const auto plain = HashOf(path, context);
  if (!plain) return plain.error();
  const auto unpacked = HashOfPacked(packed, context);
  if (!unpacked) return unpacked.error();
  if (*plain == *unpacked) return Drop(packed);
  return FailedPrecondition(path + " and " + packed +
                            " are both there and hold different lines. Both were left as they are. "
                            "Look which is right and move the other away, then skip this");
}

}  // namespace

Result<void> PackInPlace(const std::string& path, const Context& context) {
  const std::string packed = path + ".gz";
  const bool done = database::Exists(packed);
  if (done && !database::Exists(path)) return {};
  const auto facts = FactsOf(path);
  if (!facts) return facts.error();
  const std::string temporary = TemporaryOf(packed, context);
  std::string sha256;
  auto made = MakeFile(temporary, *facts, [&](int file) -> Result<void> {
    auto source = Source::Open(path, *facts, context);
    if (!source) return std::move(source).error();
    auto hash = Pack(*source, file, path, context);
    if (!hash) return std::move(hash).error();
    sha256 = *std::move(hash);
    if (!source->Changed()) return {};
    return Aborted(path + " changed while it was packed; it was left as it is");
  });
  if (!made) return made;
  const auto read_back = HashOfPacked(temporary, context);
  if (!read_back || *read_back != sha256) {
    unlink(temporary.c_str());
    if (!read_back) return read_back.error();
    return DataLoss(path + " is not what its packed form gives back; it was left as it is");
  }
  if (done) {
    // A crash came after the packed file had its name. Another one of that name is left alone.
    const auto before = HashOfPacked(packed, context);
    unlink(temporary.c_str());
    if (!before || *before != sha256) {
      return Error{Code::kAlreadyExists,
                   packed + " is there and holds something else; " + path + " was left as it is"};
    }
  } else if (auto named = GiveName(temporary, packed); !named) {
    return named;
  }
  // Reading back takes its time, in which who writes the log may have written on.
  struct stat now;
  if (lstat(path.c_str(), &now) != 0 || !IsSameContent(*facts, now)) {
    if (!done) unlink(packed.c_str());
    return Aborted(path + " changed while it was packed; it was left as it is");
  }
  return Drop(path);
}

Result<void> UnpackInPlace(const std::string& path, const Context& context) {
  const std::string packed = path + ".gz";
  if (!database::Exists(packed)) return {};
  const auto facts = FactsOf(packed);
  if (!facts) return facts.error();
  if (auto sound = CheckGzip(packed, context); !sound) return sound;
  if (database::Exists(path)) return DropPackedTwin(path, packed, context);
  const std::string temporary = TemporaryOf(path, context);
  auto made = MakeFile(temporary, *facts, [&](int file) {
    return Unpack(packed, context,
                  [file](std::string_view bytes) { return WriteAll(file, bytes); });
  });
  if (!made) return made;
  if (auto named = GiveName(temporary, path); !named) return named;
  return Drop(packed);
}

}  // namespace recourse::file
