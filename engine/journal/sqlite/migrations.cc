#include "engine/journal/sqlite/migrations.h"

#include <iterator>

namespace recourse::journal {
namespace {

constexpr std::int64_t kApplicationId = 0x52435253;  // "RCRS"

// Migration n is the n-th of these and makes `user_version` n. One that was released is never
// changed. Times are microseconds since 1970, UTC.
constexpr const char* kMigrations[] = {
    R"sql(
CREATE TABLE events (
  position INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  time INTEGER NOT NULL,
  type INTEGER NOT NULL,
  principal TEXT NOT NULL,
  payload BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_of_run ON events (run, sequence);

CREATE TABLE definitions (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  canonical TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
  run INTEGER PRIMARY KEY,
  workflow TEXT NOT NULL,
  digest TEXT NOT NULL,
  target TEXT NOT NULL,
  severity TEXT NOT NULL,
  requester TEXT NOT NULL,
  request_id TEXT NOT NULL,
  started INTEGER NOT NULL,
  status INTEGER NOT NULL,
  step TEXT NOT NULL,
  changed INTEGER NOT NULL,
  finished INTEGER,
  revision INTEGER NOT NULL,
  lock TEXT NOT NULL,
  fencing_token INTEGER NOT NULL,
  waits_for TEXT NOT NULL,
  waits_for_whom TEXT NOT NULL,
  next TEXT NOT NULL,
  waits_since INTEGER,
  next_at INTEGER,
  error_code INTEGER NOT NULL,
  error_message TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX runs_by_request ON runs (request_id) WHERE request_id <> '';
CREATE INDEX runs_by_status ON runs (status);
CREATE INDEX runs_by_lock ON runs (lock, fencing_token) WHERE lock <> '';

CREATE TABLE approvals (
  approval INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  step TEXT NOT NULL,
  prompt TEXT NOT NULL,
  approvers TEXT NOT NULL,
  quorum INTEGER NOT NULL,
  exclude_requester INTEGER NOT NULL,
  requester TEXT NOT NULL,
  requested INTEGER NOT NULL,
  expires INTEGER,
  settled INTEGER,
  settlement INTEGER NOT NULL,
  votes TEXT NOT NULL,
  plan TEXT NOT NULL,
  digest TEXT NOT NULL
) STRICT;
CREATE INDEX approvals_of_run ON approvals (run);
CREATE INDEX approvals_open ON approvals (approval) WHERE settlement = 0;

CREATE TABLE timers (
  run INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  due INTEGER NOT NULL,
  PRIMARY KEY (run, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX timers_by_due ON timers (due);

CREATE TABLE outbox (
  position INTEGER NOT NULL,
  topic TEXT NOT NULL,
  run INTEGER NOT NULL,
  text TEXT NOT NULL,
  created INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  sent INTEGER,
  PRIMARY KEY (position, topic)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_unsent ON outbox (position, topic) WHERE sent IS NULL;
)sql",
    // Runs of one workflow, or on one target, newest first. A run without target is on none.
    R"sql(
CREATE INDEX runs_by_workflow ON runs (workflow, run);
CREATE INDEX runs_by_target ON runs (target, run) WHERE target <> '';
)sql",
    // What each schedule has come to.
    R"sql(
CREATE TABLE schedules (
  name TEXT PRIMARY KEY,
  timing TEXT NOT NULL,
  decided INTEGER NOT NULL,
  queued TEXT NOT NULL,
  last_time INTEGER,
  last_run INTEGER NOT NULL,
  not_started INTEGER NOT NULL,
  not_started_time INTEGER,
  not_started_why TEXT NOT NULL,
  paused INTEGER NOT NULL,
  paused_in_file INTEGER NOT NULL,
  changed_by TEXT NOT NULL,
  changed INTEGER,
  changed_why TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql",
    // What tells this journal from others, and the runs that were exported and removed from it.
    R"sql(
CREATE TABLE identity (journal TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO identity VALUES (lower(hex(randomblob(16))));
CREATE TABLE removed (
  run INTEGER PRIMARY KEY,
  position INTEGER NOT NULL,
  approval INTEGER NOT NULL
) STRICT;
)sql",
    // A notification for each channel. Those from before had no channel that they could go to.
    R"sql(
DROP TABLE outbox;
CREATE TABLE outbox (
  position INTEGER NOT NULL,
  number INTEGER NOT NULL,
  channel TEXT NOT NULL,
  event TEXT NOT NULL,
  run INTEGER NOT NULL,
  text TEXT NOT NULL,
  created INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  error TEXT NOT NULL,
  sent INTEGER,
  given_up INTEGER,
  PRIMARY KEY (position, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_unsent ON outbox (channel, position, number)
  WHERE sent IS NULL AND given_up IS NULL;
CREATE INDEX outbox_undelivered ON outbox (position, number)
  WHERE sent IS NULL AND tries > 0;

-- Several lanes of a run can wait for the same kind of timer.
ALTER TABLE timers RENAME TO timers_before;
DROP INDEX timers_by_due;
CREATE TABLE timers (
  run INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  due INTEGER NOT NULL,
  PRIMARY KEY (run, kind, due)
) STRICT, WITHOUT ROWID;
INSERT INTO timers SELECT run, kind, due FROM timers_before;
DROP TABLE timers_before;
CREATE INDEX timers_by_due ON timers (due);
)sql",
    // What ended with an error lately, whenever it started.
    R"sql(
CREATE INDEX runs_ended_badly ON runs (finished) WHERE error_code <> 0 AND finished IS NOT NULL;
)sql",
};
constexpr auto kVersion = static_cast<std::int64_t>(std::size(kMigrations));

}  // namespace

Result<Content> Inspect(Database& database) {
  auto application = database.Number("PRAGMA application_id");
  if (!application) return std::move(application).error();
  auto tables = database.Number("SELECT count(*) FROM sqlite_schema");
  if (!tables) return std::move(tables).error();
  auto version = database.Number("PRAGMA user_version");
  if (!version) return std::move(version).error();
  if (*application == 0 && *tables == 0 && *version == 0) return Content::kNothing;
  if (*application != kApplicationId) {
    return DataLoss(database.path() +
                    " is an SQLite database, but no journal: its application_id is " +
                    std::to_string(*application) + ". It was left as it is; name another file");
  }
  if (*version > kVersion) {
    return FailedPrecondition(database.path() + " has the schema version " +
                              std::to_string(*version) + ", this program knows versions up to " +
                              std::to_string(kVersion) +
                              ". It was left as it is; use the newer program");
  }
  return Content::kJournal;
}

Result<void> Migrate(Database& database) {
  for (;;) {
    auto version = database.Number("PRAGMA user_version");
    if (!version) return std::move(version).error();
    if (*version == kVersion) return {};
    auto transaction = Transaction::Begin(database);
    if (!transaction) return std::move(transaction).error();
    const std::string next = std::to_string(*version + 1);
    const auto migrated = database.Execute(
        kMigrations[*version] + ("PRAGMA application_id=" + std::to_string(kApplicationId)) +
        ";PRAGMA user_version=" + next);
    if (!migrated) return migrated.error().In("migrate to schema version " + next);
    if (auto committed = transaction->Commit(); !committed) return committed;
  }
}

Result<void> RequireCurrent(Database& database) {
  auto version = database.Number("PRAGMA user_version");
  if (!version) return std::move(version).error();
  if (*version == kVersion) return {};
  return FailedPrecondition(database.path() + " has the schema version " +
                            std::to_string(*version) + ", this program reads version " +
                            std::to_string(kVersion) + "; start its server once to migrate it");
}

}  // namespace recourse::journal
