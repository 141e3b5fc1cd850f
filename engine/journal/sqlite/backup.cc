#include "engine/journal/sqlite/backup.h"

#include <unistd.h>

#include "engine/base/new_file.h"
#include "engine/journal/chain.h"
#include "engine/journal/sqlite/sqlite_reader.h"

namespace recourse::journal {
namespace {

constexpr std::int64_t kEventsAtOnce = 1000;
constexpr int kPagesAtOnce = 1000;

Error Stopped() {
  return Unavailable("the copy was given up because the server stops; no file is left");
}

// Ends a statement of the copy soon after `stop` is requested.
void EndWith(const std::stop_token& stop, Database& copy) {
  constexpr int kInstructions = 10'000;  // between two looks: some milliseconds
  sqlite3_progress_handler(
      copy.get(), kInstructions,
      [](void* token) {
        return static_cast<const std::stop_token*>(token)->stop_requested() ? 1 : 0;
      },
      const_cast<std::stop_token*>(&stop));
}

// All pages from one state of the source, which a transaction holds: appends go on in its WAL
// meanwhile.
Result<void> CopyPages(Database& from, Database& to, const std::stop_token& stop) {
  if (auto begun = from.Execute("BEGIN"); !begun) return begun;
  if (auto held = from.Number("SELECT count(*) FROM sqlite_schema"); !held) {
    return std::move(held).error();
  }
  sqlite3_backup* backup = sqlite3_backup_init(to.get(), "main", from.get(), "main");
  if (backup == nullptr) return to.ErrorOf(sqlite3_extended_errcode(to.get()));
  int stepped = SQLITE_OK;
  while (stepped == SQLITE_OK && !stop.stop_requested()) {
    stepped = sqlite3_backup_step(backup, kPagesAtOnce);
  }
  const int finished = sqlite3_backup_finish(backup);
  if (finished != SQLITE_OK) return to.ErrorOf(finished);
  if (stop.stop_requested()) return Stopped();
  if (stepped != SQLITE_DONE) return to.ErrorOf(stepped);
  return from.Execute("COMMIT");
}

// The copy is whole: SQLite finds no damage in it, and every event follows the one before.
Result<void> Check(const std::shared_ptr<Database>& copy, const std::stop_token& stop) {
  EndWith(stop, *copy);
  auto verdict = copy->Text("PRAGMA integrity_check(1)");
  if (!verdict) return std::move(verdict).error();
  if (*verdict != "ok") return DataLoss("the copy, and so the journal, is damaged: " + *verdict);
  SqliteReader reader(copy);
  ChainCheck chain(reader);
  for (;;) {
    auto events = reader.EventsAfter(chain.last(), kEventsAtOnce);
    if (!events) return std::move(events).error();
    if (events->empty()) return {};
    if (stop.stop_requested()) return Stopped();
    for (const StoredEvent& event : *events) {
      if (auto added = chain.Add(event); !added) return added;
    }
  }
}

}  // namespace

Result<void> BackUpJournal(const std::string& from, const std::string& to,
                           const std::stop_token& stop) {
  if (access(to.c_str(), F_OK) == 0) {
    return Error{Code::kAlreadyExists, to + " exists and was left as it is; name another file"};
  }
  auto temporary = NewFile::Beside(to);
  if (!temporary) return std::move(temporary).error();
  {
    auto source = Database::OpenToRead(from);
    if (!source) return std::move(source).error();
    auto opened = Database::OpenToWrite(temporary->path());
    if (!opened) return std::move(opened).error();
    const std::shared_ptr<Database> copy = *std::move(opened);
    if (auto copied = CopyPages(**source, *copy, stop); !copied) return copied;
    // One file and no -wal: it can also be read where nothing can be written.
    auto mode = copy->Text("PRAGMA journal_mode=DELETE");
    if (!mode) return std::move(mode).error();
    if (auto checked = Check(copy, stop); !checked) {
      return stop.stop_requested() ? Stopped() : std::move(checked).error();
    }
    sqlite3_progress_handler(copy->get(), 0, nullptr, nullptr);
  }
  return temporary->MoveTo(to);
}

}  // namespace recourse::journal
