// What a skip would leave behind for the steps that follow.
#pragma once

#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/definition/workflow.h"
#include "engine/machine/decide.h"

namespace recourse::server {

// The members of the output of the step `id` that expressions of the workflow name and `output`
// lacks, each with who uses it: "steps.choose.output.path (rehearse, restore)". What an expression
// asks for with has() may be missing. In the order of the definition.
std::vector<std::string> MissingOutputs(const definition::Workflow& workflow, const std::string& id,
                                        const Value& output);

// Whether a run in this state can go on after `skip` as far as its definition tells.
// kFailedPrecondition: later steps use what the output lacks; the message names it. A skip that the
// machine refuses is no error here.
Result<void> CheckSkip(const definition::Workflow& workflow, const machine::RunState& state,
                       const machine::Skip& skip, Time now);

}  // namespace recourse::server
