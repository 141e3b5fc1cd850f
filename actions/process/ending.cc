#include "actions/process/ending.h"

namespace recourse::process {

Result<void> CheckExitCodes(const Value& inputs) {
  if (!inputs["exit_codes"].is_map()) return {};
  for (const auto& [code, name] : inputs["exit_codes"].as_map()) {
    if (CodeFromString(name.as_string())) continue;
    return InvalidArgument("exit_codes." + code.as_string() + ": " + name.as_string() +
                           " is no error code; UNAVAILABLE is one");
  }
  return {};
}

Value Describe(const Finished& finished) {
  return Value::Object({{"exit_code", finished.exit_code},
                        {"output", finished.output.text},
                        {"output_bytes", finished.output.bytes},
                        {"errors", finished.errors.text},
                        {"errors_bytes", finished.errors.bytes}});
}

std::string LastLine(const std::string& text) {
  const auto end = text.find_last_not_of("\r\n \t");
  if (end == std::string::npos) return "";
  const auto begin = text.rfind('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1, end - (begin + 1) + 1);
}

LeftBehind LeftBy(const Value& inputs, const Finished& finished) {
  if (finished.signal != 0) return LeftBehind::kUnknown;
  const std::string left = inputs.StringOr("failure_leaves", "unknown");
  if (left == "nothing") return LeftBehind::kNothing;
  return left == "partial" ? LeftBehind::kPartial : LeftBehind::kUnknown;
}

Error FailedWith(const Value& inputs, const std::string& program, const Finished& finished) {
  const std::string name =
      inputs["exit_codes"].StringOr(std::to_string(finished.exit_code), "INTERNAL");
  const Code code = finished.signal != 0 ? Code::kInternal : *CodeFromString(name);
  std::string said = LastLine(finished.errors.text);
  if (said.empty()) said = LastLine(finished.output.text);
  return Error{code, program + " ended with " + finished.Ending() +
                         (said.empty() ? "; it said nothing" : "; it said: " + said)};
}

}  // namespace recourse::process
