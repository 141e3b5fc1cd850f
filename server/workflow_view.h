// Workflows and actions as the API shows them.
#pragma once

#include "engine/definition/workflow.h"
#include "engine/runtime/engine.h"
#include "recourse/v1/workflow.pb.h"

namespace recourse::server {

// What lists show.
v1::Workflow ToProto(const definition::Workflow& workflow);
v1::Action ToProto(const ActionSpec& spec);

// The same with steps and definition, and with schemas.
v1::Workflow FullView(const definition::Workflow& workflow);
v1::Action FullView(const ActionSpec& spec);

v1::RunPlan ToProto(const runtime::RunPlan& plan);

}  // namespace recourse::server
