#include "actions/backup/specs.h"

#include "actions/database/specs.h"
#include "actions/inputs.h"

namespace recourse::backup {
namespace {

using database::kWhenBusy;
using database::WithProperty;
using std::chrono::minutes;

Value WithBackups(std::string_view json) {
  return WithProperty(Schema(json), "backups", database::BackupsSchema());
}

// One backup of a list. What a manifest would say is missing where there is none.
Value EntrySchema() {
  return WithProperty(Schema(R"({
    "type": "object",
    "properties": {
      "name": {"type": "string"},
      "path": {"type": "string"},
      "state": {"type": "string",
                "enum": ["verified", "unverified", "suspect", "damaged", "missing"]},
      "reason": {"type": "string", "description": "why it is not verified"},
      "taken_at": {"type": "string", "description": "RFC 3339"},
      "age_seconds": {"type": "integer"},
      "size": {"type": "integer"},
      "sha256": {"type": "string"},
      "verified_at": {"type": "string", "description": "RFC 3339; empty: never"}
    },
    "required": ["name", "path", "state", "reason", "taken_at", "age_seconds", "size", "sha256",
                 "verified_at"],
    "additionalProperties": false
  })"),
                      "tables", database::TablesSchema());
}

Value FreshnessThresholds(std::string_view description) {
  return Schema(R"({
    "type": "object",
    "properties": {
      "age": {"type": "string", "description": "the newest verified one is older: 48h"},
      "count": {"type": "integer", "minimum": 0, "description": "fewer are verified"},
      "bytes": {"type": "integer", "minimum": 0, "description": "all of them have at least so many"}
    },
    "additionalProperties": false
  })")
      .With("description", description);
}

}  // namespace

