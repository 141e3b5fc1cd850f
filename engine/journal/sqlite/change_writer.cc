#include "engine/journal/sqlite/change_writer.h"

namespace recourse::journal {
namespace {

// "1764036000000000 1764057600000000"
std::string TextOf(const std::vector<Time>& times) {
  std::string text;
  for (const Time time : times) {
    text += (text.empty() ? "" : " ") + std::to_string(time.time_since_epoch().count());
  }
  return text;
}

}  // namespace

ChangeWriter::ChangeWriter(Database& database)
    : insert_definition_(database,
                         "INSERT INTO definitions (digest, name, canonical) VALUES (?, ?, ?) "
                         "ON CONFLICT (digest) DO NOTHING"),
      insert_run_(database,
                  "INSERT INTO runs (run, workflow, digest, target, severity, requester, "
                  "request_id, started, status, step, changed, finished, revision, lock, "
                  "fencing_token, waits_for, waits_for_whom, next, waits_since, next_at, "
                  "error_code, error_message) VALUES "
                  "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      // What a run is started with never changes, but for its definition; left out, its indexes
      // need no look. Most transitions leave status and lock as they are: SQLite writes an index
      // anew whenever its column is named, so these are named only when they change.
      advance_run_(database,
                   "UPDATE runs SET digest = ?, step = ?, changed = ?, finished = ?, revision = ?, "
                   "waits_for = ?, waits_for_whom = ?, next = ?, waits_since = ?, next_at = ?, "
                   "error_code = ?, error_message = ? WHERE run = ? AND revision = ? "
                   "AND status = ? AND lock = ? AND fencing_token = ?"),
      update_run_(database,
                  "UPDATE runs SET digest = ?, step = ?, changed = ?, finished = ?, revision = ?, "
                  "waits_for = ?, waits_for_whom = ?, next = ?, waits_since = ?, next_at = ?, "
                  "error_code = ?, error_message = ?, status = ?, lock = ?, fencing_token = ? "
                  "WHERE run = ? AND revision = ?"),
      insert_event_(database,
                    "INSERT INTO events (position, run, sequence, time, type, principal, payload, "
                    "hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
      upsert_approval_(
          database,
          "INSERT INTO approvals (approval, run, step, prompt, approvers, quorum, "
          "exclude_requester, requester, requested, expires, settled, settlement, votes, plan, "
          "digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
          "ON CONFLICT (approval) DO UPDATE SET run = excluded.run, step = excluded.step, "
          "prompt = excluded.prompt, approvers = excluded.approvers, quorum = excluded.quorum, "
          "exclude_requester = excluded.exclude_requester, requester = excluded.requester, "
          "requested = excluded.requested, expires = excluded.expires, "
          "settled = excluded.settled, settlement = excluded.settlement, votes = excluded.votes, "
          "plan = excluded.plan, digest = excluded.digest"),
      remove_timers_(database, "DELETE FROM timers WHERE run = ?"),
      insert_timer_(database, "INSERT INTO timers (run, kind, due) VALUES (?, ?, ?)"),
      insert_notification_(database,
                           "INSERT INTO outbox (position, number, channel, event, run, text, "
                           "created, tries, error) VALUES (?, ?, ?, ?, ?, ?, ?, 0, '')"),
      note_notification_(database,
                         "UPDATE outbox SET tries = ?, error = ?, sent = ?, given_up = ? "
                         "WHERE position = ? AND number = ?"),
      upsert_schedule_(
          database,
          "INSERT OR REPLACE INTO schedules (name, timing, decided, queued, last_time, last_run, "
          "not_started, not_started_time, not_started_why, paused, paused_in_file, changed_by, "
          "changed, changed_why) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") {}

Result<void> ChangeWriter::Store(const RunChange& change) {
  if (change.definition) {
    if (auto stored = StoreDefinition(*change.definition); !stored) return stored;
  }
  if (auto stored = StoreRun(change); !stored) return stored;
  if (auto stored = StoreEvents(change.events); !stored) return stored;
  if (auto stored = StoreApprovals(change.approvals); !stored) return stored;
  if (change.timers) {
    if (auto stored = StoreTimers(change.row.run, *change.timers); !stored) return stored;
  }
  if (change.schedule) {
    if (auto stored = StoreSchedule(*change.schedule); !stored) return stored;
  }
  return StoreNotifications(change.notifications);
}

Result<void> ChangeWriter::StoreDefinition(const RunChange::Definition& definition) {
  auto inserted =
      insert_definition_.Execute(definition.digest, definition.name, definition.canonical);
  if (!inserted) return std::move(inserted).error().In("store the definition");
  return {};
}

Result<void> ChangeWriter::StoreRun(const RunChange& change) {
  const RunRow& row = change.row;
  const std::int64_t before = change.events.front().sequence - 1;
  if (before == 0) {
    auto inserted = insert_run_.Execute(
        row.run, row.workflow, row.digest, row.target, row.severity, row.requester, row.request_id,
        row.started, row.status, row.step, row.changed, row.finished, row.revision, row.lock,
        row.fencing_token, row.waits_for, row.waits_for_whom, row.next, row.waits_since,
        row.next_at, row.error_code, row.error_message);
    if (!inserted) return std::move(inserted).error().In("begin the run");
    return {};
  }
  auto updated = advance_run_.Execute(row.digest, row.step, row.changed, row.finished, row.revision,
                                      row.waits_for, row.waits_for_whom, row.next, row.waits_since,
                                      row.next_at, row.error_code, row.error_message, row.run,
                                      before, row.status, row.lock, row.fencing_token);
  if (updated && *updated == 0) {
    updated = update_run_.Execute(row.digest, row.step, row.changed, row.finished, row.revision,
                                  row.waits_for, row.waits_for_whom, row.next, row.waits_since,
                                  row.next_at, row.error_code, row.error_message, row.status,
                                  row.lock, row.fencing_token, row.run, before);
  }
  if (!updated) return std::move(updated).error().In("update the run");
  if (*updated == 0) {
    return Aborted("the run has no event " + std::to_string(before) +
                   ", or has events after it; nothing was stored, read the run again");
  }
  return {};
}

Result<void> ChangeWriter::StoreEvents(const std::vector<StoredEvent>& events) {
  for (const StoredEvent& event : events) {
    auto inserted =
        insert_event_.Execute(event.position, event.run, event.sequence, event.time, event.type,
                              event.principal, Blob{event.payload}, AsBlob(event.hash));
    if (inserted) continue;
    Error error = std::move(inserted).error().In("event " + std::to_string(event.sequence));
    if (error.code == Code::kAlreadyExists) error.code = Code::kAborted;
    return error;
  }
  return {};
}

Result<void> ChangeWriter::StoreApprovals(const std::vector<ApprovalRow>& approvals) {
  for (const ApprovalRow& row : approvals) {
    auto stored = upsert_approval_.Execute(row.approval, row.run, row.step, row.prompt,
                                           row.approvers, row.quorum, row.exclude_requester,
                                           row.requester, row.requested, row.expires, row.settled,
                                           row.settlement, row.votes, row.plan, row.digest);
    if (!stored) return std::move(stored).error().In(row.approval.ToString());
  }
  return {};
}

Result<void> ChangeWriter::StoreTimers(RunId run, const std::vector<TimerRow>& timers) {
  auto removed = remove_timers_.Execute(run);
  if (!removed) return std::move(removed).error().In("replace the timers");
  for (const TimerRow& timer : timers) {
    auto inserted = insert_timer_.Execute(run, timer.kind, timer.due);
    if (!inserted) return std::move(inserted).error().In("set a timer");
  }
  return {};
}

Result<void> ChangeWriter::StoreNotifications(const std::vector<OutboxRow>& notifications) {
  for (const OutboxRow& note : notifications) {
    auto inserted = insert_notification_.Execute(note.position, note.number, note.channel,
                                                 note.event, note.run, note.text, note.created);
    if (!inserted) return std::move(inserted).error().In("notify " + note.channel);
  }
  return {};
}

Result<void> ChangeWriter::Note(const OutboxRow& note) {
  auto updated = note_notification_.Execute(note.tries, note.error, note.sent, note.given_up,
                                            note.position, note.number);
  if (!updated) return std::move(updated).error().In("note what came of a notification");
  return {};
}

Result<void> ChangeWriter::StoreSchedule(const ScheduleRow& row) {
  auto stored = upsert_schedule_.Execute(
      row.name, row.timing, row.decided, TextOf(row.queued), row.last_time, row.last_run,
      row.not_started, row.not_started_time, row.not_started_why, row.paused, row.paused_in_file,
      row.changed_by, row.changed, row.changed_why);
  if (!stored) return std::move(stored).error().In("schedule " + row.name);
  return {};
}

}  // namespace recourse::journal
