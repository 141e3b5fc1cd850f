// A workflow as steps and the ways between them, for pictures.
#pragma once

#include "engine/runtime/engine.h"
#include "recourse/v1/workflow.pb.h"

namespace recourse::server {

v1::Graph GraphOf(const definition::Workflow& workflow);

// With what has become of each step of `run`, a full view of a run of this workflow.
v1::Graph GraphOf(const definition::Workflow& workflow, const v1::Run& run);

// Answers GetGraph for a run. Errors as ReadRun has them; kInvalidArgument: the run is one of
// another workflow than the request's.
Result<v1::Graph> ReadGraph(const v1::GetGraphRequest& request, runtime::Engine& engine,
                            journal::Reader& reader);

}  // namespace recourse::server
