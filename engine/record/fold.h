// One more stored event in a fold: private to engine/record.
#pragma once

#include "engine/record/record.h"

namespace recourse::record {

// Reads `stored`, applies it to `state` and answers what was read.
// kDataLoss: it cannot be read, or it does not follow what `state` is made of; `state` is then of
// no use any more.
Result<Recorded> FoldOne(machine::RunState& state, const journal::StoredEvent& stored);

}  // namespace recourse::record
