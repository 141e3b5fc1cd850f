#include "actions/backup/specs.h"

#include "actions/database/specs.h"
#include "actions/inputs.h"

namespace recourse::backup {
namespace {

using database::WithProperty;
using std::chrono::minutes;
using std::chrono::seconds;

Value WithBackups(std::string_view json) {
  return WithProperty(Schema(json), "backups", database::BackupsSchema());
}

const RetryPolicy kWhenBusy{.attempts = 3, .delay = seconds(2)};

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

}  // namespace

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
          "sha256": {"type": "string"}
        },
        "required": ["path", "name", "verified", "taken_at", "age_seconds", "size", "sha256"],
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
          "kept": {"type": "integer"},
          "verified": {"type": "integer", "description": "verified ones among those kept"},
          "newest_verified": {"type": "string"},
          "trash": {"type": "string", "description": "where they are now; empty: nowhere"},
          "freed_bytes": {"type": "integer", "description": "deleted, from the trash or at once"}
        },
        "required": ["removed", "removed_bytes", "kept", "verified", "newest_verified", "trash",
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
