// The actions on services: status, start, stop, restart, reload, logs and nginx_reload.
#pragma once

#include "actions/registry.h"

namespace recourse {

void AddServiceActions(Registry& registry);

// The part of AddServiceActions that is about nginx.
void AddNginxReload(Registry& registry);

}  // namespace recourse
