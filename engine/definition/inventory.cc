// The inventory: what a target's file may hold, and what the loader adds to it.
#include "engine/base/json.h"
#include "engine/definition/members.h"
#include "engine/definition/names.h"
#include "engine/definition/schema.h"
#include "engine/definition/workflow.h"

namespace recourse::definition {
namespace {

// The resources of a target as docs/targets.md describes them.
constexpr std::string_view kTargetSchema = R"({
  "type": "object",
  "required": ["name"],
  "additionalProperties": false,
  "properties": {
    "name": {"type": "string", "minLength": 1},
    "summary": {"type": "string"},
    "database": {
      "type": "object",
      "required": ["kind", "path"],
      "additionalProperties": false,
      "properties": {
        "kind": {"type": "string", "enum": ["sqlite"]},
        "path": {"type": "string", "minLength": 1},
        "owner": {"type": "string", "minLength": 1},
        "group": {"type": "string", "minLength": 1},
        "mode": {"type": "string", "minLength": 3},
        "tables": {
          "type": "array",
          "items": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": false,
            "properties": {
              "name": {"type": "string", "minLength": 1},
              "rows_min": {"type": "integer", "minimum": 0}
            }
          }
        },
        "application_id": {"type": "integer"},
        "user_version": {"type": "integer"}
      }
    },
    "backups": {
      "type": "object",
      "required": ["directory", "pattern"],
      "additionalProperties": false,
      "properties": {
        "directory": {"type": "string", "minLength": 1},
        "pattern": {"type": "string", "minLength": 1},
        "keep_days": {"type": "integer", "minimum": 0},
        "keep_at_least": {"type": "integer", "minimum": 1},
        "max_age": {"type": "string", "minLength": 1},
        "database": {"type": "object"}
      }
    },
    "services": {
      "type": "array",
      "items": {
        "type": "object",
        "required": ["name", "kind", "pid_file", "command"],
        "additionalProperties": false,
        "properties": {
          "name": {"type": "string", "minLength": 1},
          "kind": {"type": "string", "enum": ["process"]},
          "pid_file": {"type": "string", "minLength": 1},
          "command": {"type": "array", "items": {"type": "string"}},
          "log": {"type": "string", "minLength": 1},
          "working_directory": {"type": "string", "minLength": 1},
          "settle": {"type": "string", "minLength": 1}
        }
      }
    },
    "health": {
      "type": "object",
      "required": ["url"],
      "properties": {"url": {"type": "string", "minLength": 1}}
    },
    "disk": {
      "type": "object",
      "required": ["path"],
      "properties": {"path": {"type": "string", "minLength": 1}}
    }
  }
})";

const Value& TargetSchema() {
  static const Value schema = [] {
    auto parsed = ParseJson(kTargetSchema);
    RECOURSE_CHECK(parsed.ok());
    return *parsed;
  }();
  return schema;
}

// Backups are checked with what is known of their database, unless they say something else.
Value WithDatabase(Value target) {
  const Value* database = target.Find("database");
  const Value* backups = target.Find("backups");
  if (database == nullptr || backups == nullptr || backups->Find("database") != nullptr) {
    return target;
  }
  return target.With("backups", backups->With("database", *database));
}

}  // namespace

const Value* Inventory::Find(std::string_view name) const {
  const auto found = targets_.find(name);
  return found == targets_.end() ? nullptr : &found->second;
}

std::vector<std::string> Inventory::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, target] : targets_) names.push_back(name);
  return names;
}

Result<void> Inventory::AddFile(std::string_view text, std::string_view file) {
  Loaded read;  // for its report
  Problems problems;
  const Node node = ReadYaml(text, problems);
  Value target = ToValue(node);
  if (problems.empty()) {
    for (const Misfit& misfit : FindMisfits(target, TargetSchema(), Strings::kAsTheyAre)) {
      problems.Add(PlaceIn(node, misfit.path, misfit.names_key),
                   JoinPath("", misfit.path) + (misfit.names_key ? " " : ": ") + misfit.message);
    }
  }
  if (problems.empty()) {
    (void)ReadName(node.Find("name")->value, "name", NameKind::kDashed, problems);
  }
  if (!problems.empty()) {
    read.problems = std::move(problems).Take();
    std::string report = read.Report(file);
    if (report.ends_with('\n')) report.pop_back();
    return InvalidArgument(std::move(report));
  }
  const std::string name = target["name"].as_string();
  if (!targets_.emplace(name, WithDatabase(std::move(target))).second) {
    return Error{Code::kAlreadyExists, std::string(file) + ": a target " + Quoted(name) +
                                           " is there already, from another file"};
  }
  return {};
}

}  // namespace recourse::definition
