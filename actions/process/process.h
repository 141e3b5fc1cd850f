// process.run: a program with its arguments.
#pragma once

#include "actions/registry.h"

namespace recourse {

void AddProcessActions(Registry& registry);

}  // namespace recourse
