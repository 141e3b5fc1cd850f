#include "actions/database/salvage_copy.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "actions/database/file_copy.h"
#include "actions/database/file_gate.h"
#include "actions/database/file_set.h"
#include "actions/database/sqlite_check.h"
#include "actions/database/sqlite_connection.h"
#include "actions/database/sqlite_wal.h"
#include "engine/base/file.h"

namespace recourse::database {
namespace {

// Writes the committed pages of a log where they belong.
Result<void> ApplyLog(const WriteAheadLog& log, const std::string& from, const std::string& copy) {
  auto source = OpenFile(from, O_RDONLY);
  if (!source) return std::move(source).error();
  auto target = OpenFile(copy, O_WRONLY | O_NOFOLLOW);
  if (!target) return std::move(target).error();
  std::string page(static_cast<std::size_t>(log.page_size), '\0');
  for (const auto& [offset, number] : log.pages) {
    const auto size = static_cast<ssize_t>(page.size());
    if (pread(source->get(), page.data(), page.size(), offset) != size) {
      return Unavailable("read " + from + ": it became shorter meanwhile");
    }
    const off_t place = (number - 1) * log.page_size;
    if (pwrite(target->get(), page.data(), page.size(), place) != size) {
      return ErrnoError(errno, "write " + copy);
    }
  }
  return {};
}

// A transaction that was cut off is taken back in the copy, as the next writer would have done.
Result<std::string> RollBack(const std::string& copy, const Context& context) {
  auto connection = SqliteConnection::Open(copy, SqliteConnection::Mode::kReadWrite, context);
  if (!connection) return std::move(connection).error();
  auto rolled_back = connection->Run("SELECT count(*) FROM sqlite_schema");
  if (rolled_back) return std::string("a transaction that was cut off was taken back");
  if (context.stop.stop_requested()) return context.StopError();
  return "a journal lies beside the database, and could not be used: " +
         rolled_back.error().message;
}

Result<std::vector<std::optional<FileFacts>>> FactsOfFiles(const std::string& database) {
  std::vector<std::optional<FileFacts>> all;
  for (const char* suffix : {"", "-wal", "-journal"}) {
    auto facts = FactsOf(database + suffix);
    if (!facts) return std::move(facts).error();
    all.push_back(*facts);
  }
  return all;
}

bool AreSame(const std::vector<std::optional<FileFacts>>& a,
             const std::vector<std::optional<FileFacts>>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].has_value() != b[i].has_value() || (a[i] && !a[i]->SameAs(*b[i]))) return false;
  }
  return true;
}

// What a log holds of the database, written into the copy; a sentence about it, if there is one.
Result<std::string> AddLog(const std::string& database, const std::string& copy, bool foreign,
                           const Context& context) {
  auto log = ReadWriteAheadLog(database, context);
  if (!log) return std::move(log).error();
  if (!*log || (*log)->frames == 0) return std::string();
  if (foreign) {
    return std::string(
        "the write-ahead log beside the file is another database's; it was not read");
  }
  auto applied = ApplyLog(**log, database + "-wal", copy);
  if (!applied) return std::move(applied).error();
  return "with " + std::to_string((*log)->frames) + " pages of the write-ahead log";
}

// The copy with its log, and its journal beside it. REQUIRES: the gate of the database.
Result<std::vector<std::string>> CopyFiles(const std::string& database, const std::string& copy,
                                           bool foreign_log, const Context& context) {
  std::vector<std::string> notes;
  auto before = FactsOfFiles(database);
  if (!before) return std::move(before).error();
  if (!(*before)[0]) return NotFound("there is no file " + database);
  if ((*before)[0]->size == 0) return DataLoss(database + " is empty: nothing is left in it");
  auto copied = CopyFile(database, copy, context, true);
  if (!copied) return std::move(copied).error();
  if (copied->missing > 0) {
    notes.push_back("the disk does not give " + std::to_string(copied->missing) +
                    " bytes of the file back");
  }
  auto log = AddLog(database, copy, foreign_log, context);
  if (!log) return std::move(log).error();
  if (!log->empty()) notes.push_back(*std::move(log));
  if ((*before)[2] && (*before)[2]->size > 0) {
    auto journal = CopyFile(database + "-journal", copy + "-journal", context, true);
    if (!journal) return std::move(journal).error();
  }
  auto after = FactsOfFiles(database);
  if (!after) return std::move(after).error();
  if (AreSame(*before, *after)) return notes;
  return Aborted(database +
                 " was written while it was copied, so that the copy would not fit together. "
                 "Nothing was made. Stop what writes it, then try again");
}

}  // namespace

Result<std::vector<std::string>> CopyDamaged(const std::string& database, const std::string& copy,
                                             const Context& context) {
  // The damage itself is no news; whether the log belongs to the file is.
  const auto looked = CheckSqliteFile(database, {}, CheckDepth::kFile, context);
  if (!looked && looked.error().code == Code::kNotFound) return looked.error();
  auto gate = FileGate::ForRawRead(database, context);
  if (!gate) return std::move(gate).error();
  auto notes = CopyFiles(database, copy, looked && looked->foreign_log, context);
  if (!notes || !Exists(copy + "-journal")) return notes;
  auto rolled_back = RollBack(copy, context);
  if (!rolled_back) return std::move(rolled_back).error();
  notes->push_back(*std::move(rolled_back));
  return notes;
}

}  // namespace recourse::database
