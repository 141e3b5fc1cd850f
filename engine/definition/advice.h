// What a careful author would not leave open, though it loads: `recourse workflows validate
// --strict`.
#pragma once

#include <vector>

#include "engine/definition/workflow.h"

namespace recourse::definition {

// In the order of their places: actions that change something without a time-out of their own,
// steps that cannot be undone with no approval on some way to them, approvals without expiry.
std::vector<Problem> Advise(const Workflow& workflow);

}  // namespace recourse::definition
