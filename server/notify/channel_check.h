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

// A step that tells a channel that there is not.
struct LostMessage {
  std::string step;
  std::string why;  // which channel, and which there are
};

// Of a run that is asked for. Channels that are named by constants or by its inputs are looked at,
// of the steps that it may come to by what is known. What is wrong with the workflow or the inputs
// themselves is left to the engine to tell. `channels`: null: nothing is looked at.
// Answers the steps that it comes to only when something happens: it is worth starting all the
// same, the more so when something has happened. kNotFound: a step that it comes to when all goes
// well could tell nobody; the message names it and the channel, and says which there are.
Result<std::vector<LostMessage>> CheckChannels(const runtime::StartRequest& request,
                                               const runtime::Catalogue& catalogue,
                                               const ChannelNames* channels, Time now);

// The plan with each of `lost` among the problems of its step, unless it stands there already.
Value WithLostMessages(const Value& plan, const std::vector<LostMessage>& lost);

// The same of the runs that schedules start, a line each, however a run comes to the step. They are
// started all the same: what a run does beside telling is worth doing.
std::vector<std::string> ScheduleProblems(const runtime::Catalogue& catalogue,
                                          const ChannelNames& channels);

}  // namespace recourse::notify
