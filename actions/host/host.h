// host.*: what the machine has left, who uses it and what its logs say; signals, and addresses that
// are blocked.
#pragma once

#include "actions/registry.h"

namespace recourse {

void AddHostActions(Registry& registry);

}  // namespace recourse
