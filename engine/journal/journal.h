// The durable record of every run: its events, in the order in which they were decided, and the
// indexes that follow from them.
//
// Nothing here knows SQLite, nor what an event means: payloads are bytes, statuses are numbers.
// engine/record gives both their meaning.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/ids.h"

namespace recourse::journal {

// Of an event in the journal, from 1. Without gaps, but for those that the journal itself tells of:
// see absence.h.
using Position = std::int64_t;

struct StoredEvent {
  Position position = 0;
  RunId run;
  std::int64_t sequence = 0;  // of the event in its run, from 1 without gaps
  Time time;
  int type = 0;  // engine/record numbers them
  std::string principal;
  std::string payload;
  Digest hash{};  // SHA-256 of the previous event's hash and this event; see chain.h
};

// --- indexes: what can be rebuilt from the events ---

// What a run begins with never changes, and is stored from the change with its first event only:
// workflow, digest, target, severity, requester, request_id, started.
struct RunRow {
  RunId run;
  std::string workflow;
  std::string digest;
  std::string target;  // the name of the first target among the inputs; empty: none
  int status = 0;      // machine::RunStatus
  std::string step;    // where it stands, "stop[0]"; empty when over
  std::string severity;
  std::string requester;
  std::string request_id;  // unique over all runs unless empty
  Time started;
  Time changed;
  std::optional<Time> finished;
  std::int64_t revision = 0;       // the sequence of the run's last event
  std::string lock;                // the key that it holds or waits for; empty: none, or released
  std::int64_t fencing_token = 0;  // 0 while it waits for the lock
  // Why it waits; all empty when it does not.
  std::string waits_for;
  std::string waits_for_whom;
  std::string next;
  std::optional<Time> waits_since;
  std::optional<Time> next_at;
  // How it failed, or the failure that it asks about; 0 and empty: it did not.
  int error_code = 0;
  std::string error_message;

  bool operator==(const RunRow&) const = default;
};

struct ApprovalRow {
  ApprovalId approval;
  RunId run;
  std::string step;
  std::string prompt;
  std::string approvers;  // JSON: ["dba"]
  int quorum = 1;
  bool exclude_requester = false;
  std::string requester;  // of the run
  Time requested;
  std::optional<Time> expires;
  std::optional<Time> settled;
  int settlement = 0;  // machine::Settlement; 0: open
  std::string votes;   // JSON: [{"principal", "vote", "reason", "channel", "at"}]
  std::string plan;    // JSON
  std::string digest;

  bool operator==(const ApprovalRow&) const = default;
};

struct TimerRow {
  RunId run;
  int kind = 0;  // machine::TimerKind; at most one of a kind a run
  Time due;
  auto operator<=>(const TimerRow&) const = default;
};

// A notification for one channel; written with the event that causes it. Its position and number
// are the key that makes it unique.
struct OutboxRow {
  Position position = 0;  // of the last event of the decision that tells it
  int number = 0;         // among those of the decision
  std::string channel;    // by its name in the server's configuration
  std::string event;      // "needs_attention"
  RunId run;
  std::string text;
  Time created;
  // What has come of it.
  int tries = 0;      // those that failed
  std::string error;  // why the last one did
  std::optional<Time> sent;
  std::optional<Time> given_up;  // it is not tried again by itself

  bool operator==(const OutboxRow&) const = default;
};

// What a schedule has come to: the one thing beside the definitions that no event tells. A run that
// a schedule starts is written in one transaction with the row that says so.
struct ScheduleRow {
  std::string name;
  std::string timing;        // the expression and zone by which `decided` was reached
  Time decided;              // what was to happen up to here has been decided
  std::vector<Time> queued;  // of those the ones that wait for the previous run to end, in order
  std::optional<Time> last_time;         // for which the last run was started
  RunId last_run;                        // 0: none was
  std::int64_t not_started = 0;          // times for which nothing was started although they came
  std::optional<Time> not_started_time;  // the last of them
  std::string not_started_why;
  bool paused = false;
  bool paused_in_file = false;  // what the schedule's file said when it was last loaded
  // Who paused or resumed it last, and why; empty: nobody has.
  std::string changed_by;
  std::optional<Time> changed;
  std::string changed_why;

  bool operator==(const ScheduleRow&) const = default;
};

// A run that was exported and removed; follows from the event at `position`, its tombstone.
struct RemovedRow {
  RunId run;
  Position position = 0;
  ApprovalId approval;  // the highest that it had; 0: none

