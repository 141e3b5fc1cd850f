// A run as the API shows it.
#pragma once

#include <vector>

#include "engine/definition/workflow.h"
#include "engine/machine/state.h"
#include "engine/record/record.h"
#include "recourse/v1/run.pb.h"
#include "server/view/run.h"

namespace recourse::server {

// All events of a run, and the fold of them.
struct Details {
  machine::RunState state;
  std::vector<record::Recorded> events;
};
// Errors are the reader's, and record::Fold's and Decode's.
Result<Details> DetailsOf(journal::Reader& reader, RunId run);

// What the full view has beside the basic one: `events` are all of the run's, `state` is their
// fold.
void AddDetails(const definition::Workflow& workflow, const machine::RunState& state,
                const std::vector<record::Recorded>& events, v1::Run& run);

// Sets what is possible with a run in this state.
void AddPossible(const definition::Workflow& workflow, const machine::RunState& state, Time now,
                 v1::Run& run);

// Who is told of the run, as `escalation`; not set when it needs nobody.
void AddEscalation(const machine::RunState& state, v1::Run& run);

}  // namespace recourse::server
