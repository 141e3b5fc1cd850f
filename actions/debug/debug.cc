#include "actions/debug/debug.h"

#include <charconv>

#include "actions/debug/append.h"
#include "actions/inputs.h"
#include "actions/stop_event.h"

namespace recourse {
namespace {

class Echo final : public Action {
 public:
  Echo() {
    spec_.name = "debug.echo";
    spec_.summary = "Answer the input value";
    spec_.inputs = Schema(R"({
      "type": "object", "additionalProperties": false,
      "properties": {
        "value": {"description": "any value"},
        "delay": {"type": "string", "description": "wait this long before the answer, such as 2s"}
      }
    })");
    spec_.output = Schema(R"({
      "type": "object", "additionalProperties": false,
      "properties": {"value": {"description": "the input value"}}
    })");
    spec_.repeat = RepeatClass::kIdempotent;
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    const auto delay = DurationInput(context.inputs, "delay", {});
    if (!delay) return delay.error();
    if (delay->count() > 0 && !StopEvent(context).WaitFor(*delay)) return context.StopError();
    return Value::Object({{"value", context.inputs["value"]}});
  }

 private:
  ActionSpec spec_;
};

// The attempt's number: the last part of its key "R-1042/restore/2".
std::int64_t AttemptOf(const std::string& key) {
  std::int64_t number = 1;
  const auto slash = key.rfind('/');
  if (slash != std::string::npos) {
    std::from_chars(key.data() + slash + 1, key.data() + key.size(), number);
  }
  return number;
}

class Fail final : public Action {
 public:
  Fail() {
    spec_.name = "debug.fail";
    spec_.summary = "Fail with a given code, always or a number of times";
    spec_.inputs = Schema(R"({
      "type": "object", "additionalProperties": false,
      "properties": {
        "code": {"type": "string", "default": "INTERNAL",
          "description": "the error code, such as UNAVAILABLE",
          "enum": ["CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
                   "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
                   "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL",
                   "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"]},
        "message": {"type": "string", "default": "failed as it was told to"},
        "left_behind": {"type": "string", "enum": ["nothing", "partial", "unknown"],
          "default": "nothing"},
        "times": {"type": "integer", "minimum": 0,
          "description": "attempts up to this number fail, later ones succeed; all fail without it"}
      }
    })");
    spec_.output = Schema(R"({
      "type": "object", "additionalProperties": false,
      "properties": {"attempt": {"type": "integer",
        "description": "the number of the attempt that succeeded"}}
    })");
    spec_.repeat = RepeatClass::kIdempotent;
    spec_.can_compensate = true;  // so that `left_behind: partial` can be tried
  }

  const ActionSpec& Spec() const override { return spec_; }

  Outcome Apply(const Context& context) const override {
    const std::int64_t attempt = AttemptOf(context.key);
    if (attempt > context.inputs.IntOr("times", INT64_MAX)) {
      return Value::Object({{"attempt", attempt}});
    }
    const auto code = CodeFromString(context.inputs.StringOr("code", "INTERNAL"));
    if (!code) return InvalidArgument("code: there is no such error code");
    const std::string left = context.inputs.StringOr("left_behind", "nothing");
    return Failure{{*code, context.inputs.StringOr("message", "failed as it was told to")},
                   Value::Object({{"attempt", attempt}}),
                   left == "partial"   ? LeftBehind::kPartial
                   : left == "unknown" ? LeftBehind::kUnknown
                                       : LeftBehind::kNothing};
  }

 private:
  ActionSpec spec_;
};

}  // namespace

void AddDebugActions(Registry& registry) {
  registry.Add(std::make_unique<Echo>());
  registry.Add(std::make_unique<Fail>());
  registry.Add(MakeDebugAppend());
}

}  // namespace recourse
