// The plan of a run that nobody has started.
#pragma once

#include <memory>

#include "engine/journal/journal.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/plan_maker.h"

namespace recourse::runtime {

struct RunPlanRequest {
  std::shared_ptr<const definition::Workflow> workflow;
  const StartRequest& start;
  const Caller& caller;
  const definition::Inventory& inventory;
  std::int64_t inputs_bytes_max = 0;
};

// Takes as long as the actions do, up to means.deadline. Errors of the inputs and of the lock's key
// are those of a start; the others are the reader's.
Result<RunPlan> PlanRun(const PlanMeans& means, const RunPlanRequest& request,
                        journal::Reader& reader);

}  // namespace recourse::runtime
