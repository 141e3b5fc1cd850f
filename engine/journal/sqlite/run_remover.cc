#include "engine/journal/sqlite/run_remover.h"

#include "engine/base/fail_point.h"
#include "engine/journal/chain.h"

namespace recourse::journal {

RunRemover::RunRemover(Database& database, SqliteReader& reader)
    : database_(database),
      reader_(reader),
      positions_(database, "SELECT position, hash FROM events WHERE run = ? ORDER BY position"),
      hash_at_(database, "SELECT hash FROM events WHERE position = ?"),
      last_told_(database, "SELECT coalesce(max(sequence), 0) FROM events WHERE run = 0"),
      scheduled_(database, "SELECT name FROM schedules WHERE last_run = ? ORDER BY name LIMIT 1"),
      last_approval_(database, "SELECT coalesce(max(approval), 0) FROM approvals WHERE run = ?"),
      insert_event_(database,
                    "INSERT INTO events (position, run, sequence, time, type, principal, payload, "
                    "hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
      insert_removed_(database, "INSERT INTO removed (run, position, approval) VALUES (?, ?, ?)") {
  // Each along an index: what is removed costs, and not what the journal has.
  for (const char* rows : {"outbox WHERE position IN (SELECT position FROM events WHERE run = ?)",
                           "events WHERE run = ?", "approvals WHERE run = ?",
                           "timers WHERE run = ?", "runs WHERE run = ?"}) {
    deletes_.push_back(std::make_unique<Statement>(database, "DELETE FROM " + std::string(rows)));
  }
}

// Whether anything still needs the run.
Result<void> RunRemover::Check(const Removal& removal) {
  const std::string run = removal.run.ToString();
  auto row = reader_.FindRun(removal.run);
  if (!row) return std::move(row).error();
  if (!*row) return NotFound("there is no run " + run);
  if ((*row)->revision != removal.events) {
    return Aborted(run + " has " + std::to_string((*row)->revision) + " events, " +
                   std::to_string(removal.events) + " were exported; it was left as it is");
  }
  if (!(*row)->finished) return FailedPrecondition(run + " is not over; it was left as it is");
  if (!(*row)->lock.empty()) {
    return FailedPrecondition(run + " holds the lock " + (*row)->lock + "; it was left as it is");
  }
  auto schedule = scheduled_.First([](const Row& of) { return of.Text(0); }, removal.run);
  if (!schedule) return std::move(schedule).error();
  if (*schedule) {
    return FailedPrecondition(run + " is the last run of the schedule " + **schedule +
                              "; it was left as it is");
  }
  return {};
}

Result<Digest> RunRemover::HashBefore(Position position) {
  if (position == 1) return Digest{};
  auto hash = hash_at_.First([](const Row& row) { return row.Hash(0); }, position - 1);
  if (!hash) return std::move(hash).error();
  if (*hash) return **hash;
  if (!ends_) {
    auto gaps = ReadGaps(reader_);
    if (!gaps) return std::move(gaps).error();
    ends_.emplace();
    for (const auto& [first, gap] : *gaps) ends_->emplace(gap.last, gap.after);
  }
  const auto end = ends_->find(position - 1);
  if (end != ends_->end()) return end->second;
  return DataLoss("the event at position " + std::to_string(position - 1) +
                  " is missing, and no tombstone says that it was removed");
}

Result<std::vector<Gap>> RunRemover::GapsOf(RunId run) {
  struct At {
    Position position;
    Digest hash;
  };
  auto events = positions_.All([](const Row& row) { return At{row.Int(0), row.Hash(1)}; }, run);
  if (!events) return std::move(events).error();
  std::vector<Gap> gaps;
  for (const At& event : *events) {
    if (gaps.empty() || event.position != gaps.back().last + 1) {
      auto before = HashBefore(event.position);
      if (!before) return std::move(before).error();
      gaps.push_back({event.position, event.position, *before, event.hash});
    }
    gaps.back().last = event.position;
    gaps.back().after = event.hash;
  }
  return gaps;
}

Result<StoredEvent> RunRemover::Tell(int type, const Absence& absence, Time time,
                                     const std::string& principal, const Heads& heads) {
  auto last = last_told_.First([](const Row& row) { return row.Int(0); });
  if (!last) return std::move(last).error();
  StoredEvent event;
  event.position = heads.position + 1;
  event.run = kJournalItself;
  event.sequence = **last + 1;
  event.time = time;
  event.type = type;
  event.principal = principal;
  event.payload = PayloadOf(absence);
  event.hash = ChainHash(heads.hash, event);
  auto stored =
      insert_event_.Execute(event.position, event.run, event.sequence, event.time, event.type,
                            event.principal, Blob{event.payload}, AsBlob(event.hash));
  if (!stored) return std::move(stored).error();
  return event;
}

Result<StoredEvent> RunRemover::Remove(const Removal& removal, const Heads& heads) {
  removed_.clear();
  if (auto checked = Check(removal); !checked) return checked.error();
  auto gaps = GapsOf(removal.run);
  if (!gaps) return std::move(gaps).error();
  auto approval = last_approval_.First([](const Row& row) { return row.Int(0); }, removal.run);
  if (!approval) return std::move(approval).error();
  auto row = reader_.FindRun(removal.run);
  if (!row) return std::move(row).error();
  Absence absence{removal.run,      removal.events, ApprovalId{**approval},
                  (*row)->workflow, removal.file,   *std::move(gaps)};
  if (removal.sign) absence.signature = removal.sign(PayloadOf(absence));
  for (const auto& one : deletes_) {
    auto deleted = one->Execute(removal.run);
    if (!deleted) return std::move(deleted).error();
    RECOURSE_FAIL_POINT("journal_run_half_removed");
  }
  auto told = Tell(kRunRemoved, absence, removal.time, removal.principal, heads);
  if (!told) return told;
  auto inserted = insert_removed_.Execute(removal.run, told->position, absence.approval);
  if (!inserted) return std::move(inserted).error();
  removed_ = std::move(absence.gaps);
  return told;
}

void RunRemover::Committed() {
  if (!ends_) return;
  for (const Gap& gap : removed_) (*ends_)[gap.last] = gap.after;
}

}  // namespace recourse::journal
