#include "actions/database/specs.h"

#include <utility>

#include "actions/inputs.h"

namespace recourse::database {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

Value HolderList(std::string_view description) {
  const Value holder = Schema(R"({
    "type": "object",
    "properties": {
      "pid": {"type": "integer"},
      "start_time": {"type": "integer", "description": "clock ticks since the boot"},
      "command": {"type": "string"},
      "user": {"type": "string"},
      "ancestors": {"type": "array", "items": {"type": "integer"},
                    "description": "the pids of its parent, of that one's parent, and so on"},
      "files": {"type": "array", "items": {"type": "string"}},
      "locks": {"type": "array", "items": {"type": "string"},
                "description": "SQLite's locks: health.db-shm: writes"},
      "writes": {"type": "boolean", "description": "it has the write lock"}
    },
    "required": ["pid", "start_time", "command", "user", "files", "locks", "writes"],
    "additionalProperties": false
  })");
  return Value::Object({{"type", "array"}, {"description", description}, {"items", holder}});
}

}  // namespace

Value WithDatabase(std::string_view json) {
  return WithProperty(Schema(json), "database", DatabaseSchema());
}

Value DatabaseSchema() {
  return Schema(R"({
    "type": "object",
    "description": "the database of a target",
    "properties": {
      "kind": {"type": "string", "description": "which driver: sqlite"},
      "path": {"type": "string", "minLength": 1, "description": "the file, absolute"},
      "owner": {"type": "string", "description": "the user that a restored file belongs to"},
      "group": {"type": "string", "description": "the group that a restored file belongs to"},
      "mode": {"type": "string", "description": "permissions of a restored file, octal: 0664"},
      "tables": {
        "type": "array",
        "description": "the tables that must be there, and how many rows they have at least",
        "items": {
          "type": "object",
          "properties": {
            "name": {"type": "string", "minLength": 1},
            "rows_min": {"type": "integer", "minimum": 0},
            "key": {"type": "array", "items": {"type": "string", "minLength": 1},
                    "description": "for merges: the columns by which two rows are the same thing"},
            "timestamp": {"type": "string", "minLength": 1,
              "description": "for merges: the column whose greater value wins"}
          },
          "required": ["name"],
          "additionalProperties": false
        }
      },
      "application_id": {"type": "integer", "description": "PRAGMA application_id must be this"},
      "user_version": {"type": "integer", "description": "PRAGMA user_version must be this"}
    },
    "required": ["kind", "path"],
    "additionalProperties": false
  })");
}

Value BackupsSchema() {
  return Schema(R"({
    "type": "object",
    "description": "the backups of a target",
    "properties": {
      "directory": {"type": "string", "minLength": 1, "description": "where they are, absolute"},
      "pattern": {"type": "string", "minLength": 1,
                  "description": "strftime's pattern of their names, in UTC: health_%Y%m%d.db"},
      "keep_days": {"type": "integer", "minimum": 1, "maximum": 100000,
                    "description": "prune removes only what is older; without it, nothing"},
      "keep_at_most": {"type": "integer", "minimum": 1, "maximum": 100000,
        "description": "prune removes what is beyond so many of the newest; without it, nothing"},
      "keep_at_least": {"type": "integer", "minimum": 1, "maximum": 100000, "default": 3,
                        "description": "prune keeps this many verified ones, however old"},
      "max_age": {"type": "string",
        "description": "prune refuses when the newest verified one is older: 48h; default keep_days"}
    },
    "required": ["directory", "pattern"],
    "additionalProperties": false
  })");
}

Value TablesSchema() {
  return Schema(R"({
    "type": "object",
    "description": "rows by table",
    "additionalProperties": {"type": "integer"}
  })");
}

Value WithProperty(Value schema, std::string_view name, Value property, bool required) {
  Value with = schema.With("properties", schema["properties"].With(name, std::move(property)));
  if (!required) return with;
  Value::List names = with["required"].is_list() ? with["required"].as_list() : Value::List();
  names.push_back(name);
  return with.With("required", std::move(names));
}

