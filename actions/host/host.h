// host.disk: what the machine has left.
#pragma once

#include "actions/registry.h"

namespace recourse {

void AddHostActions(Registry& registry);

}  // namespace recourse
