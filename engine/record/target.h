// Which target a run is about: private to engine/record.
#pragma once

#include <string>

#include "engine/definition/workflow.h"

namespace recourse::record {

// The name of the first target among `inputs`; empty when there is none.
std::string TargetOf(const definition::Workflow& workflow, const Value& inputs);

}  // namespace recourse::record
