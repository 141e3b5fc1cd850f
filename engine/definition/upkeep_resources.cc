#include "engine/definition/upkeep_resources.h"

#include <string>

#include "engine/base/check.h"
#include "engine/base/json.h"

namespace recourse::definition {
namespace {

constexpr const char* kTexts = R"({"type": "array", "items": {"type": "string", "minLength": 1}})";

// What a target says of a program, for process.run and process.script.
constexpr const char* kProgram = R"(
  "environment": {"type": "object", "additionalProperties": {"type": "string"}},
  "working_directory": {"type": "string"},
  "exit_codes": {"type": "object", "additionalProperties": {"type": "string"}},
  "failure_leaves": {"type": "string", "enum": ["nothing", "partial", "unknown"]})";

std::string Object(const std::string& required, const std::string& members) {
  return R"({"type": "object", "additionalProperties": false, "required": [)" + required +
         R"(], "properties": {)" + members + "}}";
}

std::string Command() {
  return Object(R"("arguments")", R"("arguments": )" + std::string(kTexts) + "," + kProgram);
}

std::string Script() {
  const std::string texts = kTexts;
  std::string phases;
  for (const char* phase : {"plan", "prepare", "apply", "verify", "probe", "compensate"}) {
    phases += std::string(phases.empty() ? "" : ", ") + "\"" + phase + "\": " + texts;
  }
  return Object(R"("program")", R"("program": {"type": "string", "minLength": 1}, "arguments": )" +
                                    texts + R"(, "phases": )" + Object(R"("apply")", phases) +
                                    R"(, "probe_codes": {"type": "object",
                          "additionalProperties": {"type": "string"}},
                         "inputs": {"type": "object"}, )" +
                                    kProgram);
}

std::string Archive() {
  const std::string texts = kTexts;
  return Object(R"("from", "paths", "to", "keep_days")",
                R"("from": {"type": "string"}, "paths": )" + texts + R"(, "exclude": )" + texts +
                    R"(, "to": {"type": "string"},
                       "keep_days": {"type": "integer", "minimum": 1, "maximum": 100000})");
}

std::string Evidence() {
  const std::string texts = kTexts;
  return Object(R"("paths", "directory")",
                R"("paths": )" + texts + R"(, "directory": {"type": "string"},
                   "commands": {"type": "array", "items": )" +
                    Object(R"("name", "arguments")",
                           R"("name": {"type": "string", "minLength": 1}, "arguments": )" + texts) +
                    "}");
}

std::string LogRotation() {
  const std::string texts = kTexts;
  return Object(R"("paths")", R"("paths": )" + texts + R"(, "others": )" + texts +
                                  R"(, "min_bytes": {"type": "integer", "minimum": 0},
                       "compress": {"type": "boolean"},
                       "keep_days": {"type": "integer", "minimum": 0, "maximum": 100000},
                       "keep_files": {"type": "integer", "minimum": 1},
                       "reopen": )" +
                                  Object(R"("pid_file")", R"("pid_file": {"type": "string"},
                             "signal": {"type": "string", "enum": ["HUP", "USR1", "USR2"]})") +
                                  R"(, "grace": {"type": "string"})");
}

}  // namespace

const Value& UpkeepResources() {
  static const Value resources = [] {
    const std::string text = R"({"type": "string", "minLength": 1})";
    auto parsed = ParseJson(
        R"({"window": )" +
        Object(R"("cron", "duration")", R"("cron": )" + text + R"(, "time_zone": )" + text +
                                            R"(, "duration": {"type": "string"})") +
        R"(, "application_backups": )" +
        Object(R"("directory", "pattern")", R"("directory": )" + text + R"(, "pattern": )" + text) +
        R"(, "releases": )" +
        Object(R"("link", "previous")", R"("link": )" + text + R"(, "previous": )" + text) +
        R"(, "update": )" + Script() + R"(, "packages": )" +
        Object(R"("list", "apply")", R"("list": )" + Command() + R"(, "apply": )" + Script() +
                                         R"(, "scan": )" + Command()) +
        R"(, "scripts": {"type": "object", "additionalProperties": )" + Script() +
        R"(}, "archives": {"type": "object", "additionalProperties": )" + Archive() +
        R"(}, "caching": )" +
        Object(R"("configuration", "off")", R"("configuration": )" + text + R"(, "off": )" + text +
                                                R"(, "read_at_start": {"type": "boolean"})") +
        R"(, "evidence": )" + Evidence() + R"(, "log_rotation": )" + LogRotation() + "}");
    RECOURSE_CHECK(parsed.ok());
    return *std::move(parsed);
  }();
  return resources;
}

}  // namespace recourse::definition
