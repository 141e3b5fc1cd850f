// A connection to a SQLite file, for one thread.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actions/action.h"
#include "actions/database/file_copy.h"
#include "actions/database/file_gate.h"
#include "actions/stop_event.h"
#include "engine/base/error.h"

namespace recourse::database {

class SqliteConnection {
 public:
  enum class Mode {
    kReadOnly,   // as other processes may write meanwhile
    kImmutable,  // read-only without locks: REQUIRES a QuietFile, which see below
    kReadWrite,  // these two follow no symbolic link: the path must hold none
    kCreate,
  };

  // Opens `path`; SQLite reads nothing of it before the first statement. Statements wait some
  // seconds for locks, and end when `context`, which must outlive the connection, is stopped.
  static Result<SqliteConnection> Open(const std::string& path, Mode mode, const Context& context);

  SqliteConnection(SqliteConnection&&) = default;

  // Runs a statement and calls row(statement) for each row, if given.
  //
  // kDataLoss: the file is damaged, cannot be read from the disk, or is no database. kAborted:
  // locked by others. kFailedPrecondition: a transaction of another process was cut off and a
  // writer must first roll it back. kResourceExhausted, kPermissionDenied, kUnavailable (I/O): as
  // named. kInvalidArgument: the statement and the database do not fit together.
  using Row = std::function<void(sqlite3_stmt*)>;
  Result<void> Run(const std::string& sql, const Row& row = nullptr) const;

  // The first column of the first row; 0 and "" when there is no row.
  Result<std::int64_t> Number(const std::string& sql) const;
  Result<std::string> Text(const std::string& sql) const;
  // The first column of all rows.
  Result<std::vector<std::string>> Texts(const std::string& sql) const;

  // Bytes of the main file as SQLite has it open; shorter when the file is.
  Result<std::string> ReadBytes(std::int64_t offset, int size) const;

  // What `code`, answered by SQLite for this connection, means.
  Error ErrorOf(int code) const;

  sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  // Where SQLite's callbacks find the context; stays where it is when the connection moves.
  struct Waiting {
    const Context& context;
    StopEvent stop;
  };

  SqliteConnection(std::string path, FileGate gate, std::unique_ptr<Waiting> waiting)
      : path_(std::move(path)), gate_(std::move(gate)), waiting_(std::move(waiting)) {}

  std::string path_;
  FileGate gate_;
  std::unique_ptr<Waiting> waiting_;
  std::unique_ptr<sqlite3, Close> handle_;  // the last member: closed before the gate is left
};

// Reading a WAL database that has no log, even read-only, would leave a log and its index behind.
// While there is none nobody writes the file, so that it can be read without locks; who begins to
// write makes a log, and is found out afterwards.
class QuietFile {
 public:
  QuietFile(std::string path, bool wal);

  // How to read the file now.
  SqliteConnection::Mode mode() const {
    return facts_ ? SqliteConnection::Mode::kImmutable : SqliteConnection::Mode::kReadOnly;
  }
  // False: it was read without locks, and somebody wrote meanwhile; what was read counts for
  // nothing. Then mode() is kReadOnly.
  bool StillQuiet();

 private:
  bool HasSidecars() const;

  std::string path_;
  std::optional<FileFacts> facts_;  // when the file is quiet
};

// A column of the present row as text. A damaged file can hold NULL where the format allows none,
// and SQLite may be out of memory: both give "".
std::string ColumnText(sqlite3_stmt* row, int column);

// An SQL identifier: "metrics" in double quotes.
std::string Quoted(std::string_view name);

// The first 100 bytes of a database file, read by those who know what they mean.
// https://www.sqlite.org/fileformat2.html#the_database_header
struct SqliteHeader {
  bool magic = false;
  std::int64_t page_size = 0;  // 0: not a valid one
  bool wal = false;            // the write version says write-ahead log
  std::int64_t change_counter = 0;
  std::int64_t page_count = 0;  // 0: not valid, an old version of SQLite has written last
  std::int64_t schema_cookie = 0;
  std::int64_t encoding = 0;
};

// REQUIRES: at least 100 bytes.
SqliteHeader ParseSqliteHeader(std::string_view bytes);

// A big-endian number of 4 bytes at `offset`.
std::uint32_t BigEndian32(std::string_view bytes, std::size_t offset);

}  // namespace recourse::database
