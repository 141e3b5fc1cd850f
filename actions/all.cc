#include "actions/all.h"

#include "actions/backup/backup_actions.h"
#include "actions/cache/cache.h"
#include "actions/database/database_actions.h"
#include "actions/debug/debug.h"
#include "actions/file/file.h"
#include "actions/host/host.h"
#include "actions/http/http.h"
#include "actions/notify/notify.h"
#include "actions/process/process.h"
#include "actions/service/service.h"

namespace recourse {

void AddAllActions(Registry& registry, const ChannelNames* channels) {
  AddBackupActions(registry);
  AddCacheActions(registry);
  AddDatabaseActions(registry);
  AddDebugActions(registry);
  AddFileActions(registry);
  AddHostActions(registry);
  AddHttpActions(registry);
  AddNotifyActions(registry, channels);
  AddProcessActions(registry);
  AddServiceActions(registry);
}

}  // namespace recourse
