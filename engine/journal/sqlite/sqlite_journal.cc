#include "engine/journal/sqlite/sqlite_journal.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "engine/base/fail_point.h"
#include "engine/base/file.h"
#include "engine/journal/chain.h"
#include "engine/journal/sqlite/backup.h"
#include "engine/journal/sqlite/change_writer.h"
#include "engine/journal/sqlite/database.h"
#include "engine/journal/sqlite/importer.h"
#include "engine/journal/sqlite/migrations.h"
#include "engine/journal/sqlite/run_remover.h"
#include "engine/journal/sqlite/server_lock.h"
#include "engine/journal/sqlite/sqlite_reader.h"

namespace recourse::journal {
namespace {

constexpr std::int64_t kFrameBytes = 4096 + 24;  // a page of the default size and its header
constexpr std::int64_t kTailEvents = 256;  // whose hashes are checked when a journal is opened

std::int64_t SizeOf(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 ? info.st_size : 0;
}

// Puts an empty file there unless there is one. This is the only place that opens the file other
// than through SQLite, and nobody else has it open then: closing it later would drop the locks that
// SQLite holds on it in this process.
Result<void> MakeFile(const std::string& path) {
  if (SizeOf(path) == 0 && SizeOf(path + "-wal") > 0) {
    return DataLoss(path + " is missing or empty, but " + path +
                    "-wal has events of it. Nothing was changed; put the journal back beside its "
                    "-wal, or move the -wal away to begin a new journal");
  }
  auto made = OpenFile(path, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (made) return SyncParent(path);
  if (made.error().code == Code::kAlreadyExists) return {};
  return std::move(made).error();
}

Result<std::shared_ptr<Database>> Connect(const std::string& path, const SqliteOptions& options) {
  auto opened = Database::OpenToWrite(path);
  if (!opened) return std::move(opened).error();
  const std::shared_ptr<Database> database = *std::move(opened);
  if (auto content = Inspect(*database); !content) return std::move(content).error();
  auto mode = database->Text("PRAGMA journal_mode=WAL");
  if (!mode) return std::move(mode).error();
  if (*mode != "wal") return Internal(path + ": SQLite did not take journal_mode=WAL");
  // A WAL that a long reader made grow is cut back to this once it is empty. Shorter ones are
  // overwritten in place, which costs fdatasync less than growing a file anew.
  const std::int64_t wal_bytes = 2 * kFrameBytes * options.checkpoint_frames;
  auto set = database->Execute(
      "PRAGMA cache_size=-4000; PRAGMA secure_delete=OFF; "
      "PRAGMA journal_size_limit=" +
      std::to_string(wal_bytes));
  if (!set) return std::move(set).error();
  if (auto migrated = Migrate(*database); !migrated) return std::move(migrated).error();
  return database;
}

// kDataLoss: the last events are not a chain.
Result<Heads> ReadHeads(Database& database, Reader& reader) {
  auto last = reader.LastPosition();
  if (!last) return std::move(last).error();
  // Numbers are not given again when what had them was removed.
  auto run = database.Number(
      "SELECT max(coalesce((SELECT max(run) FROM runs), 0), "
      "coalesce((SELECT max(run) FROM removed), 0))");
  if (!run) return std::move(run).error();
  auto approval = database.Number(
      "SELECT max(coalesce((SELECT max(approval) FROM approvals), 0), "
      "coalesce((SELECT max(approval) FROM removed), 0))");
  if (!approval) return std::move(approval).error();
  auto tail = reader.EventsAfter(std::max<Position>(0, *last - kTailEvents), kTailEvents);
  if (!tail) return std::move(tail).error();

  ChainCheck chain(reader);
  for (const StoredEvent& event : *tail) {
    const bool begins = &event == &tail->front() && *last > kTailEvents;
    if (begins) {
      chain.BeginAfter(event.position, event.hash);
    } else if (auto added = chain.Add(event); !added) {
      if (added.error().code != Code::kDataLoss) return added.error();
      return DataLoss(
          database.path() + " is damaged: " + added.error().message +
          ". Nothing was changed; keep the file with its -wal, and go on from a backup");
    }
  }
  return Heads{*last, RunId{*run}, ApprovalId{*approval}, chain.hash()};
}

class SqliteJournal final : public Journal {
 public:
  SqliteJournal(ServerLock lock, std::shared_ptr<Database> database, const SqliteOptions& options)
      : lock_(std::move(lock)),
        database_(database),
        reader_(database),
        writer_(*database),
        remover_(*database, reader_),
        checkpoint_frames_(options.checkpoint_frames),
        next_checkpoint_(options.checkpoint_frames) {
    sqlite3_wal_hook(
        database_->get(),
        [](void* self, sqlite3*, const char*, int frames) {
          static_cast<SqliteJournal*>(self)->wal_frames_ = frames;
          return SQLITE_OK;
        },
        this);
  }

  Result<void> Load() {
    auto heads = ReadHeads(*database_, reader_);
    if (!heads) return std::move(heads).error();
    heads_ = *heads;
    // From here on closing the journal also empties the WAL; a damaged one is left as it is.
    sqlite3_db_config(database_->get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
    return {};
  }

  Heads heads() const override { return heads_; }
  Result<Position> Append(std::span<RunChange> changes) override;
  Result<void> NoteNotifications(std::span<const OutboxRow> notes) override;
  Result<void> StoreSchedules(std::span<const ScheduleRow> rows) override;
  Result<Position> RemoveRun(const Removal& removal) override;
  Result<Position> Import(const ImportSource& source, const std::string& file, Time time,
                          const std::string& principal) override;
  Reader& reader() override { return reader_; }

  Result<std::unique_ptr<Reader>> OpenReader() const override {
    auto opened = Database::OpenToRead(path());
    if (!opened) return std::move(opened).error();
    return std::unique_ptr<Reader>(std::make_unique<SqliteReader>(*std::move(opened)));
  }

  Result<void> BackUp(const std::string& to, std::stop_token stop) const override {
    if (auto copied = BackUpJournal(path(), to, stop); !copied) {
      return copied.error().In("back up " + path() + " to " + to);
    }
    return {};
  }

  std::string path() const override { return database_->path(); }
  std::int64_t size_bytes() const override { return SizeOf(path()) + SizeOf(path() + "-wal"); }

 private:
  void CheckpointIfDue();

  const ServerLock lock_;  // released last
  const std::shared_ptr<Database> database_;
  SqliteReader reader_;
  ChangeWriter writer_;
  RunRemover remover_;
  Heads heads_;

  const int checkpoint_frames_;
  int next_checkpoint_;  // due when the WAL has so many frames
  int wal_frames_ = 0;   // after the last commit
};

// Hashes the events onto the chain that ends in `heads` and moves `heads` to their end.
Result<void> Chain(RunChange& change, Heads& heads) {
  const auto refuse = [](const std::string& finding) {
    return Internal("the change cannot be stored: " + finding);
  };
  if (change.events.empty()) return refuse("it has no event");
  std::int64_t sequence = change.events.front().sequence;
  for (StoredEvent& event : change.events) {
    if (event.position != heads.position + 1) {
      return refuse("an event has position " + std::to_string(event.position) + ", " +
                    std::to_string(heads.position + 1) + " is next");
    }
    if (event.run != change.row.run) return refuse("an event is of " + event.run.ToString());
    if (event.sequence != sequence++) return refuse("its events are not numbered in order");
    event.hash = ChainHash(heads.hash, event);
    heads.position = event.position;
    heads.hash = event.hash;
  }
  if (change.row.revision != change.events.back().sequence) {
    return refuse("the row's revision is not its last event's number");
  }
  heads.run = std::max(heads.run, change.row.run);
  for (const ApprovalRow& row : change.approvals) {
    heads.approval = std::max(heads.approval, row.approval);
  }
  return {};
}

Result<Position> SqliteJournal::Append(std::span<RunChange> changes) {
  RECOURSE_FAIL_POINT("journal_before_append");
  Heads heads = heads_;
  auto transaction = Transaction::Begin(*database_);
  if (!transaction) return std::move(transaction).error().In("append");
  for (RunChange& change : changes) {
    auto stored = Chain(change, heads);
    if (stored) stored = writer_.Store(change);
    if (!stored) return stored.error().In("append to " + change.row.run.ToString());
  }
  RECOURSE_FAIL_POINT("journal_before_commit");
  if (auto committed = transaction->Commit(); !committed) {
    Error error = committed.error().In("append");
    const bool unconfirmed = sqlite3_extended_errcode(database_->get()) == SQLITE_IOERR_FSYNC;
    if (unconfirmed) error.code = Code::kUnknown;
    return error;
  }
  RECOURSE_FAIL_POINT("journal_after_commit");
  heads_ = heads;
  CheckpointIfDue();
  return heads_.position;
}

Result<void> SqliteJournal::NoteNotifications(std::span<const OutboxRow> notes) {
  auto transaction = Transaction::Begin(*database_);
  if (!transaction) return std::move(transaction).error();
  for (const OutboxRow& note : notes) {
    if (auto noted = writer_.Note(note); !noted) return noted;
  }
  if (auto committed = transaction->Commit(); !committed) return committed;
  CheckpointIfDue();
  return {};
}

Result<void> SqliteJournal::StoreSchedules(std::span<const ScheduleRow> rows) {
  auto transaction = Transaction::Begin(*database_);
  if (!transaction) return std::move(transaction).error();
  for (const ScheduleRow& row : rows) {
    if (auto stored = writer_.StoreSchedule(row); !stored) return stored;
  }
  if (auto committed = transaction->Commit(); !committed) return committed;
  CheckpointIfDue();
  return {};
}

Result<Position> SqliteJournal::RemoveRun(const Removal& removal) {
  auto transaction = Transaction::Begin(*database_);
  if (!transaction) return std::move(transaction).error();
  auto told = remover_.Remove(removal, heads_);
  if (!told) return std::move(told).error();
  RECOURSE_FAIL_POINT("journal_before_removal_commit");
  if (auto committed = transaction->Commit(); !committed) return committed.error();
  RECOURSE_FAIL_POINT("journal_after_removal_commit");
  remover_.Committed();
  heads_.position = told->position;
  heads_.hash = told->hash;
  CheckpointIfDue();
  return heads_.position;
}

Result<Position> SqliteJournal::Import(const ImportSource& source, const std::string& file,
                                       Time time, const std::string& principal) {
  RECOURSE_CHECK(heads_.position == 0);
  auto transaction = Transaction::Begin(*database_);
  if (!transaction) return std::move(transaction).error();
  auto told = ImportRuns(source, file, time, principal, writer_, remover_);
  if (!told) return std::move(told).error();
  if (auto committed = transaction->Commit(); !committed) return committed.error();
  auto heads = ReadHeads(*database_, reader_);
  if (!heads) return std::move(heads).error();
  heads_ = *heads;
  return heads_.position;
}

void SqliteJournal::CheckpointIfDue() {
  // A WAL that begins anew has been written back whole.
  if (wal_frames_ < checkpoint_frames_) next_checkpoint_ = checkpoint_frames_;
  if (wal_frames_ < next_checkpoint_) return;
  RECOURSE_FAIL_POINT("journal_before_checkpoint");
  // Nothing is lost when this fails or a reader holds it up: the events are durable in the WAL. It
  // is tried again when the WAL has grown by a quarter, for a full disk must not cost every commit.
  static_cast<void>(sqlite3_wal_checkpoint_v2(database_->get(), "main", SQLITE_CHECKPOINT_PASSIVE,
                                              nullptr, nullptr));
  RECOURSE_FAIL_POINT("journal_after_checkpoint");
  next_checkpoint_ = wal_frames_ + checkpoint_frames_ / 4;
}

// The connection, when it is one to a journal that this program can read.
Result<std::unique_ptr<Database>> Inspected(Result<std::unique_ptr<Database>> opened) {
  if (!opened) return opened;
  Database& database = **opened;
  auto content = Inspect(database);
  if (!content) return std::move(content).error();
  if (*content == Content::kNothing) {
    return DataLoss(database.path() + " is empty: it is no journal");
  }
  if (auto current = RequireCurrent(database); !current) return current.error();
  return opened;
}

}  // namespace

Result<std::unique_ptr<Journal>> OpenSqliteJournal(const std::string& path, Time now,
                                                   const SqliteOptions& options) {
  RECOURSE_CHECK(options.checkpoint_frames >= 100 && options.checkpoint_frames <= 1'000'000);
  if (auto local = RefuseNetworkFileSystem(path); !local) return local.error();
  auto lock = ServerLock::Take(path, now);
  if (!lock) return std::move(lock).error();
  if (auto made = MakeFile(path); !made) return made.error().In("open the journal");
  auto database = Connect(path, options);
  if (!database) return std::move(database).error().In("open the journal");
  auto journal = std::make_unique<SqliteJournal>(*std::move(lock), *std::move(database), options);
  if (auto loaded = journal->Load(); !loaded) return loaded.error().In("open the journal");
  return std::unique_ptr<Journal>(std::move(journal));
}

Result<std::unique_ptr<Reader>> OpenSqliteReader(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return ErrnoError(errno, "open the journal " + path);
  if (auto local = RefuseNetworkFileSystem(path); !local) return local.error();
  auto database = Inspected(Database::OpenToRead(path));
  const auto unavailable = [&] { return !database && database.error().code == Code::kUnavailable; };
  if (unavailable() && SizeOf(path + "-wal") == 0) {
    // A directory in which SQLite may not make its -wal and -shm. Without a -wal it needs neither.
    database = Inspected(Database::OpenImmutable(path));
  }
  if (unavailable()) {
    return std::move(database).error().In(
        "open the journal (if its directory cannot be written, copy it with its -wal)");
  }
  if (!database) return std::move(database).error().In("open the journal");
  return std::unique_ptr<Reader>(std::make_unique<SqliteReader>(*std::move(database)));
}

Result<void> BackUpSqliteJournal(const std::string& from, const std::string& to) {
  // It is a journal, of this version, and the copy is made of nothing else.
  if (auto reader = OpenSqliteReader(from); !reader) return std::move(reader).error();
  if (auto copied = BackUpJournal(from, to, {}); !copied) {
    return copied.error().In("back up " + from + " to " + to);
  }
  return {};
}

}  // namespace recourse::journal
