// SQLite as values: a connection, its prepared statements, a transaction; failures are Errors.
//
// Thread safety: a Database and its statements are used by one thread at a time.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/ids.h"

namespace recourse::journal {

// One connection.
class Database {
 public:
  // Opens the file that stands at `path`; makes none. Every connection has synchronous=FULL, and
  // leaves checkpoints alone: none by itself, none when it is closed.
  static Result<std::unique_ptr<Database>> OpenToWrite(const std::string& path);
  // Cannot change the file.
  static Result<std::unique_ptr<Database>> OpenToRead(const std::string& path);
  // Cannot change the file and makes none beside it: for a directory in which nothing can be
  // written. REQUIRES: nobody writes to the file while it is open.
  static Result<std::unique_ptr<Database>> OpenImmutable(const std::string& path);

  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // One or more SQL statements without results that matter.
  Result<void> Execute(const std::string& sql);
  // The first column of the first row.
  Result<std::int64_t> Number(const std::string& sql);
  Result<std::string> Text(const std::string& sql);

  // The error of a call on this connection that answered `result`, an extended result code.
  // A primary key that exists is kAborted, another unique one kAlreadyExists.
  Error ErrorOf(int result) const;

  sqlite3* get() const { return handle_; }
  const std::string& path() const { return path_; }

 private:
  explicit Database(std::string path) : path_(std::move(path)) {}
  static Result<std::unique_ptr<Database>> Open(const std::string& path, int flags);

  std::string path_;
  sqlite3* handle_ = nullptr;
};

// Bytes to be stored as a BLOB.
struct Blob {
  std::string_view bytes;
};
inline Blob AsBlob(const Digest& digest) {
  return {{reinterpret_cast<const char*>(digest.data()), digest.size()}};
}

// The current row of a statement. Columns count from 0.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}

  std::int64_t Int(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string Text(int column) const;
  // All zeros when the column has not the size of a digest: no event's hash.
  Digest Hash(int column) const;
  Time At(int column) const { return Time(std::chrono::microseconds(Int(column))); }
  std::optional<Time> MaybeAt(int column) const;

 private:
  sqlite3_stmt* statement_;
};

// A statement that is prepared at its first use and kept. The values given are bound to its
// parameters in their order and need to live only as long as the call.
class Statement {
 public:
  // `database` outlives the statement.
  Statement(Database& database, std::string sql) : database_(database), sql_(std::move(sql)) {}
  ~Statement() { sqlite3_finalize(handle_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Runs it and returns the number of rows changed.
  template <class... Values>
  Result<int> Execute(const Values&... values) {
    const Use use(*this);
    if (auto bound = Bind(values...); !bound) return std::move(bound).error();
    const int result = sqlite3_step(handle_);
    if (result != SQLITE_DONE && result != SQLITE_ROW) return database_.ErrorOf(result);
    return sqlite3_changes(database_.get());
  }

  // All rows, each read by `read`.
  template <class Read, class... Values>
  auto All(Read read, const Values&... values)
      -> Result<std::vector<std::invoke_result_t<Read, const Row&>>> {
    const Use use(*this);
    if (auto bound = Bind(values...); !bound) return std::move(bound).error();
    std::vector<std::invoke_result_t<Read, const Row&>> rows;
    int result;
    while ((result = sqlite3_step(handle_)) == SQLITE_ROW) rows.push_back(read(Row(handle_)));
    if (result != SQLITE_DONE) return database_.ErrorOf(result);
    return rows;
  }

  // The first row, if there is one.
  template <class Read, class... Values>
  auto First(Read read, const Values&... values)
      -> Result<std::optional<std::invoke_result_t<Read, const Row&>>> {
    using Found = std::optional<std::invoke_result_t<Read, const Row&>>;
    const Use use(*this);
    if (auto bound = Bind(values...); !bound) return std::move(bound).error();
    const int result = sqlite3_step(handle_);
    if (result == SQLITE_DONE) return Found();
    if (result != SQLITE_ROW) return database_.ErrorOf(result);
    return Found(read(Row(handle_)));
  }

 private:
  // Ends the use of the statement, whatever happened: it holds no lock and no borrowed value.
  struct Use {
    explicit Use(Statement& used) : statement(used) {}
    ~Use() {
      sqlite3_reset(statement.handle_);
      sqlite3_clear_bindings(statement.handle_);
    }
    Statement& statement;
  };

  template <class... Values>
  Result<void> Bind(const Values&... values) {
    if (auto prepared = Prepare(); !prepared) return prepared;
    int index = 0;
    int result = SQLITE_OK;
    ((result = result == SQLITE_OK ? BindOne(++index, values) : result), ...);
    if (result != SQLITE_OK) return database_.ErrorOf(result);
    return {};
  }

  Result<void> Prepare();
  int BindOne(int index, std::int64_t value) { return sqlite3_bind_int64(handle_, index, value); }
  int BindOne(int index, std::string_view text) {
    return sqlite3_bind_text64(handle_, index, text.data(), text.size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  int BindOne(int index, Blob blob) {
    return sqlite3_bind_blob64(handle_, index, blob.bytes.data(), blob.bytes.size(), SQLITE_STATIC);
  }
  int BindOne(int index, Time time) { return BindOne(index, time.time_since_epoch().count()); }
  int BindOne(int index, const std::optional<Time>& time) {
    return time ? BindOne(index, *time) : sqlite3_bind_null(handle_, index);
  }
  template <char kPrefix>
  int BindOne(int index, Id<kPrefix> id) {
    return BindOne(index, id.number);
  }

  Database& database_;
  std::string sql_;
  sqlite3_stmt* handle_ = nullptr;
};

// BEGIN IMMEDIATE; rolled back by its destructor unless committed.
class Transaction {
 public:
  static Result<Transaction> Begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  ~Transaction();

  // After a failure nothing of the transaction is stored.
  Result<void> Commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}

  Database* database_;
};

}  // namespace recourse::journal
