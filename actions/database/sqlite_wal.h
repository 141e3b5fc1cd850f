// A write-ahead log as it lies beside a database, and whether it can belong to it.
//
// Nothing in SQLite's format ties a log to its database: a log that was left beside a restored
// file, or copied there, is replayed into it without a word, and the result passes integrity_check.
// What can be told from the files is told here: their page sizes, and the counters in page 1, which
// go on in the log where the file has left them. Times tell nothing: a touch changes them, and a
// copy may keep them. A log without a page 1 cannot be told from the right one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actions/action.h"
#include "actions/database/sqlite_connection.h"
#include "engine/base/error.h"

namespace recourse::database {

struct WriteAheadLog {
  std::int64_t size = 0;       // bytes of the file
  std::int64_t page_size = 0;  // 0: no valid header
  std::int64_t frames = 0;     // valid and committed: what SQLite would replay
  std::string oldest_header;  // of the database, in the first page 1 of the log; empty: it has none
  std::string newest_header;  // in the last one
  // Where the page of each such frame begins in the file, with its number in the database.
  std::vector<std::pair<std::int64_t, std::int64_t>> pages;
};

// Nothing when there is no log, or an empty one. Reads -wal raw, which is safe: SQLite puts its
// locks on the database file and on -shm.
Result<std::optional<WriteAheadLog>> ReadWriteAheadLog(const std::string& database,
                                                       const Context& context);

// Whether a log can be that of the database beside which it lies.
struct LogJudgement {
  std::vector<std::string> foreign;  // why it cannot, a sentence each
  std::string note;                  // what is unusual, and yet no proof of anything
};
Result<LogJudgement> JudgeLog(const WriteAheadLog& log, const SqliteHeader& header,
                              const std::string& database, const SqliteConnection& connection);

}  // namespace recourse::database
