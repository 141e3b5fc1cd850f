#include "server/graph_view.h"

#include <string>
#include <string_view>

#include "engine/definition/transitions.h"
#include "server/convert.h"
#include "server/run_reads.h"

namespace recourse::server {
namespace {

using definition::Transition;

v1::GraphTransition::Kind KindOf(Transition::Kind kind) {
  switch (kind) {
    case Transition::Kind::kDone:
      return v1::GraphTransition::DONE;
    case Transition::Kind::kCase:
      return v1::GraphTransition::CASE;
    case Transition::Kind::kDefault:
      return v1::GraphTransition::DEFAULT;
    case Transition::Kind::kSkipped:
      return v1::GraphTransition::SKIPPED;
    case Transition::Kind::kFailed:
      return v1::GraphTransition::FAILED;
    case Transition::Kind::kInside:
      return v1::GraphTransition::INSIDE;
  }
  return v1::GraphTransition::KIND_UNSPECIFIED;
}

std::string LabelOf(const definition::Step& step) {
  if (!step.summary.empty()) return step.summary;
  if (const auto* action = std::get_if<definition::ActionStep>(&step.kind)) return action->action;
  if (const auto* approval = std::get_if<definition::ApprovalStep>(&step.kind)) {
    std::string who;
    for (const std::string& role : approval->approvers) who += (who.empty() ? "" : " or ") + role;
    return who.empty() ? "nobody may approve" : who + " decides";
  }
  return std::string(NameOf(step.kind));
}

void AddTransitions(const definition::Workflow& workflow, int from, v1::Graph& graph) {
  const auto id_of = [&](int step) {
    const auto index = static_cast<std::size_t>(step);
    return index < workflow.steps.size() ? workflow.steps[index].id : std::string();
  };
  for (const Transition& transition : TransitionsFrom(workflow, from)) {
    if (transition.closes) continue;  // drawn from the ends of what stands inside
    v1::GraphTransition& message = *graph.add_transitions();
    message.set_from(id_of(from));
    message.set_to(id_of(transition.to));
    message.set_kind(KindOf(transition.kind));
    message.set_condition(transition.condition);
    if (transition.kind == Transition::Kind::kFailed) {
      message.set_condition(transition.code ? std::string(ToString(*transition.code)) : "*");
    }
    if (transition.rollback_to) message.set_rollback_to(id_of(*transition.rollback_to));
  }
}

// "stop[2]" is at the step "stop".
std::string_view StepOf(std::string_view place) { return place.substr(0, place.find('[')); }

}  // namespace

v1::Graph GraphOf(const definition::Workflow& workflow) {
  v1::Graph graph;
  graph.set_workflow(workflow.name);
  for (std::size_t i = 0; i < workflow.steps.size(); ++i) {
    const definition::Step& step = workflow.steps[i];
    v1::GraphStep& message = *graph.add_steps();
    message.set_id(step.id);
    message.set_kind(std::string(NameOf(step.kind)));
    message.set_label(LabelOf(step));
    message.set_irreversible(step.irreversible);
    message.set_on_failure(std::string(ToString(step.on_failure.value_or(workflow.on_failure))));
    AddTransitions(workflow, static_cast<int>(i), graph);
  }
  return graph;
}

v1::Graph GraphOf(const definition::Workflow& workflow, const v1::Run& run) {
  v1::Graph graph = GraphOf(workflow);
  graph.set_run(run.id());
  graph.set_status(run.status());
  graph.set_waits_for(run.waiting().reason());
  for (int i = 0; i < graph.steps_size() && i < run.steps_size(); ++i) {
    v1::GraphStep& step = *graph.mutable_steps(i);
    step.set_state(run.steps(i).state());
    step.set_current(!run.has_end_time() && step.id() == StepOf(run.step()));
  }
  return graph;
}

Result<v1::Graph> ReadGraph(const v1::GetGraphRequest& request, runtime::Engine& engine,
                            journal::Reader& reader) {
  v1::GetRunRequest full;
  full.set_run(request.run());
  full.set_view(v1::RUN_VIEW_FULL);
  auto run = ReadRun(full, engine, reader);
  if (!run) return std::move(run).error();
  if (!request.workflow().empty() && request.workflow() != run->workflow()) {
    return InvalidArgument("run: " + run->id() + " is a run of " + run->workflow() + ", not of " +
                           request.workflow());
  }
  auto workflow = engine.DefinitionOf(run->digest());
  if (!workflow) return std::move(workflow).error();
  return GraphOf(**workflow, *run);
}

}  // namespace recourse::server
