// The file family: copies, moves, removals, archives, logs, evidence, permissions, checksums.
#pragma once

#include <memory>

#include "actions/registry.h"

namespace recourse {

void AddFileActions(Registry& registry);

namespace file {

std::unique_ptr<const Action> MakeAccess();
std::unique_ptr<const Action> MakeArchive();
std::unique_ptr<const Action> MakeChecksum();
std::unique_ptr<const Action> MakeCollectEvidence();
std::unique_ptr<const Action> MakeCopy();
std::unique_ptr<const Action> MakeExtract();
std::unique_ptr<const Action> MakeFind();
std::unique_ptr<const Action> MakeMove();
std::unique_ptr<const Action> MakePermissions();
std::unique_ptr<const Action> MakeRemove();
std::unique_ptr<const Action> MakeRotateLogs();
std::unique_ptr<const Action> MakeSwapLink();

}  // namespace file
}  // namespace recourse
