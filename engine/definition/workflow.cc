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

StepKind::StepKind() = default;
StepKind::StepKind(const StepKind&) = default;
StepKind::StepKind(StepKind&&) noexcept = default;
StepKind& StepKind::operator=(const StepKind&) = default;
StepKind& StepKind::operator=(StepKind&&) noexcept = default;
StepKind::~StepKind() = default;

std::string_view NameOf(const StepKind& kind) {
  constexpr std::string_view kNames[] = {"action", "approval", "switch",  "checkpoint",
                                         "wait",   "succeed",  "fail",    "set",
                                         "manual", "parallel", "workflow"};
  static_assert(std::variant_size_v<StepKind::variant> == std::size(kNames));
  return kNames[kind.index()];
}

std::optional<int> Workflow::FindStep(std::string_view id) const {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].id == id) return static_cast<int>(i);
  }
  return std::nullopt;
}

const std::vector<Input>& Workflow::InputsOf(int frame) const {
  return frame < 0 ? inputs : frames[static_cast<std::size_t>(frame)].inputs;
}

std::string_view Workflow::NameIn(const Step& step) const {
  const std::string_view id = step.id;
  return step.frame < 0 ? id
                        : id.substr(frames[static_cast<std::size_t>(step.frame)].prefix.size());
}

const ActionStep* ActionOf(const Step& step, int item) {
  if (const auto* manual = std::get_if<ManualStep>(&step.kind)) {
    return item < 0 ? nullptr : manual->items[static_cast<std::size_t>(item)].check.get();
  }
  return std::get_if<ActionStep>(&step.kind);
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