const ActionSpec& FreshnessSpec() {
  static const ActionSpec spec{
      .name = "backup.freshness",
      .summary = "Measure how old the newest good backup is, how many there are, and their size",
      .inputs = WithProperty(
          WithProperty(WithBackups(R"({"type": "object", "additionalProperties": false})"), "warn",
                       FreshnessThresholds("the level becomes \"warn\" at one of these"), false),
          "fail",
          FreshnessThresholds("FAILED_PRECONDITION at one of these; age: by default max_age of the "
                              "target's backups"),
          false),
      .output = Schema(R"({
        "type": "object",
        "properties": {
          "directory": {"type": "string"},
          "level": {"type": "string", "enum": ["ok", "warn", "fail"]},
          "reasons": {"type": "array", "items": {"type": "string"},
                      "description": "the thresholds reached"},
          "newest_verified": {"type": "string", "description": "its name; empty: there is none"},
          "newest_verified_path": {"type": "string"},
          "taken_at": {"type": "string", "description": "RFC 3339; empty: there is none"},
          "age_seconds": {"type": "integer", "description": "-1: there is none"},
          "count": {"type": "integer"},
          "verified": {"type": "integer", "description": "how many of them are verified"},
          "suspect": {"type": "integer", "description": "taken from a damaged database"},
          "bytes": {"type": "integer"},
          "free_bytes": {"type": "integer", "description": "of the file system they are on"}
        },
        "required": ["directory", "level", "reasons", "newest_verified", "newest_verified_path",
                     "taken_at", "age_seconds", "count", "verified", "suspect", "bytes",
                     "free_bytes"],
        "additionalProperties": false
      })"),
      .repeat = RepeatClass::kReadOnly,
      .timeout = minutes(10),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& BisectSpec() {
  static const ActionSpec spec{
      .name = "backup.bisect",
      .summary = "Find the newest good backup from before a damage or a loss of rows",
      .inputs = WithProperty(WithProperty(WithBackups(R"({
        "type": "object",
        "properties": {
          "exclude": {"type": "array", "items": {"type": "string"},
                      "description": "names that are not looked at"},
          "drop": {
            "type": "object",
            "description": "look for the newest one from before a table lost rows, by manifests",
            "properties": {
              "table": {"type": "string", "minLength": 1,
                        "description": "in any letter case; some verified backup must have it"},
              "percent": {"type": "number", "minimum": 0, "maximum": 100,
                          "description": "from one backup to the next it lost more than this"}
            },
            "required": ["table", "percent"],
            "additionalProperties": false
          }
        },
        "additionalProperties": false
      })"),
                                          "database", database::DatabaseSchema()),
                             "condition",
                             WithProperty(Schema(R"({
        "type": "object",
        "description": "look for the newest one in which so many rows match",
        "properties": {
          "table": {"type": "string", "minLength": 1},
          "rows_min": {"type": "integer", "minimum": 1}
        },
        "required": ["table", "rows_min"],
        "additionalProperties": false
      })"),
                                          "filter", database::FilterSchema(), false),
                             false),
      .output = WithProperty(Schema(R"({
        "type": "object",
        "properties": {
          "path": {"type": "string"},
          "name": {"type": "string"},
          "taken_at": {"type": "string", "description": "RFC 3339"},
          "age_seconds": {"type": "integer"},
          "size": {"type": "integer"},
          "sha256": {"type": "string"},
          "newest_is_good": {"type": "boolean", "description": "no backup shows what is looked for"},
          "first_bad": {
            "type": "object",
            "description": "the next one after it; empty texts when there is none",
            "properties": {
              "name": {"type": "string"},
              "taken_at": {"type": "string"},
              "reason": {"type": "string"}
            },
            "required": ["name", "taken_at", "reason"],
            "additionalProperties": false
          },
          "tested": {
            "type": "array",
            "description": "those that were looked into, in that order",
            "items": {
              "type": "object",
              "properties": {
                "name": {"type": "string"},
                "good": {"type": "boolean"},
                "reason": {"type": "string"}
              },
              "required": ["name", "good", "reason"],
              "additionalProperties": false
            }
          }
        },
        "required": ["path", "name", "taken_at", "age_seconds", "size", "sha256", "newest_is_good",
                     "first_bad", "tested"],
        "additionalProperties": false
      })"),
                             "tables", database::TablesSchema()),
      .repeat = RepeatClass::kReadOnly,
      .timeout = minutes(60),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& ListSpec() {
  static const ActionSpec spec{
      .name = "backup.list",
      .summary = "List the backups of a target, newest first, and which of them are good",
      .inputs = WithBackups(R"({"type": "object", "additionalProperties": false})"),
      .output =
          WithProperty(Schema(R"({
        "type": "object",
        "properties": {
          "directory": {"type": "string"},
          "count": {"type": "integer"},
          "verified": {"type": "integer", "description": "how many of them are verified"},
          "newest_verified": {"type": "string", "description": "its name; empty: there is none"},
          "bytes": {"type": "integer"},
          "ignored": {"type": "array", "items": {"type": "string"},
                      "description": "names in the directory that are not backups"}
        },
        "required": ["directory", "count", "verified", "newest_verified", "bytes", "ignored"],
        "additionalProperties": false
      })"),
                       "backups", Value::Object({{"type", "array"}, {"items", EntrySchema()}})),
      .repeat = RepeatClass::kReadOnly,
      .timeout = minutes(1),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& ChooseSpec() {
  static const ActionSpec spec{
      .name = "backup.choose",
      .summary = "Choose the backup to restore: the newest good one, one by name, or by time",
      .inputs = WithBackups(R"({
        "type": "object",
        "properties": {
          "which": {"type": "string", "minLength": 1, "default": "latest",
                    "description": "latest, a file name, or before:<RFC 3339 time>"},
          "exclude": {"type": "array", "items": {"type": "string"},
                      "description": "names that are not chosen"},
          "allow_unverified": {"type": "boolean", "default": false,
                               "description": "take also one that was never verified"}
        },
        "additionalProperties": false
      })"),
      .output = WithProperty(Schema(R"({
        "type": "object",
        "properties": {
          "path": {"type": "string"},
          "name": {"type": "string"},
          "verified": {"type": "boolean"},
          "taken_at": {"type": "string", "description": "RFC 3339"},
          "age_seconds": {"type": "integer"},
          "size": {"type": "integer"},
          "sha256": {"type": "string"},
          "passed_over": {"type": "array", "items": {"type": "string"},
                          "description": "newer ones that are not good, and why"},
          "denied": {"type": "string",
                     "description": "the newest verified one that the server may not read; empty: none. In the evidence of a failure, too"}
        },
        "required": ["path", "name", "verified", "taken_at", "age_seconds", "size", "sha256",
                     "passed_over", "denied"],
        "additionalProperties": false
      })"),
                             "tables", database::TablesSchema()),
      .repeat = RepeatClass::kReadOnly,
      .timeout = minutes(10),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& VerifySpec() {
  static const ActionSpec spec{
      .name = "backup.verify",
      .summary = "Check a backup in full, and write down in its manifest what came of it",
      .inputs = WithProperty(WithProperty(Schema(R"({
            "type": "object",
            "properties": {
              "backup": {"type": "string", "minLength": 1,
                         "description": "the backup's file, absolute"}
            },
            "required": ["backup"],
            "additionalProperties": false
          })"),
                                          "database", database::DatabaseSchema()),
                             "backups", database::BackupsSchema(), false),
      .output = WithProperty(Schema(R"({
        "type": "object",
        "properties": {
          "path": {"type": "string"},
          "name": {"type": "string"},
          "integrity": {"type": "string"},
          "sha256": {"type": "string"},
          "size": {"type": "integer"},
          "taken_at": {"type": "string", "description": "RFC 3339"},
          "verified_at": {"type": "string", "description": "RFC 3339"},
          "user_version": {"type": "integer"},
          "application_id": {"type": "integer"}
        },
        "required": ["path", "name", "integrity", "sha256", "size", "taken_at", "verified_at",
                     "user_version", "application_id"],
        "additionalProperties": false
      })"),
                             "tables", database::TablesSchema()),
      .repeat = RepeatClass::kIdempotent,
      .without_compensation = "none needed: it only writes down what it has found",
      .timeout = minutes(30),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& PruneSpec() {
  static const ActionSpec spec{
      .name = "backup.prune",
      .summary = "Remove backups past their retention, never below the good ones to keep",
      .inputs = WithBackups(R"({
        "type": "object",
        "properties": {
          "keep": {"type": "array", "items": {"type": "string"},
                   "description": "names that stay, however old"},
          "whatever_age": {"type": "boolean", "default": false,
            "description": "also when the newest good one is older than max_age: no refusal then"},
          "grace": {"type": "string", "default": "7d",
                    "description": "how long what is removed stays in .trash"},
          "permanently": {"type": "boolean", "default": false,
                          "description": "delete at once; cannot be undone"}
        },
        "additionalProperties": false
      })"),
      .output = Schema(R"({
        "type": "object",
        "properties": {
          "removed": {"type": "array", "items": {"type": "string"}, "description": "their names"},
          "removed_bytes": {"type": "integer"},
          "bytes_before": {"type": "integer", "description": "of all backups"},
          "bytes_after": {"type": "integer", "description": "of those kept"},
          "kept": {"type": "integer"},
          "verified": {"type": "integer", "description": "verified ones among those kept"},
          "newest_verified": {"type": "string"},
          "trash": {"type": "string", "description": "where they are now; empty: nowhere"},
          "freed_bytes": {"type": "integer", "description": "deleted, from the trash or at once"}
        },
        "required": ["removed", "removed_bytes", "bytes_before", "bytes_after", "kept", "verified", "newest_verified", "trash",
                     "freed_bytes"],
        "additionalProperties": false
      })"),
      .repeat = RepeatClass::kIdempotent,
      .has_plan = true,
      .without_compensation =
          "by hand: what is removed stays in .trash for its time of grace, if it has one",
      .timeout = minutes(30),
      .retry = kWhenBusy};
  return spec;
}

}  // namespace recourse::backup
