// The actions of the family for databases of the kind sqlite.
#pragma once

#include <memory>
#include <vector>

#include "actions/action.h"

namespace recourse::database {

std::unique_ptr<const Action> MakeSqliteCheck();
std::unique_ptr<const Action> MakeSqliteHolders();
std::unique_ptr<const Action> MakeSqlitePreserve();
std::unique_ptr<const Action> MakeSqlitePruneQuarantine();
std::unique_ptr<const Action> MakeSqliteBackup();
std::unique_ptr<const Action> MakeSqliteRehearseRestore();
std::unique_ptr<const Action> MakeSqliteRestore();

}  // namespace recourse::database
