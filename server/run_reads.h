// What RunService reads from the journal.
//
// Errors of every function: kInvalidArgument, a field is wrong and named; kNotFound, there is no
// such run; otherwise the reader's.
#pragma once

#include <vector>

#include "engine/runtime/engine.h"
#include "recourse/v1/run.pb.h"

namespace recourse::server {

Result<v1::Run> ReadRun(const v1::GetRunRequest& request, runtime::Engine& engine,
                        journal::Reader& reader);
Result<v1::ListRunsResponse> ReadRuns(const v1::ListRunsRequest& request, journal::Reader& reader);
Result<v1::GetTimelineResponse> ReadTimeline(const v1::GetTimelineRequest& request,
                                             runtime::Engine& engine, journal::Reader& reader);

// The statuses of a run that is not over, as journal::RunFilter takes them.
std::vector<int> OpenStatuses();

}  // namespace recourse::server
