// service.status, service.start, service.stop and service.restart.
#pragma once

#include "actions/registry.h"

namespace recourse {

void AddServiceActions(Registry& registry);

}  // namespace recourse
