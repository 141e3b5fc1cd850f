// cache.*: a Redis server's state, and its keys.
#pragma once

#include "actions/registry.h"

namespace recourse {

void AddCacheActions(Registry& registry);

}  // namespace recourse
