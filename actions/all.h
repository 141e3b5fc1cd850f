// Every action that the project has.
#pragma once

#include "actions/registry.h"

namespace recourse {

class ChannelNames;

// `channels`: as AddNotifyActions.
void AddAllActions(Registry& registry, const ChannelNames* channels = nullptr);

}  // namespace recourse
