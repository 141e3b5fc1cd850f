// What a report says beyond a run's events: what its definition expects, and what proves them.
#pragma once

#include "engine/base/error.h"
#include "engine/definition/workflow.h"
#include "engine/journal/journal.h"
#include "recourse/v1/report.pb.h"

namespace recourse::server {

// Reads the events of all runs from the run's first to its last, once. A chain that is broken there
// is told by the proof. Errors are the reader's.
Result<v1::Report> ReportOf(journal::Reader& reader, const definition::Workflow& workflow,
                            const journal::RunRow& row);

}  // namespace recourse::server
