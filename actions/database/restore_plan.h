// What a restore would do, told before anybody approves it.
#pragma once

#include "actions/action.h"
#include "actions/database/manifest.h"
#include "actions/database/resource.h"

namespace recourse::database {

// Owner and mode of the restored file: what the target says, else what the present file has, else
// what the backup has; a server that is not root then makes it its own.
//
// kPermissionDenied: this server cannot make such a file at the database's place.
// kInvalidArgument: the target names no user, group or mode.
Result<Ownership> PlanOwnership(const Resource& resource, const std::string& backup);

// Reads the present database, and changes nothing. Errors: also those of PlanOwnership.
Result<ActionPlan> PlanRestore(const Resource& resource, const std::string& backup,
                               const Manifest& manifest, const Context& context);

// The same for an empty database with the tables of `source`.
Result<ActionPlan> PlanCreateEmpty(const Resource& resource, const std::string& source,
                                   const Context& context);

}  // namespace recourse::database
