// What needs a person now.
#pragma once

#include "actions/notify/notify.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/machine/state.h"
#include "engine/runtime/engine.h"
#include "recourse/v1/run.pb.h"

namespace recourse::server {

// `channels`: those that there are; null: none.
// Reads the index for all of them and folds those that are answered.
// kInvalidArgument: limit. Otherwise the journal's errors.
Result<v1::ListAttentionResponse> ReadAttention(const v1::ListAttentionRequest& request,
                                                runtime::Engine& engine, Time now,
                                                journal::Reader& reader, const ChannelNames* channels);

}  // namespace recourse::server