const ActionSpec& CheckSpec() {
  static const ActionSpec spec{
      .name = "database.check",
      .summary = "Check a database: its file, structure, expected tables and rows; read-only",
      .inputs = WithDatabase(R"({
        "type": "object",
        "properties": {
          "mode": {"type": "string", "enum": ["full", "quick"], "default": "full",
                   "description": "quick leaves out the comparison of indexes with their tables"},
          "not_older_than": {"type": "string", "minLength": 1,
            "description": "a backup, absolute: tables must not have lost rows since then"},
          "rows_drop_percent_max": {"type": "number", "minimum": 0, "maximum": 100, "default": 0,
            "description": "how much of a table's rows may have gone since then"}
        },
        "additionalProperties": false
      })"),
      .output = WithProperty(Schema(R"({
        "type": "object",
        "properties": {
          "path": {"type": "string"},
          "mode": {"type": "string"},
          "integrity": {"type": "string", "description": "the database's own verdict: ok"},
          "size": {"type": "integer", "description": "bytes of the file"},
          "wal_bytes": {"type": "integer", "description": "bytes of the write-ahead log"},
          "page_size": {"type": "integer"},
          "page_count": {"type": "integer"},
          "freelist_pages": {"type": "integer"},
          "journal_mode": {"type": "string", "enum": ["wal", "delete"]},
          "application_id": {"type": "integer"},
          "user_version": {"type": "integer"},
          "schema_sha256": {"type": "string"},
          "foreign_key_violations": {"type": "integer"},
          "notes": {"type": "array", "items": {"type": "string"},
                    "description": "what was seen that is no damage"}
        },
        "required": ["path", "mode", "integrity", "size", "wal_bytes", "page_size", "page_count",
                     "freelist_pages", "journal_mode", "application_id", "user_version",
                     "schema_sha256", "foreign_key_violations", "notes"],
        "additionalProperties": false
      })"),
                             "tables", TablesSchema()),
      .repeat = RepeatClass::kReadOnly,
      .timeout = minutes(10),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& HoldersSpec() {
  static const ActionSpec spec{
      .name = "database.holders",
      .summary = "Find the processes that have a database's files open; read-only",
      .inputs = WithDatabase(R"({
        "type": "object",
        "properties": {
          "expect_none": {"type": "boolean", "default": false,
                          "description": "fail with ABORTED, naming each, when there are any"},
          "expect_unlocked": {"type": "boolean", "default": false,
            "description": "fail with ABORTED, naming it, when one has the write lock"},
          "expect_visible": {"type": "boolean", "default": false,
            "description": "fail with FAILED_PRECONDITION when it could not be told that nobody has"},
          "accept_unseen_holders": {"type": "boolean", "default": false,
            "description": "expect_none and expect_visible also succeed when it cannot be told"}
        },
        "additionalProperties": false
      })"),
      .output = WithProperty(WithProperty(Schema(R"({
        "type": "object",
        "properties": {
          "path": {"type": "string"},
          "count": {"type": "integer"},
          "complete": {"type": "boolean",
                       "description": "false: some processes could not be looked into"},
          "unreadable": {"type": "integer", "description": "how many could not"},
          "unseen": {"type": "string", "description": "which could not; empty: none"},
          "write_locked": {"type": "boolean",
                           "description": "others who want to write hear that it is locked"}
        },
        "required": ["path", "count", "complete", "unreadable", "unseen", "write_locked"],
        "additionalProperties": false
      })"),
                                          "holders", HolderList("all of them")),
                             "writers", HolderList("those that have the write lock")),
      .repeat = RepeatClass::kReadOnly,
      .timeout = minutes(1),
      .retry = {.attempts = 5, .delay = seconds(1)}};
  return spec;
}

