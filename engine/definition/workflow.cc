#include "engine/definition/workflow.h"

namespace recourse::definition {

std::string_view ToString(OnFailure value) {
  switch (value) {
    case OnFailure::kRollback:
      return "rollback";
    case OnFailure::kPause:
      return "pause";
    case OnFailure::kContinue:
      return "continue";
    case OnFailure::kFail:
      return "fail";
  }
  return "?";
}

std::string_view NameOf(const StepKind& kind) {
  constexpr std::string_view kNames[] = {"action", "approval", "switch", "checkpoint",
                                         "wait",   "succeed",  "fail"};
  static_assert(std::variant_size_v<StepKind> == std::size(kNames));
  return kNames[kind.index()];
}

std::optional<int> Workflow::FindStep(std::string_view id) const {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].id == id) return static_cast<int>(i);
  }
  return std::nullopt;
}

std::string Loaded::Report(std::string_view file) const {
  std::string report;
  for (const Problem& problem : problems) {
    report += std::string(file) + ":" + std::to_string(problem.place.line) + ":" +
              std::to_string(problem.place.column) + ": " + problem.message + "\n";
  }
  return report;
}

}  // namespace recourse::definition
