// Schedules as the API shows them.
#pragma once

#include "engine/definition/schedule.h"
#include "engine/journal/journal.h"
#include "recourse/v1/schedule.pb.h"

namespace recourse::server {

// `next`: how many of the times to come are told, at most.
v1::Schedule ToProto(const definition::Schedule& schedule, const journal::ScheduleRow& row,
                     Time now, int next);

}  // namespace recourse::server
