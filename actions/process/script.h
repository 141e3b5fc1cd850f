// process.script: a program that answers the phases of an action, or one whose arguments stand for
// them, so that an existing script becomes an action with a probe and a way back.
#pragma once

#include <memory>

#include "actions/action.h"

namespace recourse::process {

std::unique_ptr<const Action> MakeScript();

}  // namespace recourse::process