  bool operator==(const RemovedRow&) const = default;
};

// All that one decision writes.
struct RunChange {
  std::vector<StoredEvent> events;  // one run's, in order; hash is filled in by Append
  RunRow row;
  std::vector<ApprovalRow> approvals;           // inserted or replaced
  std::optional<std::vector<TimerRow>> timers;  // all of the run's, replacing those stored
  std::vector<OutboxRow> notifications;
  // The definition of a new run, unless it is stored already.
  struct Definition {
    std::string digest;
    std::string name;
    std::string canonical;
  };
  std::optional<Definition> definition;
  std::optional<ScheduleRow> schedule;  // of the schedule that starts the run; replaces the stored
};

struct RunFilter {
  std::vector<int> statuses = {};    // empty: all
  std::string workflow = {};         // empty: any
  std::string target = {};           // empty: any
  std::optional<RunId> before = {};  // only runs older than this one: the page token
  int limit = 100;
};

// Reads what is committed. Errors of every function: kUnavailable, the disk refused; kDataLoss,
// what was read is no journal.
class Reader {
 public:
  virtual ~Reader() = default;

  virtual Result<Position> LastPosition() = 0;
  // Newest first.
  virtual Result<std::vector<RunRow>> ListRuns(const RunFilter& filter) = 0;
  // Runs of these statuses that have an error and finished at `since` or later, at most `limit`,
  // the last to finish first, however long ago they started.
  virtual Result<std::vector<RunRow>> ListEndedBadly(std::span<const int> statuses, Time since,
                                                     int limit) = 0;
  // Nothing when there is no such run.
  virtual Result<std::optional<RunRow>> FindRun(RunId run) = 0;
  virtual Result<std::optional<RunRow>> FindRequest(const std::string& request_id) = 0;
  // Runs whose request_id begins with `prefix`, at most `limit`, in descending order of it.
  // REQUIRES: `prefix` ends with "/".
  virtual Result<std::vector<RunRow>> ListRequests(const std::string& prefix, int limit) = 0;
  // Events of one run with a sequence above `after`, at most `limit`, in order.
  virtual Result<std::vector<StoredEvent>> EventsOfRun(RunId run, std::int64_t after,
                                                       std::int64_t limit) = 0;
  // Events of all runs with a position above `after`, at most `limit`, in order.
  virtual Result<std::vector<StoredEvent>> EventsAfter(Position after, std::int64_t limit) = 0;
  // Open ones only, or all; newest first; of one run, or of all (run 0); older than `before`.
  virtual Result<std::vector<ApprovalRow>> ListApprovals(bool open_only, RunId run,
                                                         std::optional<ApprovalId> before,
                                                         int limit) = 0;
  virtual Result<std::optional<ApprovalRow>> FindApproval(ApprovalId approval) = 0;
  // Nothing when there is none of that digest.
  virtual Result<std::optional<std::string>> FindDefinition(const std::string& digest) = 0;
  // In the order in which they are due.
  virtual Result<std::vector<TimerRow>> TimersDue(Time until, int limit) = 0;
  virtual Result<std::vector<TimerRow>> TimersOfRun(RunId run) = 0;
  // The holder of a lock, if any; the runs that wait for it, the longest first.
  virtual Result<std::optional<RunRow>> LockHolder(const std::string& lock) = 0;
  virtual Result<std::vector<RunRow>> LockWaiters(const std::string& lock, int limit) = 0;
  // Of a channel those that are neither sent nor given up, the oldest first.
  virtual Result<std::vector<OutboxRow>> UnsentNotifications(const std::string& channel,
                                                             int limit) = 0;
  // The channels that some wait for, by name.
  virtual Result<std::vector<std::string>> UnsentChannels() = 0;
  // Those that were tried in vain and are not sent, the oldest first.
  virtual Result<std::vector<OutboxRow>> UndeliveredNotifications(int limit) = 0;
  // All schedules that were ever loaded, by name.
  virtual Result<std::vector<ScheduleRow>> ListSchedules() = 0;
  // Runs that were removed, with a number above `after`, in order.
  virtual Result<std::vector<RemovedRow>> ListRemoved(RunId after, int limit) = 0;
  // What tells this journal from all others, the same for its copies.
  virtual Result<std::string> Identity() = 0;

