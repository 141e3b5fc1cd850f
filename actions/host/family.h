// The actions of the family, one file each.
#pragma once

#include <memory>

#include "actions/action.h"

namespace recourse::host {

std::unique_ptr<const Action> MakeBlockAddress();
std::unique_ptr<const Action> MakeCpu();
std::unique_ptr<const Action> MakeDisk();
std::unique_ptr<const Action> MakeLoad();
std::unique_ptr<const Action> MakeLogScan();
std::unique_ptr<const Action> MakeMemory();
std::unique_ptr<const Action> MakePorts();
std::unique_ptr<const Action> MakeProcesses();
std::unique_ptr<const Action> MakeSignal();
std::unique_ptr<const Action> MakeUnblockAddress();
std::unique_ptr<const Action> MakeWindow();

}  // namespace recourse::host
