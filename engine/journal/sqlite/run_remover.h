// How a run leaves the journal's file: its rows, and the tombstone that takes their place.
#pragma once

#include <unordered_map>

#include "engine/journal/absence.h"
#include "engine/journal/sqlite/database.h"
#include "engine/journal/sqlite/sqlite_reader.h"

namespace recourse::journal {

class RunRemover {
 public:
  // Both outlive this.
  RunRemover(Database& database, SqliteReader& reader);

  // Deletes the run and answers the tombstone's event, hashed onto `heads`, which has been stored.
  // REQUIRES: a transaction is open. Errors: see Journal::RemoveRun.
  Result<StoredEvent> Remove(const Removal& removal, const Heads& heads);
  // The transaction was committed: what it removed is known from now on.
  void Committed();

  // Stores an event of the journal itself at heads.position + 1.
  Result<StoredEvent> Tell(int type, const Absence& absence, Time time,
                           const std::string& principal, const Heads& heads);

 private:
  Result<void> Check(const Removal& removal);
  Result<std::vector<Gap>> GapsOf(RunId run);
  Result<Digest> HashBefore(Position position);

  Database& database_;
  SqliteReader& reader_;
  Statement positions_;
  Statement hash_at_;
  Statement last_told_;
  Statement scheduled_;
  Statement last_approval_;
  Statement insert_event_;
  Statement insert_removed_;
  std::vector<std::unique_ptr<Statement>> deletes_;
  std::optional<std::unordered_map<Position, Digest>> ends_;  // of gaps: their hash behind
  std::vector<Gap> removed_;                                  // by the transaction that is open
};

}  // namespace recourse::journal
