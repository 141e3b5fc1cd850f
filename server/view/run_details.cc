#include "server/view/run_details.h"

#include <limits>
#include <utility>

#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/machine/possible.h"
#include "server/view/convert.h"
#include "server/view/steps.h"

namespace recourse::server {
namespace {

// Puts an output into the answer while there is room, else where it can be found.
void PutOutput(std::string json, const std::string& where, std::size_t& room, std::string* output,
               std::string* left_out) {
  if (json.size() <= room) {
    room -= json.size();
    *output = std::move(json);
  } else {
    *left_out = HumanBytes(static_cast<std::int64_t>(json.size())) +
                ", left out of this answer; the timeline has it in the details of " + where;
  }
}

}  // namespace

Result<Details> DetailsOf(journal::Reader& reader, RunId run) {
  auto stored = reader.EventsOfRun(run, 0, std::numeric_limits<std::int64_t>::max());
  if (!stored) return std::move(stored).error();
  auto state = record::Fold(*stored);
  if (!state) return std::move(state).error();
  Details details{*std::move(state), {}};
  details.events.reserve(stored->size());
  for (const journal::StoredEvent& event : *stored) {
    auto recorded = record::Decode(event);
    if (!recorded) return std::move(recorded).error();
    details.events.push_back(*std::move(recorded));
  }
  return details;
}

void AddDetails(const definition::Workflow& workflow, const machine::RunState& state,
                const std::vector<record::Recorded>& events, v1::Run& run) {
  run.set_inputs_json(ToJson(state.inputs));
  std::size_t room = kAnswerBytesMax;
  if (const auto* succeeded = std::get_if<machine::Succeeded>(&state.status)) {
    PutOutput(ToJson(succeeded->outputs), "RunSucceeded", room, run.mutable_outputs_json(),
              run.mutable_outputs_left_out());
  }
  if (state.deadline) *run.mutable_deadline() = ToProto(*state.deadline);
  for (const machine::Reference& known : state.references) {
    v1::Reference& reference = *run.add_references();
    reference.set_kind(known.kind);
    reference.set_about(known.about);
    reference.set_place(known.place);
  }
  for (v1::StepState& step : StepViews(workflow, state, events)) {
    PutOutput(std::exchange(*step.mutable_output_json(), ""),
              "the events that ended step " + step.id(), room, step.mutable_output_json(),
              step.mutable_output_left_out());
    *run.add_steps() = std::move(step);
  }
}

void AddPossible(const definition::Workflow& workflow, const machine::RunState& state, Time now,
                 v1::Run& run) {
  machine::Facts facts;
  facts.now = now;
  for (const std::string_view verb : machine::PossibleVerbs(workflow, state, facts)) {
    run.add_possible(std::string(verb));
  }
}

void AddEscalation(const machine::RunState& state, v1::Run& run) {
  if (!state.need) return;
  const machine::Policy policy = machine::PolicyOf(state.policy);
  v1::Escalation& to = *run.mutable_escalation();
  to.set_policy(policy.name);
  *to.mutable_since_time() = ToProto(state.need->since);
  if (policy.respond_within) {
    *to.mutable_respond_by_time() = ToProto(state.need->since + *policy.respond_within);
  }
  const auto told = static_cast<std::size_t>(state.need->told);
  for (std::size_t i = 0; i < told && i < policy.levels.size(); ++i)
    to.add_told(policy.levels[i].to);
  to.set_acknowledged_by(state.need->acknowledged_by);
  if (state.need->acknowledged) {
    *to.mutable_acknowledge_time() = ToProto(*state.need->acknowledged);
  } else if (told < policy.levels.size()) {
    to.set_next(policy.levels[told].to);
    *to.mutable_next_time() = ToProto(state.need->since + policy.levels[told].after);
  }
}

}  // namespace recourse::server
