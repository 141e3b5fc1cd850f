#include "engine/definition/target_schema.h"

#include <string_view>

#include "engine/base/check.h"
#include "engine/base/json.h"
#include "engine/definition/checked_resources.h"
#include "engine/definition/resources.h"
#include "engine/definition/upkeep_resources.h"

namespace recourse::definition {
namespace {

constexpr std::string_view kTargetSchema = R"({
  "type": "object",
  "required": ["name"],
  "additionalProperties": false,
  "properties": {
    "name": {"type": "string", "minLength": 1},
    "summary": {"type": "string"},
    "escalation_policy": {"type": "string", "minLength": 1},
    "schema": {"type": "array", "items": {"type": "string", "minLength": 1}},
    "temporary_files": {"type": "array", "items": {"type": "string"}},
    "database": {
      "type": "object",
      "required": ["kind", "path"],
      "additionalProperties": false,
      "properties": {
        "kind": {"type": "string", "enum": ["sqlite"]},
        "path": {"type": "string"},
        "owner": {"type": "string", "minLength": 1},
        "group": {"type": "string", "minLength": 1},
        "mode": {"type": "string"},
        "tables": {
          "type": "array",
          "items": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": false,
            "properties": {
              "name": {"type": "string", "minLength": 1},
              "rows_min": {"type": "integer", "minimum": 0},
              "key": {"type": "array", "items": {"type": "string", "minLength": 1}},
              "timestamp": {"type": "string", "minLength": 1}
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
        "directory": {"type": "string"},
        "pattern": {"type": "string", "minLength": 1},
        "keep_days": {"type": "integer", "minimum": 1, "maximum": 100000},
        "keep_at_most": {"type": "integer", "minimum": 1, "maximum": 100000},
        "keep_at_least": {"type": "integer", "minimum": 1, "maximum": 100000},
        "max_age": {"type": "string"}
      }
    },
    "health": {
      "type": "object",
      "required": ["url"],
      "additionalProperties": false,
      "properties": {
        "url": {"type": "string", "minLength": 1},
        "method": {"type": "string", "enum": ["GET", "HEAD"]},
        "status": {"type": "integer", "minimum": 100, "maximum": 599},
        "json": {"type": "object"},
        "json_has": {"type": "array", "items": {"type": "string", "minLength": 1}},
        "body_contains": {"type": "string"},
        "latency_max": {"type": "string"},
        "successes": {"type": "integer", "minimum": 1, "maximum": 1000},
        "interval": {"type": "string"},
        "within": {"type": "string"},
        "request_timeout": {"type": "string"}
      }
    }
  }
})";

}  // namespace

const Value& TargetSchema() {
  static const Value schema = [] {
    auto parsed = ParseJson(kTargetSchema);
    RECOURSE_CHECK(parsed.ok());
    const Value services = Value::Object({{"type", "array"}, {"items", ServiceSchema()}});
    Value resources = (*parsed)["properties"]
                          .With("services", services)
                          .With("traffic", services)
                          .With("nginx", NginxSchema())
                          .With("page", (*parsed)["properties"]["health"])
                          .With("disk", DiskInputs())
                          .With("memory", MemoryInputs())
                          .With("cpu", CpuInputs())
                          .With("load", LoadInputs())
                          .With("connections", PortsInputs())
                          .With("logs", LogScanInputs())
                          .With("cache", CacheSchema())
                          .With("firewall", FirewallSchema())
                          .With("api", ApiSchema());
    for (const auto& [name, described] : UpkeepResources().as_map()) {
      resources = resources.With(name.as_string(), described);
    }
    return parsed->With("properties", resources);
  }();
  return schema;
}

}  // namespace recourse::definition
