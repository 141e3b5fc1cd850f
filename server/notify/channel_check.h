// Whether the channels of notifications that a workflow tells are there, as far as that can be
// known before a run comes to the steps that tell them.
#pragma once

#include <string>
#include <vector>

#include "actions/notify/notify.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/runtime/engine.h"

namespace recourse::notify {

// Of a run that is asked for. Channels that are named by constants or by its inputs are looked at,
// of the steps whose `when` is not known to be false. What is wrong with the workflow or the inputs
// themselves is left to the engine to tell.
// kNotFound: one is not there; the message names it and the step, and says which there are.
Result<void> CheckChannels(const runtime::StartRequest& request,
                           const runtime::Catalogue& catalogue, const ChannelNames& channels,
                           Time now);

// The same of the runs that schedules start, a line each. They are started all the same: what a run
// does beside telling is worth doing.
std::vector<std::string> ScheduleProblems(const runtime::Catalogue& catalogue,
                                          const ChannelNames& channels);

}  // namespace recourse::notify
