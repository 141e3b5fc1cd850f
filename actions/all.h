// Every action that the project has.
#pragma once

#include "actions/registry.h"

namespace recourse {

void AddAllActions(Registry& registry);

}  // namespace recourse
