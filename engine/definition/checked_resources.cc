#include "engine/definition/checked_resources.h"

#include <string>

#include "engine/base/check.h"
#include "engine/base/json.h"

namespace recourse {
namespace {

constexpr std::string_view kExhausted = "RESOURCE_EXHAUSTED when one of these is reached";

Value Parsed(std::string_view json) {
  auto parsed = ParseJson(json);
  RECOURSE_CHECK(parsed.ok());
  return *std::move(parsed);
}

Value LimitsSchema(const Value& limits, std::string_view description) {
  Value schema =
      Value::Object({{"type", "object"}, {"description", description}, {"properties", limits}});
  return schema.With("additionalProperties", false);
}

Value WithoutMember(const Value& schema, std::string_view name) {
  Value::Map members = schema["properties"].as_map();
  members.erase(Value(name));
  return schema.With("properties", std::move(members));
}

}  // namespace

Value WithThresholds(std::string_view inputs, std::string_view limits, std::string_view on_fail) {
  const Value schema = Parsed(inputs);
  const Value members = Parsed(limits);
  return schema.With(
      "properties",
      schema["properties"]
          .With("warn", LimitsSchema(members, "the level becomes \"warn\" when one is reached"))
          .With("fail", LimitsSchema(members, on_fail)));
}

Value WithLevel(std::string_view output) {
  const Value schema = Parsed(output);
  return schema.With("properties", schema["properties"]
                                       .With("level", Parsed(R"({"type": "string",
                                          "enum": ["ok", "warn", "fail"]})"))
                                       .With("reasons", Parsed(R"({"type": "array",
                                          "items": {"type": "string"},
                                          "description": "the thresholds reached"})")));
}

const Value& DiskInputs() {
  static const Value schema = WithThresholds(
      R"({
        "type": "object", "additionalProperties": false, "required": ["path"],
        "properties": {
          "path": {"type": "string", "description": "something on the file system to look at"}
        }
      })",
      R"({
        "used_percent": {"type": "number", "minimum": 0, "maximum": 100,
          "description": "at least this much is used"},
        "free_bytes": {"type": "integer", "minimum": 0, "description": "less than this is free"}
      })",
      kExhausted);
  return schema;
}

const Value& MemoryInputs() {
  static const Value schema =
      WithThresholds(R"({"type": "object", "additionalProperties": false, "properties": {}})",
                     R"({
        "used_percent": {"type": "number", "minimum": 0, "maximum": 100,
          "description": "at least this much is not available to programs"},
        "available_bytes": {"type": "integer", "minimum": 0,
          "description": "less than this is available"},
        "swap_used_percent": {"type": "number", "minimum": 0, "maximum": 100,
          "description": "at least this much of the swap space is used"}
      })",
                     kExhausted);
  return schema;
}

const Value& CpuInputs() {
  static const Value schema = WithThresholds(
      R"({
        "type": "object", "additionalProperties": false,
        "properties": {
          "over": {"type": "string", "default": "2s",
            "description": "how long it is measured, 100ms to 1h"}
        }
      })",
      R"({
        "used_percent": {"type": "number", "minimum": 0, "maximum": 100,
          "description": "all cores together were busy for at least this much of the time"},
        "iowait_percent": {"type": "number", "minimum": 0, "maximum": 100,
          "description": "idle, while something waited for a disk"},
        "steal_percent": {"type": "number", "minimum": 0, "maximum": 100,
          "description": "taken by other machines of the same host"}
      })",
      kExhausted);
  return schema;
}

const Value& LoadInputs() {
  static const Value schema =
      WithThresholds(R"({"type": "object", "additionalProperties": false, "properties": {}})",
                     R"({
        "load_1m": {"type": "number", "minimum": 0, "description": "at least, like all of these"},
        "load_5m": {"type": "number", "minimum": 0},
        "load_15m": {"type": "number", "minimum": 0},
        "per_core_1m": {"type": "number", "minimum": 0,
          "description": "divided by the number of cores"},
        "per_core_5m": {"type": "number", "minimum": 0},
        "per_core_15m": {"type": "number", "minimum": 0}
      })",
                     kExhausted);
  return schema;
}

const Value& PortsInputs() {
  static const Value schema = WithThresholds(
      R"({
        "type": "object", "additionalProperties": false,
        "properties": {
          "port": {"type": "integer", "minimum": 1, "maximum": 65535,
            "description": "of TCP; without it, all of them"},
          "listening": {"type": "boolean",
            "description": "true: UNAVAILABLE when nobody listens; false: FAILED_PRECONDITION when somebody does"}
        }
      })",
      R"({
        "connections": {"type": "integer", "minimum": 0,
          "description": "at least so many are established to the port"}
      })",
      kExhausted);
  return schema;
}

