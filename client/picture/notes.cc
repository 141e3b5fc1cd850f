#include "client/picture/notes.h"

namespace recourse::picture {

Look LookOf(v1::StepState::State state) {
  switch (state) {
    case v1::StepState::RUNNING:
      return {"running", "#cfe2ff", "#052c65"};
    case v1::StepState::WAITING:
      return {"waiting", "#fff3cd", "#664d03"};
    case v1::StepState::SUCCEEDED:
      return {"succeeded", "#d1e7dd", "#0a3622"};
    case v1::StepState::FAILED:
      return {"failed", "#f8d7da", "#58151c"};
    case v1::StepState::SKIPPED:
      return {"skipped", "#e9ecef", "#6c757d"};
    case v1::StepState::COMPENSATING:
    case v1::StepState::COMPENSATED:
      return {"undone", "#e2d9f3", "#432874"};
    default:
      return {"pending", "#ffffff", "#212529"};
  }
}

std::string Shortened(std::string_view text, std::size_t characters) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
    if (begins && count++ == characters) return std::string(text.substr(0, i)) + "...";
  }
  return std::string(text);
}

std::string TextOn(const v1::GraphTransition& transition) {
  constexpr std::size_t kConditionMax = 60;
  const std::string condition = Shortened(transition.condition(), kConditionMax);
  switch (transition.kind()) {
    case v1::GraphTransition::CASE:
    case v1::GraphTransition::INSIDE:
      return condition;
    case v1::GraphTransition::DEFAULT:
      return "else";
    case v1::GraphTransition::SKIPPED:
      return "unless " + condition;
    case v1::GraphTransition::FAILED: {
      const std::string error = condition == "*" ? "any error" : condition;
      return transition.rollback_to().empty() ? error
                                              : error + ": undo to " + transition.rollback_to();
    }
    default:
      return {};
  }
}

std::string TitleOf(const v1::Graph& graph) {
  if (graph.run().empty()) return graph.workflow();
  constexpr std::string_view kPrefix = "RUN_STATUS_";
  std::string status = v1::RunStatus_Name(graph.status());
  if (status.starts_with(kPrefix)) status.erase(0, kPrefix.size());
  std::string title = graph.workflow() + ", " + graph.run() + " " + status;
  return graph.waits_for().empty() ? title : title + ": " + Shortened(graph.waits_for(), 120);
}

}  // namespace recourse::picture
