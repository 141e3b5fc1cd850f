#include "server/run_view.h"

#include <utility>

#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/machine/possible.h"
#include "server/pages.h"
#include "server/step_view.h"
#include "server/view/convert.h"

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

}  // namespace recourse::server
