#include "actions/inputs.h"
#include "actions/process/child.h"
#include "actions/process/ending.h"
#include "actions/process/process.h"
#include "actions/process/script.h"
#include "engine/base/fail_point.h"
#include "engine/base/json.h"

namespace recourse {
namespace {

constexpr std::string_view kInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["arguments"],
  "properties": {
    "arguments": {"type": "array", "items": {"type": "string"},
      "description": "program (path, or name in /usr/bin or its like) and arguments; no shell"},
    "environment": {"type": "object", "additionalProperties": {"type": "string"},
      "description": "all of the program's environment: nothing is inherited"},
    "working_directory": {"type": "string", "default": "/"},
    "exit_codes": {"type": "object", "additionalProperties": {"type": "string"},
      "description": "error codes by exit code: {\"75\": UNAVAILABLE}; others but 0 are INTERNAL"},
    "failure_leaves": {"type": "string", "enum": ["nothing", "partial", "unknown"],
      "default": "unknown",
      "description": "what the program has left behind when it exits with another code than 0"},
    "json": {"type": "boolean", "default": false,
      "description": "standard output is one JSON value, which becomes the output's member json"}
  }
})";

constexpr std::string_view kOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "exit_code": {"type": "integer"},
    "output": {"type": "string", "description": "standard output, at most 64 KiB of it"},
    "output_bytes": {"type": "integer", "description": "all that was written there"},
    "errors": {"type": "string", "description": "standard error, at most 64 KiB of it"},
    "errors_bytes": {"type": "integer"},
    "json": {"description": "standard output as a value, with json: true"}
  }
})";

class Run final : public Action {
 public:
  Run() {
    spec_.name = "process.run";
    spec_.summary = "Run a program and wait for its end";
    spec_.inputs = Schema(kInputs);
    spec_.output = Schema(kOutput);
    spec_.repeat = RepeatClass::kOnce;
    spec_.has_plan = true;
    spec_.retry.attempts = 1;
  }

  const ActionSpec& Spec() const override { return spec_; }

  Result<ActionPlan> Plan(const Context& context) const override {
    std::string line = "run";
    for (const Value& argument : context.inputs["arguments"].as_list()) {
      line += " " + ToJson(argument);
    }
    return ActionPlan{{line}, 0, {}};
  }

  Outcome Apply(const Context& context) const override {
    const process::Program program = process::ProgramOf(context.inputs, "arguments");
    auto known = process::CheckExitCodes(context.inputs);
    if (!known) return std::move(known).error();
    auto finished = process::RunChild(program, {}, context);
    if (!finished) return std::move(finished).error();
    RECOURSE_FAIL_POINT("process_after_end");
    if (finished->stopped) {
      return Failure{context.StopError().In("run " + program.arguments[0]),
                     process::Describe(*finished), LeftBehind::kUnknown};
    }
    if (finished->signal != 0 || finished->exit_code != 0) {
      return Failure{process::FailedWith(context.inputs, program.arguments[0], *finished),
                     process::Describe(*finished), process::LeftBy(context.inputs, *finished)};
    }
    Value output = process::Describe(*finished);
    if (!context.inputs.BoolOr("json", false)) return output;
    auto json = finished->output.cut
                    ? Error{Code::kResourceExhausted, "more than 64 KiB of JSON were written"}
                    : ParseJson(finished->output.text);
    if (!json) {
      return Failure{std::move(json).error().In("what " + program.arguments[0] + " has written"),
                     std::move(output), LeftBehind::kUnknown};
    }
    return output.With("json", *std::move(json));
  }

 private:
  ActionSpec spec_;
};

}  // namespace

void AddProcessActions(Registry& registry) {
  registry.Add(std::make_unique<Run>());
  registry.Add(process::MakeScript());
}

}  // namespace recourse
