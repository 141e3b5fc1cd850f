#include "actions/backup/backup_actions.h"

#include "actions/backup/family.h"

namespace recourse {

void AddBackupActions(Registry& registry) {
  registry.Add(backup::MakeList());
  registry.Add(backup::MakeChoose());
  registry.Add(backup::MakeVerify());
  registry.Add(backup::MakePrune());
  registry.Add(backup::MakeFreshness());
  registry.Add(backup::MakeBisect());
}

}  // namespace recourse
