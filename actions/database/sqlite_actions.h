// The actions of the family for databases of the kind sqlite.
#pragma once

#include <memory>
#include <vector>

#include "actions/action.h"

namespace recourse::database {

std::unique_ptr<const Action> MakeSqliteCheck();
std::unique_ptr<const Action> MakeSqliteHolders();
std::unique_ptr<const Action> MakeSqlitePreserve();
std::unique_ptr<const Action> MakeSqliteListQuarantine();
std::unique_ptr<const Action> MakeSqlitePruneQuarantine();
std::unique_ptr<const Action> MakeSqliteBackup();
std::unique_ptr<const Action> MakeSqliteRehearseRestore();
std::unique_ptr<const Action> MakeSqliteRestore();
std::unique_ptr<const Action> MakeSqliteCreateEmpty();
std::unique_ptr<const Action> MakeSqliteSize();
std::unique_ptr<const Action> MakeSqliteQuery();
std::unique_ptr<const Action> MakeSqliteExportRows();
std::unique_ptr<const Action> MakeSqliteMerge();
std::unique_ptr<const Action> MakeSqliteSalvage();
std::unique_ptr<const Action> MakeSqliteVacuum();
std::unique_ptr<const Action> MakeSqliteAnalyze();
std::unique_ptr<const Action> MakeSqliteOptimize();

}  // namespace recourse::database
