#include "engine/journal/sqlite/sqlite_reader.h"

#include <algorithm>
#include <limits>
#include <sstream>

namespace recourse::journal {
namespace {

constexpr std::int64_t kNoBound = std::numeric_limits<std::int64_t>::max();

const std::string kEvents =
    "SELECT position, run, sequence, time, type, principal, payload, hash FROM events ";

StoredEvent ReadEvent(const Row& row) {
  StoredEvent event;
  event.position = row.Int(0);
  event.run = RunId{row.Int(1)};
  event.sequence = row.Int(2);
  event.time = row.At(3);
  const std::int64_t type = row.Int(4);
  event.type = static_cast<int>(type);
  if (event.type != type)
    event.type = -1;  // no type at all, and not the one that it is cut down to
  event.principal = row.Text(5);
  event.payload = row.Text(6);
  event.hash = row.Hash(7);
  return event;
}

const std::string kRuns =
    "SELECT run, workflow, digest, target, status, step, severity, requester, request_id, started, "
    "changed, finished, revision, lock, fencing_token, waits_for, waits_for_whom, next, "
    "waits_since, next_at, error_code, error_message FROM runs ";

RunRow ReadRun(const Row& row) {
  RunRow run;
  run.run = RunId{row.Int(0)};
  run.workflow = row.Text(1);
  run.digest = row.Text(2);
  run.target = row.Text(3);
  run.status = static_cast<int>(row.Int(4));
  run.step = row.Text(5);
  run.severity = row.Text(6);
  run.requester = row.Text(7);
  run.request_id = row.Text(8);
  run.started = row.At(9);
  run.changed = row.At(10);
  run.finished = row.MaybeAt(11);
  run.revision = row.Int(12);
  run.lock = row.Text(13);
  run.fencing_token = row.Int(14);
  run.waits_for = row.Text(15);
  run.waits_for_whom = row.Text(16);
  run.next = row.Text(17);
  run.waits_since = row.MaybeAt(18);
  run.next_at = row.MaybeAt(19);
  run.error_code = static_cast<int>(row.Int(20));
  run.error_message = row.Text(21);
  return run;
}

const std::string kApprovals =
    "SELECT approval, run, step, prompt, approvers, quorum, exclude_requester, requester, "
    "requested, expires, settled, settlement, votes, plan, digest FROM approvals ";

ApprovalRow ReadApproval(const Row& row) {
  ApprovalRow approval;
  approval.approval = ApprovalId{row.Int(0)};
  approval.run = RunId{row.Int(1)};
  approval.step = row.Text(2);
  approval.prompt = row.Text(3);
  approval.approvers = row.Text(4);
  approval.quorum = static_cast<int>(row.Int(5));
  approval.exclude_requester = row.Int(6) != 0;
  approval.requester = row.Text(7);
  approval.requested = row.At(8);
  approval.expires = row.MaybeAt(9);
  approval.settled = row.MaybeAt(10);
  approval.settlement = static_cast<int>(row.Int(11));
  approval.votes = row.Text(12);
  approval.plan = row.Text(13);
  approval.digest = row.Text(14);
  return approval;
}

TimerRow ReadTimer(const Row& row) {
  return TimerRow{RunId{row.Int(0)}, static_cast<int>(row.Int(1)), row.At(2)};
}

const std::string kOutbox =
    "SELECT position, number, channel, event, run, text, created, tries, error, sent, given_up "
    "FROM outbox ";

OutboxRow ReadOutbox(const Row& row) {
  OutboxRow note;
  note.position = row.Int(0);
  note.number = static_cast<int>(row.Int(1));
  note.channel = row.Text(2);
  note.event = row.Text(3);
  note.run = RunId{row.Int(4)};
  note.text = row.Text(5);
  note.created = row.At(6);
  note.tries = static_cast<int>(row.Int(7));
  note.error = row.Text(8);
  note.sent = row.MaybeAt(9);
  note.given_up = row.MaybeAt(10);
  return note;
}

Error ReadsEnded() {
  return Unavailable("the reading was given up because the server stops; nothing was changed");
}

std::vector<Time> ReadTimes(const std::string& text) {
  std::vector<Time> times;
  std::istringstream numbers(text);
  for (std::int64_t number; numbers >> number;) {
    times.emplace_back(std::chrono::microseconds(number));
  }
  return times;
}

ScheduleRow ReadSchedule(const Row& row) {
  ScheduleRow schedule;
  schedule.name = row.Text(0);
  schedule.timing = row.Text(1);
  schedule.decided = row.At(2);
  schedule.queued = ReadTimes(row.Text(3));
  schedule.last_time = row.MaybeAt(4);
  schedule.last_run = RunId{row.Int(5)};
  schedule.not_started = row.Int(6);
  schedule.not_started_time = row.MaybeAt(7);
  schedule.not_started_why = row.Text(8);
  schedule.paused = row.Int(9) != 0;
  schedule.paused_in_file = row.Int(10) != 0;
  schedule.changed_by = row.Text(11);
  schedule.changed = row.MaybeAt(12);
  schedule.changed_why = row.Text(13);
  return schedule;
}

}  // namespace

SqliteReader::SqliteReader(std::shared_ptr<Database> database)
    : database_(std::move(database)),
      last_position_(*database_, "SELECT coalesce(max(position), 0) FROM events"),
      find_run_(*database_, kRuns + "WHERE run = ?"),
      find_request_(*database_, kRuns + "WHERE request_id = ? AND request_id <> ''"),
      // No text of UTF-8 has the byte FF: what begins with the prefix comes before it.
      requests_(*database_, kRuns +
                                "WHERE request_id >= ?1 AND request_id < ?1 || x'FF' AND "
                                "request_id <> '' ORDER BY request_id DESC LIMIT ?2"),
      events_of_run_(*database_,
                     kEvents + "WHERE run = ? AND sequence > ? ORDER BY sequence LIMIT ?"),
      events_after_(*database_, kEvents + "WHERE position > ? ORDER BY position LIMIT ?"),
      approvals_(*database_, kApprovals + "WHERE approval < ? ORDER BY approval DESC LIMIT ?"),
      approvals_open_(*database_, kApprovals +
                                      "WHERE settlement = 0 AND approval < ? "
                                      "ORDER BY approval DESC LIMIT ?"),
      // At most the approvals of one run: those settled are left out as they are read.
      approvals_of_run_(*database_, kApprovals +
                                        "WHERE run = ? AND approval < ? AND "
                                        "(NOT ? OR settlement = 0) "
                                        "ORDER BY approval DESC LIMIT ?"),
      find_approval_(*database_, kApprovals + "WHERE approval = ?"),
      find_definition_(*database_, "SELECT canonical FROM definitions WHERE digest = ?"),
      timers_due_(*database_,
                  "SELECT run, kind, due FROM timers WHERE due <= ? "
                  "ORDER BY due, run, kind LIMIT ?"),
      timers_of_run_(*database_, "SELECT run, kind, due FROM timers WHERE run = ? ORDER BY kind"),
      // `lock <> ''` says nothing new; it lets SQLite use the index, which has such rows only.
      lock_holder_(*database_, kRuns +
                                   "WHERE lock = ? AND lock <> '' AND fencing_token > 0 "
                                   "ORDER BY fencing_token DESC LIMIT 1"),
      lock_waiters_(*database_, kRuns +
                                    "WHERE lock = ? AND lock <> '' AND fencing_token = 0 "
                                    "ORDER BY run LIMIT ?"),
      unsent_(*database_, kOutbox +
                              "WHERE channel = ? AND sent IS NULL AND given_up IS NULL "
                              "ORDER BY position, number LIMIT ?"),
      unsent_channels_(*database_,
                       "SELECT DISTINCT channel FROM outbox WHERE sent IS NULL AND given_up IS "
                       "NULL ORDER BY channel"),
      undelivered_(*database_, kOutbox +
                                   "WHERE sent IS NULL AND tries > 0 "
                                   "ORDER BY position, number LIMIT ?"),
      schedules_(*database_,
                 "SELECT name, timing, decided, queued, last_time, last_run, not_started, "
                 "not_started_time, not_started_why, paused, paused_in_file, changed_by, changed, "
                 "changed_why FROM schedules ORDER BY name"),
      removed_(*database_,
               "SELECT run, position, approval FROM removed WHERE run > ? ORDER BY run LIMIT ?") {}

namespace {

std::string NumberList(std::span<const int> numbers) {
  std::string listed;
  for (const int number : numbers) listed += (listed.empty() ? "" : ",") + std::to_string(number);
  return listed;
}

}  // namespace

std::string ListRunsSql(const RunFilter& filter) {
  std::vector<int> statuses = filter.statuses;
  std::sort(statuses.begin(), statuses.end());
  statuses.erase(std::unique(statuses.begin(), statuses.end()), statuses.end());
  std::string sql;
  if (filter.workflow.empty() && filter.target.empty()) {
    // One branch a status: SQLite merges them newest first along the index on status, and reads no
    // more of them than the limit asks for.
    for (const int status : statuses) {
      sql += sql.empty() ? "" : " UNION ALL ";
      sql += kRuns + "WHERE status = " + std::to_string(status) + " AND run < ?1";
    }
    if (statuses.empty()) sql = kRuns + "WHERE run < ?1";
  } else {
    // Along the index on workflow or target, newest first too. The plus keeps the one on status out
    // of it; `target <> ''` lets SQLite use the index that has such rows only.
    sql = kRuns + "WHERE run < ?1";
    if (!filter.workflow.empty()) sql += " AND workflow = ?2";
    if (!filter.target.empty()) sql += " AND target = ?3 AND target <> ''";
    if (!statuses.empty()) sql += " AND +status IN (" + NumberList(statuses) + ")";
  }
  return sql + " ORDER BY run DESC LIMIT ?4";
}

std::string ListEndedBadlySql(std::span<const int> statuses) {
  // What is said of the error lets SQLite use the index, which has such rows only; the plus keeps
  // the one on status out of it.
  return kRuns + "WHERE finished >= ?1 AND error_code <> 0 AND +status IN (" +
         NumberList(statuses) + ") ORDER BY finished DESC, run DESC LIMIT ?2";
}

Result<Position> SqliteReader::LastPosition() {
  auto last = last_position_.First([](const Row& row) { return row.Int(0); });
  if (!last) return std::move(last).error();
  return last->value_or(0);
}

Result<std::vector<RunRow>> SqliteReader::ListRuns(const RunFilter& filter) {
  if (ended_) return ReadsEnded();
  return Statement(*database_, ListRunsSql(filter))
      .All(ReadRun, filter.before ? filter.before->number : kNoBound, filter.workflow,
           filter.target, filter.limit);
}

Result<std::vector<RunRow>> SqliteReader::ListEndedBadly(std::span<const int> statuses, Time since,
                                                         int limit) {
  if (ended_) return ReadsEnded();
  return Statement(*database_, ListEndedBadlySql(statuses)).All(ReadRun, since, limit);
}

Result<std::optional<RunRow>> SqliteReader::FindRun(RunId run) {
  return find_run_.First(ReadRun, run);
}

Result<std::optional<RunRow>> SqliteReader::FindRequest(const std::string& request_id) {
  return find_request_.First(ReadRun, request_id);
}

Result<std::vector<RunRow>> SqliteReader::ListRequests(const std::string& prefix, int limit) {
  if (ended_) return ReadsEnded();
  return requests_.All(ReadRun, prefix, std::int64_t{limit});
}

Result<std::vector<StoredEvent>> SqliteReader::EventsOfRun(RunId run, std::int64_t after,
                                                           std::int64_t limit) {
  if (ended_) return ReadsEnded();
  return events_of_run_.All(ReadEvent, run, after, limit);
}

Result<std::vector<StoredEvent>> SqliteReader::EventsAfter(Position after, std::int64_t limit) {
  if (ended_) return ReadsEnded();
  return events_after_.All(ReadEvent, after, limit);
}

Result<std::vector<ApprovalRow>> SqliteReader::ListApprovals(bool open_only, RunId run,
                                                             std::optional<ApprovalId> before,
                                                             int limit) {
  const std::int64_t below = before ? before->number : kNoBound;
  if (run != RunId{}) return approvals_of_run_.All(ReadApproval, run, below, open_only, limit);
  return (open_only ? approvals_open_ : approvals_).All(ReadApproval, below, limit);
}

Result<std::optional<ApprovalRow>> SqliteReader::FindApproval(ApprovalId approval) {
  return find_approval_.First(ReadApproval, approval);
}

Result<std::optional<std::string>> SqliteReader::FindDefinition(const std::string& digest) {
  return find_definition_.First([](const Row& row) { return row.Text(0); }, digest);
}

Result<std::vector<TimerRow>> SqliteReader::TimersDue(Time until, int limit) {
  return timers_due_.All(ReadTimer, until, limit);
}

Result<std::vector<TimerRow>> SqliteReader::TimersOfRun(RunId run) {
  return timers_of_run_.All(ReadTimer, run);
}

Result<std::optional<RunRow>> SqliteReader::LockHolder(const std::string& lock) {
  return lock_holder_.First(ReadRun, lock);
}

Result<std::vector<RunRow>> SqliteReader::LockWaiters(const std::string& lock, int limit) {
  return lock_waiters_.All(ReadRun, lock, limit);
}

Result<std::vector<OutboxRow>> SqliteReader::UnsentNotifications(const std::string& channel,
                                                                 int limit) {
  return unsent_.All(ReadOutbox, channel, limit);
}

Result<std::vector<std::string>> SqliteReader::UnsentChannels() {
  return unsent_channels_.All([](const Row& row) { return row.Text(0); });
}

Result<std::vector<OutboxRow>> SqliteReader::UndeliveredNotifications(int limit) {
  return undelivered_.All(ReadOutbox, limit);
}

Result<std::vector<ScheduleRow>> SqliteReader::ListSchedules() {
  return schedules_.All(ReadSchedule);
}

Result<std::vector<RemovedRow>> SqliteReader::ListRemoved(RunId after, int limit) {
  return removed_.All(
      [](const Row& row) {
        return RemovedRow{RunId{row.Int(0)}, row.Int(1), ApprovalId{row.Int(2)}};
      },
      after, limit);
}

Result<std::string> SqliteReader::Identity() {
  return database_->Text("SELECT journal FROM identity");
}

Result<std::vector<std::string>> SqliteReader::CheckStorage() {
  Statement check(*database_, "PRAGMA integrity_check(20)");
  auto found = check.All([](const Row& row) { return row.Text(0); });
  // Some damage ends the check instead of being listed by it.
  if (!found && found.error().code == Code::kDataLoss)
    return std::vector<std::string>{found.error().message};
  if (!found) return std::move(found).error().In("check the file");
  if (found->size() == 1 && found->front() == "ok") found->clear();
  return found;
}

}  // namespace recourse::journal
