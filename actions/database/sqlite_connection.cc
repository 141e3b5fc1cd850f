#include "actions/database/sqlite_connection.h"

#include <algorithm>
#include <chrono>

#include "engine/base/text.h"

namespace recourse::database {
namespace {

constexpr int kStepsBetweenLooks = 10'000;  // of SQLite's virtual machine
constexpr auto kBusyStep = std::chrono::milliseconds(20);
constexpr int kBusySteps = 250;  // 5 s in all

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

// As a URI, because only that can say "immutable".
std::string UriOf(const std::string& path, SqliteConnection::Mode mode) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      uri += "%" + Hex(std::string_view(&c, 1));
    } else {
      uri += c;
    }
  }
  if (mode == SqliteConnection::Mode::kImmutable) uri += "?immutable=1";
  return uri;
}

int FlagsOf(SqliteConnection::Mode mode) {
  switch (mode) {
    case SqliteConnection::Mode::kReadOnly:
    case SqliteConnection::Mode::kImmutable:
      return SQLITE_OPEN_READONLY;
    case SqliteConnection::Mode::kReadWrite:
      return SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW;
    case SqliteConnection::Mode::kCreate:
      return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;
  }
  return SQLITE_OPEN_READONLY;
}

Code CodeOf(int result) {
  // The disk does not give the bytes back: they are as lost as if others stood there.
  if (result == SQLITE_IOERR_READ || result == SQLITE_IOERR_CORRUPTFS) return Code::kDataLoss;
  switch (result & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::kDataLoss;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Code::kAborted;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return Code::kResourceExhausted;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return Code::kPermissionDenied;
    case SQLITE_IOERR:
      return Code::kUnavailable;
    case SQLITE_ERROR:
      return Code::kInvalidArgument;
    default:
      return Code::kInternal;
  }
}

}  // namespace

