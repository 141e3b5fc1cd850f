#include <sys/statvfs.h>

#include <cerrno>
#include <cstdio>

#include "actions/host/host.h"
#include "actions/inputs.h"
#include "engine/base/text.h"

namespace recourse {
namespace {

constexpr std::string_view kInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["path"],
  "properties": {
    "path": {"type": "string", "description": "a file or directory on the file system to look at"},
    "warn": {"type": "object", "additionalProperties": false,
      "description": "the level becomes \"warn\" when one of these is reached",
      "properties": {
        "used_percent": {"type": "number", "minimum": 0, "maximum": 100,
          "description": "at least this much is used"},
        "free_bytes": {"type": "integer", "minimum": 0, "description": "less than this is free"}
      }},
    "fail": {"type": "object", "additionalProperties": false,
      "description": "RESOURCE_EXHAUSTED when one of these is reached",
      "properties": {
        "used_percent": {"type": "number", "minimum": 0, "maximum": 100,
          "description": "at least this much is used"},
        "free_bytes": {"type": "integer", "minimum": 0, "description": "less than this is free"}
      }}
  }
})";

constexpr std::string_view kOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "path": {"type": "string"},
    "level": {"type": "string", "enum": ["ok", "warn", "fail"]},
    "reasons": {"type": "array", "items": {"type": "string"},
      "description": "the thresholds reached"},
    "total_bytes": {"type": "integer"},
    "free_bytes": {"type": "integer", "description": "what others than root can still write"},
    "used_percent": {"type": "number",
      "description": "of what others than root can use, as df shows it"},
    "inodes_free": {"type": "integer"},
    "inodes_used_percent": {"type": "number"}
  }
})";

struct Usage {
  std::int64_t total = 0;
  std::int64_t free = 0;
  double used_percent = 0;
  std::int64_t inodes_free = 0;
  double inodes_used_percent = 0;
};

double Percent(std::uint64_t used, std::uint64_t available) {
  const double all = static_cast<double>(used) + static_cast<double>(available);
  return all == 0 ? 0 : 100 * static_cast<double>(used) / all;
}

Result<Usage> Measure(const std::string& path) {
  struct statvfs info;
  while (statvfs(path.c_str(), &info) != 0) {
    if (errno != EINTR) return ErrnoError(errno, "measure the file system of " + path);
  }
  Usage usage;
  usage.total = static_cast<std::int64_t>(info.f_blocks * info.f_frsize);
  usage.free = static_cast<std::int64_t>(info.f_bavail * info.f_frsize);
  usage.used_percent = Percent(info.f_blocks - info.f_bfree, info.f_bavail);
  usage.inodes_free = static_cast<std::int64_t>(info.f_favail);
  usage.inodes_used_percent = Percent(info.f_files - info.f_ffree, info.f_favail);
  return usage;
}

std::string Rounded(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", number);
  return text;
}

double ToDouble(const Value& number) {
  if (number.is_int()) return static_cast<double>(number.as_int());
  if (number.is_uint()) return static_cast<double>(number.as_uint());
  return number.as_double();
}

// The thresholds that the measured usage has reached.
Value::List Reached(const Usage& usage, const Value& thresholds) {
  Value::List reasons;
  if (const Value& percent = thresholds["used_percent"];
      IsNumber(percent) && usage.used_percent >= ToDouble(percent)) {
    reasons.push_back(Rounded(usage.used_percent) + " % is used; the threshold is " +
                      Rounded(ToDouble(percent)) + " %");
  }
  if (const std::int64_t free = thresholds.IntOr("free_bytes", 0); usage.free < free) {
    reasons.push_back(HumanBytes(usage.free) + " are free; the threshold is " + HumanBytes(free));
  }
  return reasons;
}

class Disk final : public Action {
 public:
  Disk() {
    spec_.name = "host.disk";
    spec_.summary = "Measure a file system's free space and compare it with thresholds";
    spec_.inputs = Schema(kInputs);
    spec_.output = Schema(kOutput);
    spec_.repeat = RepeatClass::kReadOnly;
    spec_.timeout = std::chrono::seconds(30);
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    const std::string path = context.inputs.StringOr("path", "");
    if (auto allowed = context.policy.AllowPath(path); !allowed) return std::move(allowed).error();
    const auto usage = Measure(path);
    if (!usage) return usage.error();
    const Value::List failed = Reached(*usage, context.inputs["fail"]);
    const Value::List warned = Reached(*usage, context.inputs["warn"]);
    const Value measured = Value::Object({{"path", path},
                                          {"level", !failed.empty()   ? "fail"
                                                    : !warned.empty() ? "warn"
                                                                      : "ok"},
                                          {"reasons", !failed.empty() ? failed : warned},
                                          {"total_bytes", usage->total},
                                          {"free_bytes", usage->free},
                                          {"used_percent", usage->used_percent},
                                          {"inodes_free", usage->inodes_free},
                                          {"inodes_used_percent", usage->inodes_used_percent}});
    if (failed.empty()) return measured;
    return Failure{{Code::kResourceExhausted,
                    "the file system of " + path + " is too full: " + failed.front().as_string()},
                   measured,
                   LeftBehind::kNothing};
  }

 private:
  ActionSpec spec_;
};

}  // namespace

void AddHostActions(Registry& registry) { registry.Add(std::make_unique<Disk>()); }

}  // namespace recourse