const Value& LogScanInputs() {
  static const Value schema = [] {
    const Value inputs = Parsed(R"({
      "type": "object", "additionalProperties": false, "required": ["paths"],
      "properties": {
        "paths": {"type": "array", "items": {"type": "string", "minLength": 1},
          "description": "files, or patterns of names as the shell has them; .gz is read too"},
        "patterns": {"type": "object",
          "additionalProperties": {"type": "string", "minLength": 1},
          "description": "what to count: a name and a regular expression (RE2) each"},
        "ignore": {"type": "array", "items": {"type": "string", "minLength": 1},
          "description": "lines that match one of these count as if they were not there"},
        "since": {"type": "string",
          "description": "only lines from then on: \"24h\", or a time such as 2026-11-21T03:00:00Z"},
        "lines": {"type": "integer", "minimum": 0, "maximum": 1000000, "default": 0,
          "description": "only the last so many; 0: all"},
        "top": {"type": "integer", "minimum": 0, "maximum": 50, "default": 5,
          "description": "how many of the most frequent messages to tell, by pattern"},
        "utc_offset": {"type": "string", "default": "+00:00",
          "description": "of times in the log that say none: \"+02:00\""},
        "bytes_max": {"type": "integer", "minimum": 1, "maximum": 1073741824, "default": 67108864,
          "description": "how much to read, the newest first"},
        "missing_ok": {"type": "boolean", "default": false,
          "description": "no file at all is no error"}
      }
    })");
    const Value counts = Parsed(R"({"type": "object",
      "description": "by the pattern's name: at least so many lines match",
      "additionalProperties": {"type": "integer", "minimum": 1}})");
    return inputs.With("properties",
                       inputs["properties"].With("warn", counts).With("fail", counts));
  }();
  return schema;
}

const Value& CacheSchema() {
  static const Value schema = Parsed(R"({
    "type": "object", "additionalProperties": false, "required": ["kind"],
    "properties": {
      "kind": {"type": "string", "enum": ["redis"]},
      "host": {"type": "string", "minLength": 1, "default": "127.0.0.1"},
      "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 6379},
      "socket": {"type": "string", "description": "instead of host and port"},
      "database": {"type": "integer", "minimum": 0, "maximum": 1000000, "default": 0},
      "username": {"type": "string", "minLength": 1},
      "password_file": {"type": "string", "description": "a file that holds the password"},
      "prefix": {"type": "string", "minLength": 1,
        "description": "what the application's own keys begin with"},
      "connect_timeout": {"type": "string", "default": "2s"},
      "timeout": {"type": "string", "default": "5s", "description": "for one command"}
    }
  })");
  return schema;
}

const Value& FirewallSchema() {
  static const Value schema = Parsed(R"({
    "type": "object", "additionalProperties": false,
    "properties": {
      "never_block": {"type": "array", "items": {"type": "string", "minLength": 1},
        "description": "addresses and networks that are never blocked: \"10.0.0.0/8\""},
      "timeout": {"type": "string", "description": "how long an address stays blocked"}
    }
  })");
  return schema;
}

const Value& AuthSchema() {
  static const Value schema = Parsed(R"({
    "type": "object", "additionalProperties": false,
    "properties": {
      "bearer": {"type": "string", "minLength": 1, "description": "a token"},
      "bearer_file": {"type": "string", "description": "a file that holds the token"},
      "basic": {
        "type": "object", "additionalProperties": false, "required": ["username"],
        "properties": {
          "username": {"type": "string", "minLength": 1},
          "password": {"type": "string", "minLength": 1},
          "password_file": {"type": "string", "description": "a file that holds the password"}
        }
      },
      "login": {
        "type": "object", "additionalProperties": false,
        "description": "a request that is answered with a token, which stays within the action",
        "properties": {
          "url": {"type": "string", "minLength": 1},
          "path": {"type": "string", "minLength": 1, "description": "instead of url: of the api"},
          "json": {"type": "object", "additionalProperties": {}},
          "password_file": {"type": "string", "description": "a file that holds the password"},
          "password_member": {"type": "string", "minLength": 1, "default": "password",
            "description": "of json, that gets the password of password_file"},
          "token_member": {"type": "string", "minLength": 1, "default": "token",
            "description": "where the token stands in the answer: \"data.token\""}
        }
      }
    }
  })");
  return schema;
}

const Value& ApiSchema() {
  static const Value schema = [] {
    const Value api = Parsed(R"({
      "type": "object", "additionalProperties": false, "required": ["url"],
      "properties": {
        "url": {"type": "string", "minLength": 1, "description": "what the paths are put after"},
        "ca_file": {"type": "string",
          "description": "the authorities that its certificate is checked by; default: the system's"},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}}
      }
    })");
    // A target goes into the journal: its secrets stand in files.
    const Value auth = WithoutMember(AuthSchema(), "bearer");
    const Value basic = WithoutMember(auth["properties"]["basic"], "password");
    const Value in_files = auth.With("properties", auth["properties"].With("basic", basic));
    return api.With("properties", api["properties"].With("auth", in_files));
  }();
  return schema;
}

}  // namespace recourse