Result<SqliteConnection> SqliteConnection::Open(const std::string& path, Mode mode,
                                                const Context& context) {
  auto gate = FileGate::ForSqlite(path, context);
  if (!gate) return std::move(gate).error();
  SqliteConnection connection(path, *std::move(gate),
                              std::unique_ptr<Waiting>(new Waiting{context, StopEvent(context)}));
  sqlite3* handle = nullptr;
  const int opened = sqlite3_open_v2(
      UriOf(path, mode).c_str(), &handle,
      FlagsOf(mode) | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  connection.handle_.reset(handle);
  if (opened != SQLITE_OK) return connection.ErrorOf(opened);
  sqlite3_progress_handler(
      handle, kStepsBetweenLooks,
      [](void* waiting) -> int { return static_cast<Waiting*>(waiting)->stop.stopped(); },
      connection.waiting_.get());
  sqlite3_busy_handler(
      handle,
      [](void* waiting, int times) -> int {
        return times < kBusySteps && static_cast<Waiting*>(waiting)->stop.WaitFor(kBusyStep);
      },
      connection.waiting_.get());
  // The file may be damaged: nothing in it is trusted.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  return connection;
}

Result<void> SqliteConnection::Run(const std::string& sql, const Row& row) const {
  sqlite3_stmt* prepared = nullptr;
  const int result = sqlite3_prepare_v2(handle_.get(), sql.c_str(), -1, &prepared, nullptr);
  const std::unique_ptr<sqlite3_stmt, Finalize> statement(prepared);
  if (result != SQLITE_OK) return ErrorOf(result).In(sql);
  for (;;) {
    const int step = sqlite3_step(prepared);
    if (step == SQLITE_DONE) return {};
    if (step != SQLITE_ROW) return ErrorOf(step).In(sql);
    if (row) row(prepared);
  }
}

Result<std::int64_t> SqliteConnection::Number(const std::string& sql) const {
  std::int64_t number = 0;
  auto done = Run(sql, [&](sqlite3_stmt* row) { number = sqlite3_column_int64(row, 0); });
  if (!done) return std::move(done).error();
  return number;
}

Result<std::string> SqliteConnection::Text(const std::string& sql) const {
  auto texts = Texts(sql);
  if (!texts) return std::move(texts).error();
  return texts->empty() ? std::string() : texts->front();
}

Result<std::vector<std::string>> SqliteConnection::Texts(const std::string& sql) const {
  std::vector<std::string> texts;
  auto done = Run(sql, [&](sqlite3_stmt* row) { texts.push_back(ColumnText(row, 0)); });
  if (!done) return std::move(done).error();
  return texts;
}

Result<std::string> SqliteConnection::ReadBytes(std::int64_t offset, int size) const {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (file == nullptr || file->pMethods == nullptr) return Internal(path_ + " is not open");
  // SQLite fills what the file lacks with zeros and says so; the size tells how much is real.
  sqlite3_int64 file_size = 0;
  if (const int result = file->pMethods->xFileSize(file, &file_size); result != SQLITE_OK) {
    return ErrorOf(result).In("size of " + path_);
  }
  std::string bytes(static_cast<std::size_t>(size), '\0');
  const int result = file->pMethods->xRead(file, bytes.data(), size, offset);
  if (result != SQLITE_OK && result != SQLITE_IOERR_SHORT_READ) {
    return ErrorOf(result).In("read " + path_);
  }
  if (offset + size > file_size) {
    bytes.resize(static_cast<std::size_t>(std::max<std::int64_t>(0, file_size - offset)));
  }
  return bytes;
}

Error SqliteConnection::ErrorOf(int code) const {
  if ((code & 0xff) == SQLITE_INTERRUPT || waiting_->stop.stopped()) {
    return waiting_->context.StopError();
  }
  if (code == SQLITE_READONLY_ROLLBACK || code == SQLITE_READONLY_RECOVERY) {
    return FailedPrecondition(
        path_ + " has an unfinished transaction beside it (" + path_ +
        "-journal), left by a writer that was cut off; it can be judged only after a writer has "
        "rolled it back. Start the application, or open the database once for writing, then check "
        "again. Nothing was changed");
  }
  if (code == SQLITE_CANTOPEN_SYMLINK) {
    return FailedPrecondition(path_ +
                              " is reached by a symbolic link; nothing was written through it");
  }
  std::string text = sqlite3_errstr(code);
  if (handle_ != nullptr && sqlite3_extended_errcode(handle_.get()) == code) {
    text = sqlite3_errmsg(handle_.get());
  }
  const int system = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_.get());
  if ((code & 0xff) == SQLITE_CANTOPEN && system != 0) {
    return ErrnoError(system, "open " + path_ + " (or the files beside it)");
  }
  return Error{CodeOf(code), path_ + ": " + text + " (SQLite result " + std::to_string(code) + ")"};
}

QuietFile::QuietFile(std::string path, bool wal) : path_(std::move(path)) {
  if (!wal || HasSidecars()) return;
  if (auto facts = FactsOf(path_)) facts_ = *facts;
}

bool QuietFile::StillQuiet() {
  if (!facts_) return true;
  auto facts = FactsOf(path_);
  if (facts && *facts && facts_->SameAs(**facts) && !HasSidecars()) return true;
  facts_.reset();
  return false;
}

bool QuietFile::HasSidecars() const { return Exists(path_ + "-wal") || Exists(path_ + "-journal"); }

std::string ColumnText(sqlite3_stmt* row, int column) {
  const unsigned char* text = sqlite3_column_text(row, column);
  return text == nullptr ? "" : reinterpret_cast<const char*>(text);
}

std::string Quoted(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::uint32_t BigEndian32(std::string_view bytes, std::size_t offset) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[offset + i]);
  }
  return number;
}

SqliteHeader ParseSqliteHeader(std::string_view bytes) {
  SqliteHeader header;
  header.magic = bytes.starts_with(std::string_view("SQLite format 3\0", 16));
  const std::uint32_t size = BigEndian32(bytes, 14) & 0xffff;
  header.page_size = size == 1 ? 65536 : size;
  if (header.page_size < 512 || (header.page_size & (header.page_size - 1)) != 0) {
    header.page_size = 0;
  }
  header.wal = bytes[18] == 2;
  header.change_counter = BigEndian32(bytes, 24);
  if (BigEndian32(bytes, 92) == BigEndian32(bytes, 24)) header.page_count = BigEndian32(bytes, 28);
  header.schema_cookie = BigEndian32(bytes, 40);
  header.encoding = BigEndian32(bytes, 56);
  return header;
}

}  // namespace recourse::database
