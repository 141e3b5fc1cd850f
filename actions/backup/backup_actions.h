// The family `backup.`: list, choose, verify, prune, freshness, bisect. It works on the files that
// database.backup makes and their manifests; which backup is good is decided here, once, for all of
// them.
#pragma once

#include "actions/registry.h"

namespace recourse {

void AddBackupActions(Registry& registry);

}  // namespace recourse
