// A run as the API shows it.
#pragma once

#include <vector>

#include "engine/definition/workflow.h"
#include "engine/journal/journal.h"
#include "engine/machine/state.h"
#include "engine/record/record.h"
#include "recourse/v1/run.pb.h"

namespace recourse::server {

// The basic view, without what AddApprovals adds.
v1::Run ToProto(const journal::RunRow& row);

// Sets open_approvals and waiting.for_person. Errors are the reader's.
Result<void> AddApprovals(journal::Reader& reader, const journal::RunRow& row, v1::Run& run);

// Both: the run as lists and watchers are shown it.
Result<v1::Run> BasicView(journal::Reader& reader, const journal::RunRow& row);

// What the full view has beside the basic one: `events` are all of the run's, `state` is their
// fold.
void AddDetails(const definition::Workflow& workflow, const machine::RunState& state,
                const std::vector<record::Recorded>& events, v1::Run& run);

}  // namespace recourse::server
