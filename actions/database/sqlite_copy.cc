#include "actions/database/sqlite_copy.h"

#include <memory>

#include "actions/database/file_set.h"
#include "actions/database/sqlite_connection.h"
#include "actions/stop_event.h"

namespace recourse::database {
namespace {

constexpr int kPagesPerStep = 256;
constexpr int kRestartsMax = 5;
constexpr auto kBusyWait = std::chrono::milliseconds(20);
constexpr int kBusyMax = 250;  // in a row: 5 s

struct FinishBackup {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

enum class Copying { kDone, kKeepsRestarting };

Result<Copying> CopyPages(const SqliteConnection& source, const SqliteConnection& target,
                          const Context& context) {
  const std::unique_ptr<sqlite3_backup, FinishBackup> backup(
      sqlite3_backup_init(target.handle(), "main", source.handle(), "main"));
  if (backup == nullptr) return target.ErrorOf(sqlite3_errcode(target.handle()));
  const StopEvent stop(context);
  int done_before = 0;
  int restarts = 0;
  int busy = 0;
  for (;;) {
    const int result = sqlite3_backup_step(backup.get(), kPagesPerStep);
    if (stop.stopped()) return context.StopError();
    if (result == SQLITE_DONE) return Copying::kDone;
    if (result == SQLITE_BUSY || result == SQLITE_LOCKED) {
      if (++busy > kBusyMax) return source.ErrorOf(result);
      if (!stop.WaitFor(kBusyWait)) return context.StopError();
      continue;
    }
    if (result != SQLITE_OK) return source.ErrorOf(result);
    busy = 0;
    const int total = sqlite3_backup_pagecount(backup.get());
    const int done = total - sqlite3_backup_remaining(backup.get());
    context.progress(done, total, "pages copied");
    // SQLite starts over by itself when another process has written between two steps.
    if (done <= done_before && ++restarts > kRestartsMax) return Copying::kKeepsRestarting;
    done_before = done;
  }
}

Result<SqliteCopy> CopyOnce(const std::string& from, const std::string& to,
                            SqliteConnection::Mode mode, bool wal, const Context& context) {
  auto source = SqliteConnection::Open(from, mode, context);
  if (!source) return std::move(source).error();
  {
    auto target = SqliteConnection::Open(to, SqliteConnection::Mode::kCreate, context);
    if (!target) return std::move(target).error();
    // The copy is synced at its end, as a whole.
    if (auto set = target->Run("PRAGMA synchronous = OFF"); !set) return std::move(set).error();
    if (wal) {
      // One snapshot for all steps: in WAL mode it keeps no writer waiting, and they restart
      // nothing.
      for (const char* sql : {"BEGIN", "SELECT count(*) FROM sqlite_schema"}) {
        if (auto begun = source->Run(sql); !begun) return std::move(begun).error();
      }
    }
    auto copying = CopyPages(*source, *target, context);
    if (!copying) return std::move(copying).error();
    if (*copying == Copying::kDone) {
      auto one_file = target->Text("PRAGMA journal_mode = DELETE");
      if (!one_file) return std::move(one_file).error();
      return SqliteCopy{"backup_api"};
    }
  }
  context.log("writers made the copy start over " + std::to_string(kRestartsMax + 1) +
              " times; copying by VACUUM INTO, which keeps them waiting");
  if (auto removed = RemoveSqliteFiles(to); !removed) return std::move(removed).error();
  std::string quoted;
  for (const char c : to) quoted += c == '\'' ? "''" : std::string(1, c);
  if (auto made = source->Run("VACUUM INTO '" + quoted + "'"); !made)
    return std::move(made).error();
  return SqliteCopy{"vacuum_into"};
}

}  // namespace

Result<SqliteCopy> CopySqliteDatabase(const std::string& from, const std::string& to, bool wal,
                                      const Context& context) {
  QuietFile quiet(from, wal);
  auto copied = CopyOnce(from, to, quiet.mode(), wal, context);
  if (!quiet.StillQuiet()) {
    if (auto removed = RemoveSqliteFiles(to); !removed) return std::move(removed).error();
    copied = CopyOnce(from, to, quiet.mode(), wal, context);
  }
  if (!copied) {
    (void)RemoveSqliteFiles(to);
    return std::move(copied).error().In("copy " + from);
  }
  return copied;
}

}  // namespace recourse::database
