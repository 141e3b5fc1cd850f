#include "actions/file/file.h"

namespace recourse {

void AddFileActions(Registry& registry) {
  registry.Add(file::MakeAccess());
  registry.Add(file::MakeArchive());
  registry.Add(file::MakeChecksum());
  registry.Add(file::MakeCollectEvidence());
  registry.Add(file::MakeCopy());
  registry.Add(file::MakeExtract());
  registry.Add(file::MakeFind());
  registry.Add(file::MakeMove());
  registry.Add(file::MakePermissions());
  registry.Add(file::MakeRemove());
  registry.Add(file::MakeRotateLogs());
  registry.Add(file::MakeSwapLink());
}

}  // namespace recourse
