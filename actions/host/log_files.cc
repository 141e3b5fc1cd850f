#include "actions/host/log_files.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "engine/base/file.h"

namespace recourse::host {
namespace {

constexpr std::size_t kPieceMax = 64 * 1024;

struct CloseGz {
  void operator()(gzFile file) const { gzclose(file); }
};
using Gz = std::unique_ptr<gzFile_s, CloseGz>;

// kPermissionDenied: whether anything is there cannot be seen.
Result<std::vector<std::string>> PathsFor(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  globfree(&found);
  if (!paths.empty()) return paths;
  const std::size_t wild = pattern.find_first_of("*?[");
  const std::string directory = pattern.substr(0, pattern.rfind('/', wild)) + "/";
  const int needed = wild == pattern.npos ? X_OK : R_OK | X_OK;
  if (access(directory.c_str(), needed) != 0 && errno == EACCES) {
    return ErrnoError(EACCES, "look for " + pattern + " in " + directory);
  }
  return paths;
}

Error Damaged(const LogFile& log) {
  return DataLoss(log.path + " cannot be decompressed: it is damaged");
}

Result<LogFile> LookAt(const std::string& path, const struct stat& info) {
  LogFile log;
  log.path = path;
  log.written = Time(std::chrono::seconds(info.st_mtim.tv_sec) +
                     std::chrono::microseconds(info.st_mtim.tv_nsec / 1000));
  log.size = info.st_size;
  log.compressed = path.ends_with(".gz");
  for (const std::string_view other : {".xz", ".bz2", ".zst", ".lz4", ".zip"}) {
    if (path.ends_with(other)) {
      return FailedPrecondition(path +
                                " is not compressed by gzip, which is all that can be read "
                                "here; leave it out of the paths");
    }
  }
  if (log.compressed) log.size = -1;
  return log;
}

// The file from `begin` on, as it is or decompressed.
Result<Gz> OpenAt(const LogFile& log, std::int64_t begin) {
  auto file = OpenFile(log.path, O_RDONLY | O_NONBLOCK);
  if (!file) return std::move(file).error();
  if (!log.compressed && lseek(file->get(), begin, SEEK_SET) < 0) {
    return ErrnoError(errno, "go to the end of " + log.path);
  }
  const int own = fcntl(file->get(), F_DUPFD_CLOEXEC, 0);
  Gz gz(own < 0 ? nullptr : gzdopen(own, "rb"));
  if (gz == nullptr) return ErrnoError(own < 0 ? errno : ENOMEM, "open " + log.path);
  if (log.compressed && begin > 0 && gzseek(gz.get(), begin, SEEK_SET) < 0) {
    return Damaged(log);
  }
  return gz;
}

}  // namespace

Result<std::vector<LogFile>> FindLogFiles(const Value::List& patterns, const Policy& policy) {
  std::vector<LogFile> logs;
  for (const Value& pattern : patterns) {
    const auto paths = PathsFor(pattern.as_string());
    if (!paths) return paths.error();
    for (const std::string& path : *paths) {
      if (auto allowed = policy.AllowPath(path); !allowed) return std::move(allowed).error();
      struct stat info;
      if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
      auto log = LookAt(path, info);
      if (!log) return std::move(log).error();
      logs.push_back(*std::move(log));
    }
  }
  std::sort(logs.begin(), logs.end(), [](const LogFile& a, const LogFile& b) {
    return std::tie(a.written, a.path) < std::tie(b.written, b.path);
  });
  const auto same = [](const LogFile& a, const LogFile& b) { return a.path == b.path; };
  logs.erase(std::unique(logs.begin(), logs.end(), same), logs.end());
  return logs;
}

Result<void> MeasurePacked(LogFile& log, const std::function<bool()>& go_on) {
  auto gz = OpenAt(log, 0);
  if (!gz) return std::move(gz).error();
  std::array<char, 65536> buffer;
  std::int64_t size = 0;
  for (int count = 1; count > 0; size += count) {
    if (!go_on()) return Error{Code::kCancelled, "stopped while " + log.path + " was read"};
    count = gzread(gz->get(), buffer.data(), buffer.size());
    if (count < 0) return Damaged(log);
  }
  int state = Z_OK;
  gzerror(gz->get(), &state);
  log.incomplete = state == Z_BUF_ERROR;
  log.size = size;
  return {};
}

Result<LinesRead> ReadLines(const LogFile& log, std::int64_t bytes_max,
                            const std::function<bool(std::string_view)>& take) {
  LinesRead read;
  if (bytes_max == 0) {
    read.cut = log.size != 0;
    return read;
  }
  const std::int64_t begin = std::max<std::int64_t>(0, log.size - bytes_max);
  read.cut = begin > 0 || log.incomplete;
  auto gz = OpenAt(log, begin);
  if (!gz) return std::move(gz).error();
  bool in_first = begin > 0;  // the rest of a line whose beginning is not read
  std::string pending;
  const auto hand_over = [&](std::string_view line) {
    if (in_first) return true;
    ++read.lines;
    return take(line);
  };
  std::array<char, 65536> buffer;
  while (read.bytes < bytes_max) {
    const int count = gzread(gz->get(), buffer.data(), buffer.size());
    if (count == 0) break;
    if (count < 0) return Damaged(log);
    read.bytes += count;
    pending.append(buffer.data(), static_cast<std::size_t>(count));
    std::size_t at = 0;
    for (auto end = pending.find('\n'); end != pending.npos; end = pending.find('\n', at)) {
      if (!hand_over(std::string_view(pending).substr(at, end - at))) return read;
      in_first = false;
      at = end + 1;
    }
    pending.erase(0, at);
    if (pending.size() >= kPieceMax) {
      if (!hand_over(pending)) return read;
      pending.clear();
    }
  }
  if (!pending.empty()) hand_over(pending);
  return read;
}

}  // namespace recourse::host
