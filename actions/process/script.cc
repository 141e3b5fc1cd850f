#include "actions/process/script.h"

#include <algorithm>

#include "actions/inputs.h"
#include "actions/process/ending.h"
#include "actions/process/script_exchange.h"
#include "engine/base/fail_point.h"
#include "engine/base/json.h"

namespace recourse::process {
namespace {

constexpr std::string_view kInputs = R"({
  "type": "object", "additionalProperties": false, "required": ["program"],
  "properties": {
    "program": {"type": "string", "minLength": 1,
      "description": "the script: its path, or its name in /usr/bin or its like"},
    "arguments": {"type": "array", "items": {"type": "string"},
      "description": "before those of each phase"},
    "phases": {"type": "object", "additionalProperties": false, "required": ["apply"],
      "description": "the arguments of each phase that it has; without this, it speaks the protocol",
      "properties": {
        "plan": {"type": "array", "items": {"type": "string"}},
        "prepare": {"type": "array", "items": {"type": "string"}},
        "apply": {"type": "array", "items": {"type": "string"}},
        "verify": {"type": "array", "items": {"type": "string"}},
        "probe": {"type": "array", "items": {"type": "string"}},
        "compensate": {"type": "array", "items": {"type": "string"}}
      }},
    "probe_codes": {"type": "object",
      "additionalProperties": {"type": "string",
        "enum": ["applied", "not_applied", "partial", "unknown"]},
      "description": "what exit codes of the probe say, with phases: {\"1\": not_applied}; 0 is applied, others unknown"},
    "inputs": {"type": "object", "description": "for the script, on its standard input"},
    "target": {"type": "object", "description": "the same"},
    "environment": {"type": "object", "additionalProperties": {"type": "string"},
      "description": "the script's environment, beside RECOURSE_KEY and RECOURSE_SESSION"},
    "working_directory": {"type": "string", "default": "/"},
    "exit_codes": {"type": "object", "additionalProperties": {"type": "string"},
      "description": "error codes by exit code: {\"75\": UNAVAILABLE}; others but 0 are INTERNAL"},
    "failure_leaves": {"type": "string", "enum": ["nothing", "partial", "unknown"],
      "default": "unknown",
      "description": "what it has left behind when apply exits with another code than 0"}
  }
})";

constexpr std::string_view kOutput = R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "result": {"description": "what the script answers as its output, by the protocol"},
    "exit_code": {"type": "integer"},
    "output": {"type": "string", "description": "standard output, with phases"},
    "errors": {"type": "string", "description": "standard error"}
  }
})";

constexpr std::size_t kPlanLinesMax = 100;

std::vector<std::string> LinesOf(const Value& list) {
  std::vector<std::string> lines;
  for (const Value& line : list.is_list() ? list.as_list() : Value::List()) {
    lines.push_back(line.is_string() ? line.as_string() : ToJson(line));
  }
  return lines;
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size() && lines.size() < kPlanLinesMax;) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::string Trimmed(const std::string& text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  return end == std::string::npos ? "" : text.substr(0, end + 1);
}

// As a person would type it.
std::string CommandOf(const Value& inputs) {
  std::string line = inputs.StringOr("program", "");
  for (const Value& list : {inputs["arguments"], inputs["phases"]["apply"]}) {
    for (const std::string& argument : LinesOf(list)) line += " " + argument;
  }
  return line;
}

ProbeAnswer::Verdict VerdictOf(const std::string& text) {
  if (text == "applied") return ProbeAnswer::Verdict::kApplied;
  if (text == "not_applied") return ProbeAnswer::Verdict::kNotApplied;
  if (text == "partial") return ProbeAnswer::Verdict::kPartial;
  return ProbeAnswer::Verdict::kUnknown;
}

class RunScript final : public Action {
 public:
  RunScript() {
    spec_.name = "process.script";
    spec_.summary = "Run a script that can also plan, prove, probe and undo what it does";
    spec_.inputs = Schema(kInputs);
    spec_.output = Schema(kOutput);
    spec_.repeat = RepeatClass::kProbed;
    spec_.has_plan = true;
    spec_.has_prepare = true;
    spec_.has_verify = true;
    spec_.can_compensate = true;
    spec_.timeout = std::chrono::minutes(30);
    spec_.retry.attempts = 1;
  }

  const ActionSpec& Spec() const override { return spec_; }

  Result<ActionPlan> Plan(const Context& context) const override {
    const Script script(context);
    const auto phases = script.Phases();
    if (!phases) return phases.error();
    ActionPlan plan;
    plan.lines.push_back("run " + CommandOf(context.inputs));
    if (Has(*phases, "plan")) {
      const Script::Answer answer = script.Run("plan");
      if (answer.failure) return answer.failure->error;
      const auto lines = script.speaks() ? LinesOf(answer.document["lines"])
                                         : LinesOf(answer.finished.output.text);
      plan.lines.insert(plan.lines.end(), lines.begin(), lines.end());
      plan.bytes_needed = answer.document.IntOr("bytes_needed", 0);
      plan.irreversible = LinesOf(answer.document["irreversible"]);
    }
    if (!Has(*phases, "probe")) {
      plan.lines.push_back("after a crash in the middle, a person is asked: it has no phase probe");
    }
    if (!Has(*phases, "compensate")) {
      plan.irreversible.push_back(
          "what " + script.program() +
          " does: it has no phase compensate, so that a rollback stops there");
    }
    return plan;
  }

