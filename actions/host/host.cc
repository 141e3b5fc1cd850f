#include "actions/host/host.h"

#include "actions/host/family.h"

namespace recourse {

void AddHostActions(Registry& registry) {
  registry.Add(host::MakeBlockAddress());
  registry.Add(host::MakeCpu());
  registry.Add(host::MakeDisk());
  registry.Add(host::MakeLoad());
  registry.Add(host::MakeLogScan());
  registry.Add(host::MakeMemory());
  registry.Add(host::MakePorts());
  registry.Add(host::MakeProcesses());
  registry.Add(host::MakeSignal());
  registry.Add(host::MakeUnblockAddress());
  registry.Add(host::MakeWindow());
}

}  // namespace recourse
