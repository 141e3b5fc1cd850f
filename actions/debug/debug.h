// debug.echo, debug.fail and debug.append: for authors who try a workflow, and for tests of the
// engine.
#pragma once

#include "actions/registry.h"

namespace recourse {

void AddDebugActions(Registry& registry);

}  // namespace recourse
