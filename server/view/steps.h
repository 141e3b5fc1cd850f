// The steps of a run as the API shows them.
#pragma once

#include <vector>

#include "engine/definition/workflow.h"
#include "engine/machine/state.h"
#include "engine/record/record.h"
#include "recourse/v1/run.pb.h"

namespace recourse::server {

// One for every step of the workflow, in its order. `events` are all of the run's, `state` is their
// fold: the events tell when a step began and ended, the state what it has to show for it.
std::vector<v1::StepState> StepViews(const definition::Workflow& workflow,
                                     const machine::RunState& state,
                                     const std::vector<record::Recorded>& events);

}  // namespace recourse::server
