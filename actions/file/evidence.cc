#include "actions/file/evidence.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "actions/database/manifest.h"
#include "actions/file/tree.h"
#include "actions/users.h"
#include "engine/base/digest.h"
#include "engine/base/file.h"

namespace recourse::file {
namespace {

namespace fs = std::filesystem;

std::string Octal(mode_t mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

std::string_view NameOf(Kind kind) {
  switch (kind) {
    case Kind::kFile:
      return "file";
    case Kind::kDirectory:
      return "directory";
    case Kind::kLink:
      return "symbolic link";
    case Kind::kOther:
      break;
  }
  return "socket, fifo or device";
}

Value Describe(const std::string& path, const Entry& entry) {
  const auto& facts = entry.facts;
  const auto time = [](const timespec& at) {
    return database::TimeText(
        Time(std::chrono::seconds(at.tv_sec) + std::chrono::microseconds(at.tv_nsec / 1000)));
  };
  Value value = Value::Object({{"path", path},
                               {"kind", NameOf(entry.kind)},
                               {"owner", UserName(facts.st_uid)},
                               {"group", GroupName(facts.st_gid)},
                               {"mode", Octal(facts.st_mode)},
                               {"written", time(facts.st_mtim)},
                               {"changed", time(facts.st_ctim)},
                               {"inode", static_cast<std::int64_t>(facts.st_ino)}});
  if (entry.kind == Kind::kFile) value = value.With("size", std::int64_t{facts.st_size});
  return entry.kind == Kind::kLink ? value.With("leads_to", entry.target) : value;
}

struct Copied {
  std::int64_t bytes = 0;
  std::string sha256;
  bool changed = false;
  std::string unreadable;  // why the rest is missing
};

// As much as can be read. An error is one of the copy, not of what it is of.
Result<Copied> CopyForEvidence(const std::string& path, const struct stat& facts,
                               const std::string& to, const Context& context) {
  Copied copied;
  auto source = Source::Open(path, facts, context);
  if (!source && context.stop.stop_requested()) return context.StopError();
  if (!source) {
    copied.unreadable = source.error().message;
    return copied;
  }
  auto file = OpenFile(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0400);
  if (!file) return std::move(file).error();
  Sha256 sha;
  std::string buffer(kReadBlock, '\0');
  // Not more than was there when it was listed, at a log that is written all the time.
  for (std::int64_t left = facts.st_size; left > 0;) {
    if (context.stop.stop_requested()) return context.StopError();
    const auto wanted = std::min<std::int64_t>(left, static_cast<std::int64_t>(buffer.size()));
    const auto count = source->Read(buffer.data(), static_cast<std::size_t>(wanted));
    if (!count) copied.unreadable = count.error().message;
    if (!count || *count == 0) break;
    const std::string_view bytes(buffer.data(), *count);
    sha.Add(bytes);
    if (auto written = WriteAll(file->get(), bytes); !written) {
      return std::move(written).error().In("write " + to);
    }
    copied.bytes += static_cast<std::int64_t>(*count);
    left -= static_cast<std::int64_t>(*count);
  }
  copied.sha256 = ToHex(sha.Finish());
  copied.changed = source->Changed();
  const timespec times[] = {{0, UTIME_OMIT}, facts.st_mtim};
  if (futimens(file->get(), times) != 0 || fsync(file->get()) != 0) {
    return ErrnoError(errno, "sync " + to);
  }
  return copied;
}

}  // namespace

Result<void> MakeDirectoriesFor(const std::string& copy, const std::string& directory) {
  std::string path = directory;
  for (const fs::path& part : fs::path(copy).lexically_relative(directory).parent_path()) {
    path += "/" + part.string();
    if (auto made = MakeOwnDirectory(path, 0700); !made) return made;
  }
  return {};
}

Result<void> Evidence::Take(const std::string& path, const std::string& directory,
                            const Context& context) {
  const auto tree = ReadTree(path, context);
  if (!tree && context.stop.stop_requested()) return context.StopError();
  if (!tree) {
    unreadable.push_back(path);
    entries.push_back(Value::Object({{"path", path}, {"error", tree.error().message}}));
    return {};
  }
  for (const Entry& entry : tree->entries) {
    const std::string from = tree->PathOf(entry);
    Value described = Describe(from, entry);
    if (entry.kind == Kind::kFile) {
      const std::string copy = "files" + from;
      if (auto made = MakeDirectoriesFor(directory + "/" + copy, directory); !made) return made;
      const auto copied = CopyForEvidence(from, entry.facts, directory + "/" + copy, context);
      if (!copied) return copied.error();
      files += copied->sha256.empty() ? 0 : 1;
      bytes += copied->bytes;
      context.progress(bytes, 0, "bytes copied");
      if (copied->changed) changed.push_back(from);
      if (!copied->unreadable.empty()) unreadable.push_back(from);
      if (!copied->sha256.empty()) {
        described = described.With("copy", copy)
                        .With("copied_bytes", copied->bytes)
                        .With("sha256", copied->sha256)
                        .With("changed_while_copied", copied->changed);
      }
      if (!copied->unreadable.empty()) described = described.With("error", copied->unreadable);
    }
    entries.push_back(std::move(described));
  }
  return {};
}

}  // namespace recourse::file
