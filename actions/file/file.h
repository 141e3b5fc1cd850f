// file.permissions and file.checksum.
#pragma once

#include <memory>

#include "actions/registry.h"

namespace recourse {

void AddFileActions(Registry& registry);

namespace file {

std::unique_ptr<const Action> MakePermissions();
std::unique_ptr<const Action> MakeChecksum();

}  // namespace file
}  // namespace recourse
