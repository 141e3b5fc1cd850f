// Stores what one decision writes, inside a transaction that somebody else begins and commits.
#pragma once

#include "engine/journal/journal.h"
#include "engine/journal/sqlite/database.h"

namespace recourse::journal {

class ChangeWriter {
 public:
  // `database` outlives the writer.
  explicit ChangeWriter(Database& database);

  // REQUIRES: the events are one run's, in order and hashed; the row is of their run.
  // kAborted: the run is not where the first event follows. kAlreadyExists: another run has the
  // request_id. Otherwise the database's errors.
  Result<void> Store(const RunChange& change);
  // Unless it is there.
  Result<void> StoreDefinition(const RunChange::Definition& definition);

  Result<void> Note(const OutboxRow& note);

  Result<void> StoreSchedule(const ScheduleRow& row);

 private:
  Result<void> StoreRun(const RunChange& change);
  Result<void> StoreEvents(const std::vector<StoredEvent>& events);
  Result<void> StoreApprovals(const std::vector<ApprovalRow>& approvals);
  Result<void> StoreTimers(RunId run, const std::vector<TimerRow>& timers);
  Result<void> StoreNotifications(const std::vector<OutboxRow>& notifications);

  Statement insert_definition_;
  Statement insert_run_;
  Statement advance_run_;
  Statement update_run_;
  Statement insert_event_;
  Statement upsert_approval_;
  Statement remove_timers_;
  Statement insert_timer_;
  Statement insert_notification_;
  Statement note_notification_;
  Statement upsert_schedule_;
};

}  // namespace recourse::journal
