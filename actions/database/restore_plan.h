// What a restore would do, told before anybody approves it.
#pragma once

#include "actions/action.h"
#include "actions/database/manifest.h"
#include "actions/database/resource.h"

namespace recourse::database {

// Reads the present database, and changes nothing.
Result<ActionPlan> PlanRestore(const Resource& resource, const std::string& backup,
                               const Manifest& manifest, const Context& context);

}  // namespace recourse::database
