// The specs of the actions that read what a database holds.
#include "actions/database/specs.h"
#include "actions/inputs.h"

namespace recourse::database {
namespace {

using std::chrono::minutes;

Value SizeThresholds(std::string_view description) {
  return Schema(R"({
    "type": "object",
    "properties": {
      "bytes": {"type": "integer", "minimum": 0, "description": "the file has at least so many"},
      "wal_bytes": {"type": "integer", "minimum": 0,
                    "description": "its write-ahead log has at least so many"},
      "freelist_percent": {"type": "number", "minimum": 0, "maximum": 100,
                           "description": "at least this much of the file is free pages"}
    },
    "additionalProperties": false
  })")
      .With("description", description);
}

}  // namespace

Value FilterSchema() {
  return Schema(R"({
    "type": "array",
    "description": "conditions, all of which must hold; without any, every row is meant",
    "items": {
      "type": "object",
      "properties": {
        "column": {"type": "string", "minLength": 1},
        "op": {"type": "string",
               "enum": ["=", "!=", "<", "<=", ">", ">=", "like", "in", "is_null", "is_not_null"]},
        "value": {"description": "a number, text or null; with in, a list of them"}
      },
      "required": ["column", "op"],
      "additionalProperties": false
    }
  })");
}

const ActionSpec& SizeSpec() {
  static const ActionSpec spec{
      .name = "database.size",
      .summary = "Measure a database, its log and its tables, and compare with thresholds",
      .inputs = WithProperty(
          WithProperty(WithDatabase(R"({"type": "object", "additionalProperties": false})"), "warn",
                       SizeThresholds("the level becomes \"warn\" at one of these"), false),
          "fail", SizeThresholds("RESOURCE_EXHAUSTED at one of these"), false),
      .output = Schema(R"({
        "type": "object",
        "properties": {
          "path": {"type": "string"},
          "level": {"type": "string", "enum": ["ok", "warn", "fail"]},
          "reasons": {"type": "array", "items": {"type": "string"},
                      "description": "the thresholds reached"},
          "bytes": {"type": "integer", "description": "of the file"},
          "wal_bytes": {"type": "integer", "description": "of its write-ahead log"},
          "total_bytes": {"type": "integer"},
          "page_size": {"type": "integer"},
          "page_count": {"type": "integer"},
          "freelist_pages": {"type": "integer"},
          "freelist_bytes": {"type": "integer", "description": "what a vacuum gives back at least"},
          "freelist_percent": {"type": "number"},
          "journal_mode": {"type": "string", "enum": ["wal", "delete"]},
          "tables": {
            "type": "array",
            "description": "largest first",
            "items": {
              "type": "object",
              "properties": {
                "name": {"type": "string"},
                "bytes": {"type": "integer", "description": "pages of the table itself"},
                "unused_bytes": {"type": "integer", "description": "inside those pages"},
                "index_bytes": {"type": "integer", "description": "pages of its indexes"}
              },
              "required": ["name", "bytes", "unused_bytes", "index_bytes"],
              "additionalProperties": false
            }
          }
        },
        "required": ["path", "level", "reasons", "bytes", "wal_bytes", "total_bytes", "page_size",
                     "page_count", "freelist_pages", "freelist_bytes", "freelist_percent",
                     "journal_mode", "tables"],
        "additionalProperties": false
      })"),
      .repeat = RepeatClass::kReadOnly,
      .timeout = minutes(10),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& QuerySpec() {
  static const ActionSpec spec{
      .name = "database.query",
      .summary = "Ask a database by one SQL statement that changes nothing, within limits",
      .inputs = WithDatabase(R"({
        "type": "object",
        "properties": {
          "sql": {"type": "string", "minLength": 1, "description": "one statement"},
          "parameters": {"type": "array", "items": {},
                         "description": "the values of ?1, ?2, ... in it"},
          "plan": {"type": "boolean", "default": false,
                   "description": "answer how it would be done (EXPLAIN QUERY PLAN), not its rows"},
          "time_limit": {"type": "string", "default": "10s",
                         "description": "DEADLINE_EXCEEDED when it takes longer"},
          "rows_max": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 1000},
          "bytes_max": {"type": "integer", "minimum": 1, "maximum": 1048576, "default": 65536,
                        "description": "of names and values, as text"}
        },
        "required": ["sql"],
        "additionalProperties": false
      })"),
      .output = Schema(R"({
        "type": "object",
        "properties": {
          "columns": {"type": "array", "items": {"type": "string"}},
          "rows": {"type": "array", "items": {"type": "object", "additionalProperties": {}},
            "description": "values by column; blobs, and texts that are not UTF-8, as X'00FF'"},
          "row_count": {"type": "integer"},
          "truncated": {"type": "boolean", "description": "there are more rows"},
          "truncated_by": {"type": "string", "enum": ["", "rows", "bytes"]},
          "plan": {"type": "array", "items": {"type": "string"},
                   "description": "with plan: SQLite's steps, indented"},
          "duration_ms": {"type": "integer"}
        },
        "required": ["columns", "rows", "row_count", "truncated", "truncated_by", "plan",
                     "duration_ms"],
        "additionalProperties": false
      })"),
      .repeat = RepeatClass::kReadOnly,
      .timeout = minutes(5),
      .retry = kWhenBusy};
  return spec;
}

const ActionSpec& ExportRowsSpec() {
  static const ActionSpec spec{
      .name = "database.export_rows",
      .summary = "Write rows of a database or of a backup of it into a new CSV file",
      .inputs = WithProperty(WithDatabase(R"({
        "type": "object",
        "properties": {
          "backup": {"type": "string", "minLength": 1,
                     "description": "a verified backup, absolute: its rows, not the live ones"},
          "table": {"type": "string", "minLength": 1, "description": "a table or view"},
          "columns": {"type": "array", "items": {"type": "string"},
                      "description": "in this order; default: all"},
          "order_by": {"type": "array", "items": {"type": "string"}, "description": "columns"},
          "to": {"type": "string", "minLength": 1,
                 "description": "the file, absolute; it must not be there"},
          "mode": {"type": "string", "default": "0640",
                   "description": "permissions of the file, octal"},
          "header": {"type": "boolean", "default": true,
                     "description": "the first line names the columns"},
          "blobs": {"type": "string", "enum": ["refuse", "hex"], "default": "refuse",
                    "description": "what becomes of values that are no text"}
        },
        "required": ["table", "to"],
        "additionalProperties": false
      })"),
                             "filter", FilterSchema(), false),
      .output = Schema(R"({
        "type": "object",
        "properties": {
          "path": {"type": "string"},
          "source": {"type": "string"},
          "table": {"type": "string"},
          "columns": {"type": "array", "items": {"type": "string"}},
          "rows": {"type": "integer"},
          "bytes": {"type": "integer"},
          "sha256": {"type": "string"}
        },
        "required": ["path", "source", "table", "columns", "rows", "bytes", "sha256"],
        "additionalProperties": false
      })"),
      .repeat = RepeatClass::kIdempotent,
      .has_plan = true,
      .without_compensation = "none needed: it only adds a file",
      .timeout = minutes(30),
      .retry = kWhenBusy};
  return spec;
}

}  // namespace recourse::database
