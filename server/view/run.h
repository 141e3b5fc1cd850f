// A run as the API lists it.
#pragma once

#include "engine/base/error.h"
#include "engine/journal/journal.h"
#include "recourse/v1/run.pb.h"

namespace recourse::server {

// The basic view, without what AddWaits adds.
v1::Run ToProto(const journal::RunRow& row);

// Sets open_approvals, waiting.for_person and waiting.lock_holder. Errors are the reader's.
Result<void> AddWaits(journal::Reader& reader, const journal::RunRow& row, v1::Run& run);

// Both: the run as lists and watchers are shown it.
Result<v1::Run> BasicView(journal::Reader& reader, const journal::RunRow& row);

}  // namespace recourse::server
