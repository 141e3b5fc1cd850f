#include "actions/database/sqlite_wal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "actions/database/file_copy.h"
#include "engine/base/file.h"

namespace recourse::database {
namespace {

constexpr std::size_t kLogHeader = 32;
constexpr std::size_t kFrameHeader = 24;

// The log's running checksum, https://www.sqlite.org/fileformat2.html#checksum_algorithm
class Checksum {
 public:
  explicit Checksum(bool big_endian) : big_endian_(big_endian) {}

  void Add(std::string_view bytes) {
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      first_ += Word(bytes, i) + second_;
      second_ += Word(bytes, i + 4) + first_;
    }
  }
  bool Is(std::uint32_t first, std::uint32_t second) const {
    return first == first_ && second == second_;
  }

 private:
  std::uint32_t Word(std::string_view bytes, std::size_t offset) const {
    const std::uint32_t word = BigEndian32(bytes, offset);
    return big_endian_ ? word : __builtin_bswap32(word);
  }

  bool big_endian_;
  std::uint32_t first_ = 0;
  std::uint32_t second_ = 0;
};

// As many bytes as there are, at most `size`.
Result<std::string> ReadAt(int file, std::int64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count =
        pread(file, bytes.data() + done, size - done, offset + static_cast<std::int64_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EIO) return DataLoss("the disk does not give all of it back");
    if (count < 0) return ErrnoError(errno, "read");
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

// Reads the frames up to the last commit whose checksums hold, as SQLite's recovery does.
Result<void> ReadFrames(int file, std::string_view log_header, WriteAheadLog& log,
                        const Context& context) {
  Checksum checksum(BigEndian32(log_header, 0) & 1);
  checksum.Add(log_header.substr(0, 24));
  if (!checksum.Is(BigEndian32(log_header, 24), BigEndian32(log_header, 28))) return {};
  log.page_size = BigEndian32(log_header, 8);
  if (log.page_size < 512 || log.page_size > 65536) return {};
  const std::size_t frame_size = kFrameHeader + static_cast<std::size_t>(log.page_size);
  std::vector<std::pair<std::int64_t, std::int64_t>> pages;
  std::string oldest;
  std::string newest;
  for (std::int64_t offset = kLogHeader;; offset += static_cast<std::int64_t>(frame_size)) {
    if (context.stop.stop_requested()) return context.StopError();
    auto frame = ReadAt(file, offset, frame_size);
    if (!frame) return std::move(frame).error();
    if (frame->size() < frame_size) return {};
    const std::string_view bytes = *frame;
    if (bytes.substr(8, 8) != log_header.substr(16, 8)) return {};  // salts of an older round
    checksum.Add(bytes.substr(0, 8));
    checksum.Add(bytes.substr(kFrameHeader));
    if (!checksum.Is(BigEndian32(bytes, 16), BigEndian32(bytes, 20))) return {};
    const std::int64_t page = BigEndian32(bytes, 0);
    pages.emplace_back(offset + static_cast<std::int64_t>(kFrameHeader), page);
    if (page == 1) newest = bytes.substr(kFrameHeader, 100);
    if (oldest.empty()) oldest = newest;
    if (BigEndian32(bytes, 4) == 0) continue;  // not the last frame of a transaction
    log.pages.insert(log.pages.end(), pages.begin(), pages.end());
    pages.clear();
    log.oldest_header = oldest;
    log.newest_header = newest;
    log.frames = static_cast<std::int64_t>(log.pages.size());
  }
}

// Why the counters of the log's first and last page 1 do not go on where the file's have ended.
std::string CompareHeaders(const WriteAheadLog& log, const SqliteHeader& header) {
  const SqliteHeader oldest = ParseSqliteHeader(log.oldest_header);
  const SqliteHeader newest = ParseSqliteHeader(log.newest_header);
  if (!newest.magic) return "its page 1 is not that of a SQLite database";
  if (newest.encoding != header.encoding && header.encoding != 0) {
    return "its page 1 has another text encoding than the database";
  }
  const auto counters = [](std::int64_t of_log, std::int64_t of_file) {
    return "change counter " + std::to_string(of_log) + " against " + std::to_string(of_file);
  };
  if (newest.change_counter < header.change_counter) {
    return "its page 1 is older than the database file (" +
           counters(newest.change_counter, header.change_counter) + ")";
  }
  // Who writes a page 1 counts one up from the page 1 that it has read, and the first one of a log
  // was read from the file. A checkpoint only brings the file nearer.
  if (oldest.change_counter > header.change_counter + 1) {
    return "it was written on top of a later state of the database than that of the file (" +
           counters(oldest.change_counter, header.change_counter) + ")";
  }
  if (newest.schema_cookie < header.schema_cookie) {
    return "its schema is older than that of the database file (" +
           std::to_string(newest.schema_cookie) + " against " +
           std::to_string(header.schema_cookie) + ")";
  }
  return {};
}

// Whether any page of the log stands in the database like that, as after a checkpoint.
Result<bool> AnyPageAgrees(const WriteAheadLog& log, int file, const SqliteConnection& connection) {
  for (const auto& [offset, page] : log.pages) {
    auto logged = ReadAt(file, offset, static_cast<std::size_t>(log.page_size));
    if (!logged) return std::move(logged).error();
    auto stored = connection.ReadBytes((page - 1) * log.page_size, static_cast<int>(log.page_size));
    if (!stored) return std::move(stored).error();
    if (*logged == *stored) return true;
  }
  return false;
}

}  // namespace

Result<std::optional<WriteAheadLog>> ReadWriteAheadLog(const std::string& database,
                                                       const Context& context) {
  using R = Result<std::optional<WriteAheadLog>>;
  const std::string path = database + "-wal";
  auto facts = FactsOf(path);
  if (!facts) return std::move(facts).error();
  if (!*facts || (*facts)->size == 0) return R(std::nullopt);
  auto file = OpenFile(path, O_RDONLY);
  if (!file) return std::move(file).error();
  WriteAheadLog log;
  log.size = (*facts)->size;
  auto header = ReadAt(file->get(), 0, kLogHeader);
  if (!header) return std::move(header).error().In(path);
  const bool is_log =
      header->size() == kLogHeader && (BigEndian32(*header, 0) & ~std::uint32_t{1}) == 0x377f0682;
  if (is_log) {
    if (auto read = ReadFrames(file->get(), *header, log, context); !read) {
      return std::move(read).error().In(path);
    }
  }
  return R(std::move(log));
}

Result<LogJudgement> JudgeLog(const WriteAheadLog& log, const SqliteHeader& header,
                              const std::string& database, const SqliteConnection& connection) {
  LogJudgement judgement;
  if (log.frames == 0) return judgement;
  if (!header.wal) {
    // SQLite removes the log before it takes the mark out of the header: they never stand together.
    judgement.foreign.push_back(
        "the database file is not in WAL mode, and yet the log would be replayed");
  }
  if (log.page_size != header.page_size) {
    judgement.foreign.push_back("its pages have " + std::to_string(log.page_size) +
                                " bytes, those of the database " +
                                std::to_string(header.page_size));
    return judgement;
  }
  if (!log.newest_header.empty()) {
    const std::string reason = CompareHeaders(log, header);
    if (!reason.empty()) judgement.foreign.push_back(reason);
  }
  const std::string path = database + "-wal";
  auto log_facts = FactsOf(path);
  auto facts = FactsOf(database);
  if (!log_facts || !facts || !*log_facts || !*facts) return judgement;
  if ((*facts)->changed <= (*log_facts)->changed) return judgement;
  auto file = OpenFile(path, O_RDONLY);
  if (!file) return std::move(file).error();
  auto agrees = AnyPageAgrees(log, file->get(), connection);
  if (!agrees) return std::move(agrees).error();
  if (*agrees) return judgement;
  judgement.note = "the file has a later time than its write-ahead log, and none of the log's " +
                   std::to_string(log.frames) +
                   " pages stands in it: if nobody has touched the file, something else than "
                   "SQLite has written it, or the log is another's";
  return judgement;
}

}  // namespace recourse::database
