// What needs a person now.
#pragma once

#include <vector>

#include "actions/notify/notify.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/machine/state.h"
#include "engine/runtime/engine.h"
#include "recourse/v1/run.pb.h"

namespace recourse::server {

// A run that a person can act on, and the runs that wait for its lock, most urgent first.
struct Need {
  journal::RunRow run;
  std::vector<journal::RunRow> behind;
};

// Sorts what needs a person, and what waits for the lock of that: by severity, then by how long it
// has waited. A run is as urgent as the most urgent of those that wait for its lock.
std::vector<Need> MostUrgentFirst(std::vector<journal::RunRow> rows);

// Whether who acknowledges the need's run leaves something open: one that waits for it is more
// urgent than what they took on.
bool LeavesOpen(const Need& need);

// The request's limit is of needs: however many wait behind one, they take no room from others, and
// of those the most urgent are answered, the last with how many more there are.
// `channels`: those that there are; null: none.
// Reads the index for all of them and folds those that are answered; of the runs that ended badly
// the last to end only, with how many more there are. kInvalidArgument: limit. Otherwise the
// journal's errors.
Result<v1::ListAttentionResponse> ReadAttention(const v1::ListAttentionRequest& request,
                                                runtime::Engine& engine, Time now,
                                                journal::Reader& reader,
                                                const ChannelNames* channels);

}  // namespace recourse::server
