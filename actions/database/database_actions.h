// The family `database.`: check, holders, preserve, prune_quarantine, backup,
// rehearse_restore, restore, size, query, export_rows, merge, vacuum, analyze, optimize.
//
// A workflow says database.backup, not how: the resource's `kind` chooses the driver. A driver is
// one Action for each action of the family, with the family's spec; a new kind is added where the
// drivers are listed, in database_actions.cc.
#pragma once

#include "actions/registry.h"

namespace recourse {

void AddDatabaseActions(Registry& registry);

}  // namespace recourse
