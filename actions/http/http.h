// http.*: an endpoint answers as it should; requests of an API.
#pragma once

#include "actions/registry.h"

namespace recourse {

void AddHttpActions(Registry& registry);

}  // namespace recourse