  // What is wrong with the store itself, also where no other call reads: a sentence each; empty:
  // nothing. Takes as long as the journal is large.
  virtual Result<std::vector<std::string>> CheckStorage() = 0;

  // From now on lists of runs and events are answered with kUnavailable, so that who reads a whole
  // journal ends soon. May be called from any thread, unlike the rest.
  virtual void EndReads() = 0;
};

// The highest numbers given so far; 0 when none was.
struct Heads {
  Position position = 0;
  RunId run;
  ApprovalId approval;
  Digest hash{};
};

// What removes a run.
struct Removal {
  RunId run;
  std::int64_t events = 0;  // that it has: those that were exported
  std::string file;         // the export
  Time time;
  std::string principal;
  // Signs the tombstone's payload, so that nobody else can make one; empty: it is not signed.
  std::function<std::string(const std::string& payload)> sign = {};
};

// A run as it stood in another journal.
struct ImportedRun {
  RunChange change;                                // its events have their position and hash
  std::vector<Digest> previous;                    // the hash before each of them
  std::vector<RunChange::Definition> definitions;  // that it went by
};
// Answers one run after the other, and then nothing.
using ImportSource = std::function<Result<std::optional<ImportedRun>>()>;

// One journal with its one writer.
//
// Thread safety: Append, NoteNotifications, StoreSchedules, RemoveRun, Import and reader() belong
// to the core loop's thread. OpenReader, BackUp and size_bytes() may be called from any thread.
class Journal {
 public:
  virtual ~Journal() = default;

  virtual Heads heads() const = 0;

  // Makes all of `changes` durable, or nothing, and returns the position of the last event.
  //
  // REQUIRES: positions follow heads().position without a gap; each change has an event.
  // kResourceExhausted: the disk is full. kUnavailable: it refused otherwise. Nothing was stored
  // and the same changes may be tried again. kUnknown: they were written, but the disk did not
  // confirm it. They may be tried again too; only when the process dies before another append may
  // they turn out to be stored, for nobody can tell what the disk kept. kAborted:
  // a run has not exactly the events that the change follows, read it again. kAlreadyExists:
  // another run has the request_id. kInternal: the change is not one that can be stored (its
  // positions, sequences or revision do not fit). In these three cases nothing was stored, the
  // message names the run, and without its change the others can be stored. kDataLoss: the file is
  // damaged.
  virtual Result<Position> Append(std::span<RunChange> changes) = 0;

  // Stores what has come of notifications, all or nothing. One that is not there, because its run
  // was removed, is left out. Errors as Append.
  virtual Result<void> NoteNotifications(std::span<const OutboxRow> notes) = 0;

  // Makes `rows` durable, all or nothing, replacing those of their names. Errors as Append.
  virtual Result<void> StoreSchedules(std::span<const ScheduleRow> rows) = 0;

  // Removes a run that is over, with all its rows, and appends its tombstone, in one transaction;
  // answers the tombstone's position. The definition stays: other runs may have it.
  // kNotFound: there is no such run. kAborted: it has not exactly so many events.
  // kFailedPrecondition: it is not over, holds a lock, or is the last one of a schedule; the
  // message says which. Nothing was removed then. Otherwise as Append.
  virtual Result<Position> RemoveRun(const Removal& removal) = 0;

  // Stores runs as they stood in another journal, and what tells of the positions between them, in
  // one transaction; answers the position of the last event. REQUIRES: the journal is empty.
  // kDataLoss: an event's hash is not that of its content and of the hash before. Errors of
  // `source`, and as Append; nothing is stored then.
  virtual Result<Position> Import(const ImportSource& source, const std::string& file, Time time,
                                  const std::string& principal) = 0;

  // Reads on the writer's own connection: sees everything appended.
  virtual Reader& reader() = 0;

  // A reader with a connection of its own. It may be used by one thread at a time.
  virtual Result<std::unique_ptr<Reader>> OpenReader() const = 0;

  // A copy of the journal as it is now in a new file, checked and complete, while appends go on.
  // kAlreadyExists: `path` exists. kResourceExhausted, kUnavailable: as Append; no file is left.
  // kUnavailable also soon after `stop` is requested.
  virtual Result<void> BackUp(const std::string& path, std::stop_token stop) const = 0;

  virtual std::string path() const = 0;
  virtual std::int64_t size_bytes() const = 0;
};

}  // namespace recourse::journal
