// The specs of the actions that tend a database and its quarantine, and of the one that begins it
// anew.
#include "actions/database/specs.h"
#include "actions/inputs.h"

namespace recourse::database {

using std::chrono::minutes;

const ActionSpec& VacuumSpec() {
  static const ActionSpec spec{
      .name = "database.vacuum",
      .summary = "Rewrite a database without its free pages, and check it afterwards",
      .inputs = WithDatabase(R"({"type": "object", "additionalProperties": false})"),
      .output = Schema(R"({
        "type": "object",
        "properties": {
          "path": {"type": "string"},
          "bytes_before": {"type": "integer"},
          "bytes_after": {"type": "integer"},
          "freed_bytes": {"type": "integer"},
          "wal_bytes_after": {"type": "integer"},
          "freelist_pages_before": {"type": "integer"},
          "freelist_pages_after": {"type": "integer"},
          "integrity": {"type": "string", "description": "the check afterwards: ok"},
          "duration_ms": {"type": "integer"},
          "note": {"type": "string", "description": "what keeps the file from being smaller"}
        },
        "required": ["path", "bytes_before", "bytes_after", "freed_bytes", "wal_bytes_after",
                     "freelist_pages_before", "freelist_pages_after", "integrity", "duration_ms",
                     "note"],
        "additionalProperties": false
      })"),
      .repeat = RepeatClass::kIdempotent,
      .has_plan = true,
      .has_prepare = true,
      .without_compensation = "none needed: the content stays what it is",
      .timeout = minutes(60),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& AnalyzeSpec() {
  static const ActionSpec spec{
      .name = "database.analyze",
      .summary = "Measure the tables, so that queries are planned by what they hold (ANALYZE)",
      .inputs = WithDatabase(R"({
        "type": "object",
        "properties": {
          "tables": {"type": "array", "items": {"type": "string"}, "description": "default: all"}
        },
        "additionalProperties": false
      })"),
      .output = Schema(R"({
        "type": "object",
        "properties": {
          "path": {"type": "string"},
          "bytes_before": {"type": "integer"},
          "bytes_after": {"type": "integer"},
          "tables": {"type": "array", "items": {"type": "string"},
                     "description": "those that have statistics now; an empty table has none"},
          "statistics": {"type": "integer", "description": "rows in sqlite_stat1"},
          "duration_ms": {"type": "integer"}
        },
        "required": ["path", "bytes_before", "bytes_after", "tables", "statistics", "duration_ms"],
        "additionalProperties": false
      })"),
      .repeat = RepeatClass::kIdempotent,
      .has_plan = true,
      .without_compensation = "none needed: it adds statistics, and changes no row",
      .timeout = minutes(30),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& OptimizeSpec() {
  static const ActionSpec spec{
      .name = "database.optimize",
      .summary = "Measure the tables whose statistics are missing or old (PRAGMA optimize)",
      .inputs = WithDatabase(R"({"type": "object", "additionalProperties": false})"),
      .output = Schema(R"({
        "type": "object",
        "properties": {
          "path": {"type": "string"},
          "bytes_before": {"type": "integer"},
          "bytes_after": {"type": "integer"},
          "statements": {"type": "array", "items": {"type": "string"},
                         "description": "what SQLite ran; empty: nothing was needed"},
          "duration_ms": {"type": "integer"}
        },
        "required": ["path", "bytes_before", "bytes_after", "statements", "duration_ms"],
        "additionalProperties": false
      })"),
      .repeat = RepeatClass::kIdempotent,
      .has_plan = true,
      .without_compensation = "none needed: it adds statistics, and changes no row",
      .timeout = minutes(30),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& ListQuarantineSpec() {
  static const ActionSpec spec{
      .name = "database.list_quarantine",
      .summary = "List a database's quarantine sets, and which of them a pruning would delete",
      .inputs = WithDatabase(R"({
        "type": "object",
        "properties": {
          "keep_days": {"type": "integer", "minimum": 1, "maximum": 100000, "default": 100000,
                        "description": "as for database.prune_quarantine"},
          "keep_at_least": {"type": "integer", "minimum": 1, "maximum": 100000, "default": 3,
                            "description": "as for database.prune_quarantine"}
        },
        "additionalProperties": false
      })"),
      .output = Schema(R"({
        "type": "object",
        "properties": {
          "directory": {"type": "string"},
          "kept": {"type": "integer"},
          "past": {
            "type": "array", "description": "those that a pruning deletes",
            "items": {
              "type": "object",
              "properties": {
                "name": {"type": "string"},
                "bytes": {"type": "integer"},
                "kept_since": {"type": "string", "description": "RFC 3339"}
              },
              "required": ["name", "bytes", "kept_since"],
              "additionalProperties": false
            }
          },
          "past_bytes": {"type": "integer"},
          "ignored": {"type": "array", "items": {"type": "string"},
                      "description": "names in the directory that are no sets"}
        },
        "required": ["directory", "kept", "past", "past_bytes", "ignored"],
        "additionalProperties": false
      })"),
      .repeat = RepeatClass::kReadOnly,
      .timeout = minutes(10),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& PruneQuarantineSpec() {
  static const ActionSpec spec{
      .name = "database.prune_quarantine",
      .summary = "Delete a database's quarantine sets past their retention, never the newest ones",
      .inputs = WithDatabase(R"({
        "type": "object",
        "properties": {
          "keep_days": {"type": "integer", "minimum": 1, "maximum": 100000,
                        "description": "only what has been there for longer is deleted"},
          "keep_at_least": {"type": "integer", "minimum": 1, "maximum": 100000, "default": 3,
                            "description": "so many of the newest stay, however old"}
        },
        "required": ["keep_days"],
        "additionalProperties": false
      })"),
      .output = Schema(R"({
        "type": "object",
        "properties": {
          "directory": {"type": "string"},
          "removed": {"type": "array", "items": {"type": "string"}, "description": "their names"},
          "removed_bytes": {"type": "integer"},
          "kept": {"type": "integer"},
          "ignored": {"type": "array", "items": {"type": "string"},
                      "description": "names in the directory that are no sets; they stay"}
        },
        "required": ["directory", "removed", "removed_bytes", "kept", "ignored"],
        "additionalProperties": false
      })"),
      .repeat = RepeatClass::kIdempotent,
      .has_plan = true,
      .without_compensation = "none: what is deleted is gone",
      .timeout = minutes(30),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& CreateEmptySpec() {
  static const ActionSpec spec{
      .name = "database.create_empty",
      .summary = "Begin a database anew without its rows, keeping the old files in quarantine",
      .inputs = WithDatabase(R"({
        "type": "object",
        "properties": {
          "schema_from": {"type": "string", "minLength": 1,
            "description": "a backup, absolute, whose tables, indexes, views and triggers it gets"},
          "statements": {"type": "array", "items": {"type": "string"},
                         "description": "or the SQL that makes them, a statement each"},
          "journal_mode": {"type": "string", "enum": ["wal", "delete"],
                           "description": "default: that of the backup's source, else delete"}
        },
        "additionalProperties": false
      })"),
      .output = WithProperty(Schema(R"({
        "type": "object",
        "properties": {
          "path": {"type": "string"},
          "schema_from": {"type": "string", "description": "the backup, or \"statements\""},
          "quarantine": {"type": "string", "description": "where the old files are"},
          "sha256": {"type": "string", "description": "of the file in place"},
          "size": {"type": "integer"},
          "journal_mode": {"type": "string", "enum": ["wal", "delete"]},
          "user_version": {"type": "integer"},
          "application_id": {"type": "integer"}
        },
        "required": ["path", "schema_from", "quarantine", "sha256", "size", "journal_mode",
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
      .retry = {.attempts = 3, .delay = std::chrono::seconds(2)}};
  return spec;
}

}  // namespace recourse::database
