// process.run: a program with its arguments. process.script: a program with its phases.
#pragma once

#include "actions/registry.h"

namespace recourse {

void AddProcessActions(Registry& registry);

}  // namespace recourse