const ActionSpec& PreserveSpec() {
  static const ActionSpec spec{
      .name = "database.preserve",
      .summary = "Copy a database's files as they are, together, into a quarantine set",
      .inputs = WithDatabase(R"({"type": "object", "additionalProperties": false})"),
      .output = Schema(R"({
        "type": "object",
        "properties": {
          "directory": {"type": "string", "description": "the quarantine set"},
          "bytes": {"type": "integer"},
          "files": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "name": {"type": "string"},
                "size": {"type": "integer"},
                "sha256": {"type": "string", "description": "of the copy"},
                "missing_bytes": {"type": "integer",
                  "description": "that the disk did not give back; zeros in the copy"}
              },
              "required": ["name", "size", "sha256", "missing_bytes"],
              "additionalProperties": false
            }
          }
        },
        "required": ["directory", "bytes", "files"],
        "additionalProperties": false
      })"),
      .repeat = RepeatClass::kIdempotent,
      .has_plan = true,
      .without_compensation = "none needed: it only adds copies",
      .timeout = minutes(30),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& BackupSpec() {
  static const ActionSpec spec{
      .name = "database.backup",
      .summary = "Back a running database up into a file that is checked before it counts",
      .inputs = WithProperty(WithDatabase(R"({"type": "object", "additionalProperties": false})"),
                             "backups", BackupsSchema()),
      .output = WithProperty(Schema(R"({
        "type": "object",
        "properties": {
          "path": {"type": "string"},
          "name": {"type": "string"},
          "manifest": {"type": "string", "description": "the path of its manifest"},
          "sha256": {"type": "string"},
          "size": {"type": "integer"},
          "taken_at": {"type": "string", "description": "RFC 3339"},
          "method": {"type": "string", "enum": ["backup_api", "vacuum_into"]},
          "user_version": {"type": "integer"},
          "application_id": {"type": "integer"},
          "replaced": {"type": "boolean",
                       "description": "whether it took the place of an earlier one of that name"}
        },
        "required": ["path", "name", "manifest", "sha256", "size", "taken_at", "method",
                     "user_version", "application_id", "replaced"],
        "additionalProperties": false
      })"),
                             "tables", TablesSchema()),
      .repeat = RepeatClass::kProbed,
      .has_plan = true,
      .can_compensate = true,
      .timeout = minutes(30),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& RehearseRestoreSpec() {
  static const ActionSpec spec{
      .name = "database.rehearse_restore",
      .summary = "Restore a backup into a scratch file, check it and compare it with its manifest",
      .inputs = WithDatabase(R"({
        "type": "object",
        "properties": {
          "backup": {"type": "string", "minLength": 1,
                     "description": "the backup's file, absolute"},
          "scratch": {"type": "string", "minLength": 1,
                      "description": "a directory for the scratch file; default: the database's"},
          "accept_salvaged": {"type": "boolean", "default": false,
            "description": "take also a file that database.salvage has made, which lacks rows"}
        },
        "required": ["backup"],
        "additionalProperties": false
      })"),
      .output = WithProperty(Schema(R"({
        "type": "object",
        "properties": {
          "backup": {"type": "string"},
          "integrity": {"type": "string"},
          "sha256": {"type": "string"},
          "size": {"type": "integer"},
          "taken_at": {"type": "string", "description": "RFC 3339"},
          "user_version": {"type": "integer"},
          "application_id": {"type": "integer"}
        },
        "required": ["backup", "integrity", "sha256", "size", "taken_at", "user_version",
                     "application_id"],
        "additionalProperties": false
      })"),
                             "tables", TablesSchema()),
      .repeat = RepeatClass::kReadOnly,
      .timeout = minutes(30),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& RestoreSpec() {
  static const ActionSpec spec{
      .name = "database.restore",
      .summary = "Put a verified backup in a database's place, atomically, keeping the old files",
      .inputs = WithDatabase(R"({
        "type": "object",
        "properties": {
          "backup": {"type": "string", "minLength": 1, "description": "the backup's file, absolute"},
          "accept_salvaged": {"type": "boolean", "default": false,
            "description": "take also a file that database.salvage has made, which lacks rows"}
        },
        "required": ["backup"],
        "additionalProperties": false
      })"),
      .output = WithProperty(Schema(R"({
        "type": "object",
        "properties": {
          "path": {"type": "string"},
          "backup": {"type": "string"},
          "quarantine": {"type": "string", "description": "where the replaced files are"},
          "sha256": {"type": "string", "description": "of the file in place"},
          "size": {"type": "integer"},
          "taken_at": {"type": "string", "description": "when the backup was taken, RFC 3339"},
          "journal_mode": {"type": "string", "enum": ["wal", "delete"]},
          "user_version": {"type": "integer"},
          "application_id": {"type": "integer"}
        },
        "required": ["path", "backup", "quarantine", "sha256", "size", "taken_at", "journal_mode",
                     "user_version", "application_id"],
        "additionalProperties": false
      })"),
                             "tables", TablesSchema()),
      .repeat = RepeatClass::kProbed,
      .has_plan = true,
      .has_prepare = true,
      .has_verify = true,
      .can_compensate = true,
      .timeout = minutes(30),
      .retry = {.attempts = 3, .delay = seconds(2)}};
  return spec;
}

}  // namespace recourse::database
