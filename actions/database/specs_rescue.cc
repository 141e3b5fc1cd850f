// The specs of the actions that make a new database file out of others.
#include "actions/database/specs.h"
#include "actions/inputs.h"

namespace recourse::database {

using std::chrono::minutes;

const ActionSpec& MergeSpec() {
  static const ActionSpec spec{
      .name = "database.merge",
      .summary = "Merge backups of one schema into a new file: the newest row of a key wins",
      .inputs = WithDatabase(R"({
        "type": "object",
        "properties": {
          "sources": {"type": "array", "items": {"type": "string"},
                      "description": "files, absolute, in order of precedence: newest first"},
          "to": {"type": "string", "minLength": 1,
                 "description": "the file, absolute; it must not be there"},
          "tables": {
            "type": "array",
            "description": "those whose rows have a key, beside or instead of the target's",
            "items": {
              "type": "object",
              "properties": {
                "name": {"type": "string", "minLength": 1},
                "key": {"type": "array", "items": {"type": "string"},
                        "description": "the columns by which two rows are the same thing"},
                "timestamp": {"type": "string",
                  "description": "the column whose greater value wins; else the earlier source"}
              },
              "required": ["name", "key"],
              "additionalProperties": false
            }
          },
          "keyless": {"type": "string", "enum": ["distinct", "fail"], "default": "distinct",
            "description": "a table without any key: every distinct row is taken, or it is refused"},
          "on_conflict": {"type": "string", "enum": ["report", "fail"], "default": "report",
            "description": "what becomes of rows of which none can be said to be the right one"}
        },
        "required": ["sources", "to"],
        "additionalProperties": false
      })"),
      .output = WithProperty(Schema(R"({
        "type": "object",
        "properties": {
          "path": {"type": "string"},
          "bytes": {"type": "integer"},
          "sha256": {"type": "string"},
          "by_source": {
            "type": "array",
            "items": {
              "type": "object",
              "properties": {
                "path": {"type": "string"},
                "read": {"type": "integer"},
                "added": {"type": "integer", "description": "rows that no earlier source had"},
                "replaced": {"type": "integer", "description": "newer than that of an earlier one"},
                "duplicates": {"type": "integer", "description": "the same in an earlier source"},
                "superseded": {"type": "integer", "description": "older than that of another"},
                "conflicts": {"type": "integer", "description": "left out, and reported"}
              },
              "required": ["path", "read", "added", "replaced", "duplicates", "superseded",
                           "conflicts"],
              "additionalProperties": false
            }
          },
          "conflicts": {"type": "integer"},
          "conflict_examples": {"type": "array", "items": {"type": "string"}},
          "integrity": {"type": "string"},
          "schema_sha256": {"type": "string"},
          "foreign_key_violations": {"type": "integer",
                                     "description": "rows that refer to rows that are not there"},
          "notes": {"type": "array", "items": {"type": "string"},
                    "description": "what the check has seen that is no damage"}
        },
        "required": ["path", "bytes", "sha256", "by_source", "conflicts", "conflict_examples",
                     "integrity", "schema_sha256", "foreign_key_violations", "notes"],
        "additionalProperties": false
      })"),
                             "tables", TablesSchema()),
      .repeat = RepeatClass::kIdempotent,
      .has_plan = true,
      .without_compensation = "none needed: it only adds a file",
      .timeout = minutes(60),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& SalvageSpec() {
  static const ActionSpec spec{
      .name = "database.salvage",
      .summary = "Read what can be read of a damaged database into a new file",
      .inputs = WithDatabase(R"({
        "type": "object",
        "properties": {
          "to": {"type": "string", "minLength": 1,
                 "description": "the file, absolute; it must not be there"},
          "schema_from": {"type": "string", "minLength": 1,
            "description": "a backup, absolute, for when the schema itself cannot be read"},
          "scratch": {"type": "string", "minLength": 1,
                      "description": "a directory for the private copy; default: that of `to`"}
        },
        "required": ["to"],
        "additionalProperties": false
      })"),
      .output = WithProperty(Schema(R"({
        "type": "object",
        "properties": {
          "path": {"type": "string"},
          "bytes": {"type": "integer"},
          "sha256": {"type": "string"},
          "rows": {"type": "integer", "description": "of all tables"},
          "lost_and_found": {"type": "integer",
                             "description": "rows that belong to no known table"},
          "pages": {"type": "integer", "description": "of the damaged database"},
          "lost_pages": {"type": "integer", "description": "that could not be understood"},
          "schema_source": {"type": "string", "enum": ["file", "backup", "none"]},
          "missing_objects": {"type": "array", "items": {"type": "string"},
                              "description": "what of the schema could not be made, and why"},
          "foreign_key_violations": {"type": "integer",
                                     "description": "rows that refer to rows that are not there"},
          "notes": {"type": "array", "items": {"type": "string"}},
          "manifest": {"type": "string", "description": "it says suspect, and salvaged"}
        },
        "required": ["path", "bytes", "sha256", "rows", "lost_and_found", "pages", "lost_pages",
                     "schema_source", "missing_objects", "foreign_key_violations", "notes",
                     "manifest"],
        "additionalProperties": false
      })"),
                             "tables", TablesSchema()),
      .repeat = RepeatClass::kIdempotent,
      .has_plan = true,
      .without_compensation = "none needed: it only adds files, and reads the damaged ones",
      .timeout = minutes(60),
      .retry = kWhenBusy};
  return spec;
}

}  // namespace recourse::database
