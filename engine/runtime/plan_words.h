// What stands in a plan in words. Pure.
#pragma once

#include <string>
#include <vector>

#include "engine/definition/transitions.h"
#include "engine/definition/workflow.h"

namespace recourse::runtime {

// Why a run goes this way from the step: "rehearse fails with DATA_LOSS".
std::string WayText(const definition::Workflow& workflow, int from,
                    const definition::Transition& way);

// What follows when the step has failed for good with `code`: "the run goes on at choose_older".
std::string WhatFollows(const definition::Workflow& workflow, int step, Code code);

// What follows when a step fails and says nothing of it.
std::string WhatFollowsByDefault(const definition::Workflow& workflow);

// The same as WhatFollows for every failure that the definition tells apart: "DATA_LOSS: the run
// goes on at choose_older", the last one about any other.
std::vector<std::string> WhatFailuresLeadTo(const definition::Workflow& workflow, int step);

// What an approval's rejection leads to, and its expiry.
std::string WhatRejectionLeadsTo(const definition::Workflow& workflow, int step);
std::string WhatExpiryLeadsTo(const definition::Workflow& workflow, int step);

// How the step is undone: "compensated by database.restore", "none".
std::string UndoOf(const definition::Step& step);

}  // namespace recourse::runtime
