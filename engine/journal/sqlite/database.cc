#include "engine/journal/sqlite/database.h"

#include <cerrno>
#include <cstring>

#include "engine/base/text.h"

namespace recourse::journal {
namespace {

// Waits for another process that recovers the WAL or reads the schema; never for a second writer.
constexpr int kBusyMilliseconds = 5000;

Code CodeOf(int result, int system_error) {
  switch (result & 0xff) {
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return Code::kResourceExhausted;
    case SQLITE_IOERR:
      // A quota or a limit on the size of files is "full" too; SQLite knows ENOSPC only.
      return system_error == EDQUOT || system_error == EFBIG || system_error == ENOSPC
                 ? Code::kResourceExhausted
                 : Code::kUnavailable;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return Code::kUnavailable;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Code::kPermissionDenied;
    case SQLITE_CONSTRAINT:
      if (result == SQLITE_CONSTRAINT_PRIMARYKEY) return Code::kAborted;
      return result == SQLITE_CONSTRAINT_UNIQUE ? Code::kAlreadyExists : Code::kInternal;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_SCHEMA:
      return Code::kDataLoss;
    default:
      return Code::kInternal;
  }
}

}  // namespace

Result<std::unique_ptr<Database>> Database::Open(const std::string& path, int flags) {
  std::unique_ptr<Database> database(new Database(path));
  const int result = sqlite3_open_v2(path.c_str(), &database->handle_,
                                     flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (result != SQLITE_OK) return database->ErrorOf(result).In("open");
  sqlite3* handle = database->handle_;
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  sqlite3_wal_autocheckpoint(handle, 0);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (auto set = database->Execute("PRAGMA synchronous=FULL"); !set) return std::move(set).error();
  auto synchronous = database->Number("PRAGMA synchronous");
  if (!synchronous) return std::move(synchronous).error();
  if (*synchronous != 2) return Internal(path + ": SQLite did not take synchronous=FULL");
  return database;
}

Result<std::unique_ptr<Database>> Database::OpenToWrite(const std::string& path) {
  return Open(path, SQLITE_OPEN_READWRITE);
}

Result<std::unique_ptr<Database>> Database::OpenToRead(const std::string& path) {
  auto database = Open(path, SQLITE_OPEN_READONLY);
  if (!database) return database;
  if (auto set = (*database)->Execute("PRAGMA query_only=1"); !set) return std::move(set).error();
  return database;
}

Result<std::unique_ptr<Database>> Database::OpenImmutable(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      uri += "%" + Hex({&c, 1});
    } else {
      uri += c;
    }
  }
  return Open(uri + "?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

Database::~Database() {
  // Not sqlite3_close_v2: a statement that outlives its connection is our mistake, and must show.
  RECOURSE_CHECK(sqlite3_close(handle_) == SQLITE_OK);
}

Result<void> Database::Execute(const std::string& sql) {
  errno = 0;
  const int result = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return ErrorOf(result);
  return {};
}

Result<std::int64_t> Database::Number(const std::string& sql) {
  auto found = Statement(*this, sql).First([](const Row& row) { return row.Int(0); });
  if (!found) return std::move(found).error();
  return found->value_or(0);
}

Result<std::string> Database::Text(const std::string& sql) {
  auto found = Statement(*this, sql).First([](const Row& row) { return row.Text(0); });
  if (!found) return std::move(found).error();
  return found->value_or("");
}

Error Database::ErrorOf(int result) const {
  // SQLite notes the system's error for statements, but not for a COMMIT, which does the writing.
  const int noted = sqlite3_system_errno(handle_);
  const int system_error = noted != 0 ? noted : errno;
  const Code code = CodeOf(result, system_error);
  std::string message = path_ + ": " + sqlite3_errmsg(handle_);
  const int kind = result & 0xff;
  if (system_error != 0 && (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN)) {
    message += std::string(", ") + std::strerror(system_error);
  }
  return Error{code, message + " (SQLite " + std::to_string(result) + ")"};
}

std::string Row::Text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (size == 0) return "";
  return std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

Digest Row::Hash(int column) const {
  Digest digest{};
  const void* bytes = sqlite3_column_blob(statement_, column);
  if (sqlite3_column_bytes(statement_, column) == static_cast<int>(digest.size())) {
    std::memcpy(digest.data(), bytes, digest.size());
  }
  return digest;
}

std::optional<Time> Row::MaybeAt(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
  return At(column);
}

Result<void> Statement::Prepare() {
  if (handle_ != nullptr) return {};
  const int result = sqlite3_prepare_v3(database_.get(), sql_.data(), static_cast<int>(sql_.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
  if (result != SQLITE_OK) return database_.ErrorOf(result);
  return {};
}

Result<Transaction> Transaction::Begin(Database& database) {
  // A rollback that failed leaves its transaction open; it ends before anything new begins.
  if (sqlite3_get_autocommit(database.get()) == 0) {
    if (auto ended = database.Execute("ROLLBACK"); !ended) return std::move(ended).error();
  }
  if (auto begun = database.Execute("BEGIN IMMEDIATE"); !begun) return std::move(begun).error();
  return Transaction(database);
}

Transaction::~Transaction() {
  // SQLite has rolled back by itself after some failures. If this fails, the next Begin() tells.
  if (database_ != nullptr && sqlite3_get_autocommit(database_->get()) == 0) {
    static_cast<void>(database_->Execute("ROLLBACK"));
  }
}

Result<void> Transaction::Commit() {
  if (auto committed = database_->Execute("COMMIT"); !committed) return committed;
  database_ = nullptr;
  return {};
}

}  // namespace recourse::journal
