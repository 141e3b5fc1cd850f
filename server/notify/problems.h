// What is wrong between the file of notifications and the rest of what the server knows.
#pragma once

#include <string>
#include <vector>

#include "engine/runtime/engine.h"
#include "server/notify/channel_file.h"

namespace recourse::notify {

// A line each: secrets that there are not, routes for targets and workflows that there are not, and
// steps and schedules that name a channel that there is not. `secrets` may be null.
std::vector<std::string> ProblemsWith(const Settings& settings, const runtime::Catalogue& catalogue,
                                      const ChannelNames& channels,
                                      const runtime::SecretSource* secrets);

}  // namespace recourse::notify