  // The phases are asked once and journaled: a script that changes meanwhile changes nothing in
  // that.
  Outcome Prepare(const Context& context) const override {
    const Script script(context);
    const auto phases = script.Phases();
    if (!phases) return phases.error();
    Value undo;
    if (Has(*phases, "prepare")) {
      const Script::Answer answer = script.Run("prepare");
      if (answer.failure) return *answer.failure;
      undo =
          script.speaks() ? answer.document["undo"] : Value(Trimmed(answer.finished.output.text));
    }
    return Value::Object({{"phases", Value::List(phases->begin(), phases->end())}, {"undo", undo}});
  }

  Outcome Apply(const Context& context) const override {
    if (auto alone = AwaitLeftovers(context); !alone) {
      return Failure{std::move(alone).error(), {}, LeftBehind::kUnknown};
    }
    const Script script(context);
    const Script::Answer answer = script.Run("apply");
    RECOURSE_FAIL_POINT("script_after_apply");
    if (answer.failure) return *answer.failure;
    const Finished& finished = answer.finished;
    return Value::Object({{"result", answer.document["output"]},
                          {"exit_code", finished.exit_code},
                          {"output", script.speaks() ? "" : finished.output.text},
                          {"errors", finished.errors.text}});
  }

  Verification Verify(const Context& context, const Value& output) const override {
    using Verdict = Verification::Verdict;
    if (!Has(PhasesOf(context), "verify")) return {};
    const Script script(context);
    const Script::Answer answer = script.Run("verify", output);
    if (answer.failure) {
      // Without the protocol, its exit code is the verdict.
      const bool said = !script.speaks() && answer.started && !answer.finished.stopped &&
                        answer.finished.signal == 0;
      return {said ? Verdict::kFailed : Verdict::kInconclusive, answer.failure->error.ToString(),
              answer.failure->evidence};
    }
    const std::string verdict =
        script.speaks() ? answer.document.StringOr("verdict", "") : "passed";
    const std::string message = answer.document.StringOr("message", "");
    const Value& evidence = answer.document["evidence"];
    if (verdict == "passed") return {Verdict::kPassed, message, evidence};
    if (verdict == "failed") return {Verdict::kFailed, message, evidence};
    return {Verdict::kInconclusive,
            message.empty() ? script.program() + " gives the verdict \"" + verdict + "\"" : message,
            evidence};
  }

  ProbeAnswer Probe(const Context& context) const override {
    using Verdict = ProbeAnswer::Verdict;
    const Script script(context);
    if (auto alone = AwaitLeftovers(context); !alone) {
      return {Verdict::kUnknown, alone.error().message, {}};
    }
    if (!Has(PhasesOf(context), "probe")) {
      return {Verdict::kUnknown,
              script.program() + " has no phase probe: whether it took effect cannot be told",
              {}};
    }
    const Script::Answer answer = script.Run("probe");
    if (script.speaks()) {
      if (answer.failure) return {Verdict::kUnknown, answer.failure->error.ToString(), {}};
      const std::string verdict = answer.document.StringOr("verdict", "");
      const std::string message = answer.document.StringOr("message", "");
      return {VerdictOf(verdict),
              message.empty() ? script.program() + " says: " + verdict : message,
              OutputOf(answer.document["output"], answer)};
    }
    const std::string says = LastLine(answer.finished.output.text);
    if (!answer.failure) {
      return {Verdict::kApplied, says.empty() ? "the probe ended with exit code 0" : says,
              OutputOf({}, answer)};
    }
    const bool exited = answer.started && !answer.finished.stopped && answer.finished.signal == 0;
    const std::string verdict = context.inputs["probe_codes"].StringOr(
        std::to_string(answer.finished.exit_code), "unknown");
    return {exited ? VerdictOf(verdict) : Verdict::kUnknown, answer.failure->error.ToString(),
            OutputOf({}, answer)};
  }

  Outcome Compensate(const Context& context, const Value& output) const override {
    const Script script(context);
    if (!Has(PhasesOf(context), "compensate")) {
      return Failure{FailedPrecondition(script.program() +
                                        " has no phase compensate: what it did was left as it is. "
                                        "Undo it by hand if it must be undone, then skip this"),
                     {},
                     LeftBehind::kPartial};
    }
    if (auto alone = AwaitLeftovers(context); !alone) {
      return Failure{std::move(alone).error(), {}, LeftBehind::kUnknown};
    }
    const Script::Answer answer = script.Run("compensate", output);
    RECOURSE_FAIL_POINT("script_after_compensate");
    if (answer.failure) return *answer.failure;
    return Value();
  }

 private:
  static bool Has(const std::vector<std::string>& phases, std::string_view phase) {
    return std::find(phases.begin(), phases.end(), phase) != phases.end();
  }

  // As Prepare found them.
  static std::vector<std::string> PhasesOf(const Context& context) {
    return LinesOf(context.undo["phases"]);
  }

  static Value OutputOf(const Value& result, const Script::Answer& answer) {
    return Value::Object({{"result", result},
                          {"exit_code", answer.finished.exit_code},
                          {"output", ""},
                          {"errors", answer.finished.errors.text}});
  }

  ActionSpec spec_;
};

}  // namespace

std::unique_ptr<const Action> MakeScript() { return std::make_unique<RunScript>(); }

}  // namespace recourse::process
