// The window of a workflow: when its runs may change something.
#pragma once

#include <string>

#include "engine/calendar/window.h"
#include "engine/definition/workflow.h"

namespace recourse::definition {

// The window that a value describes: {"cron": "0 2 * * SUN#1", "time_zone": "Europe/Berlin",
// "duration": "2h"}; the zone is UTC when none is said.
// kInvalidArgument: it describes none; the message names the member. Reads the zone's rules from
// the system.
Result<calendar::Window> ReadWindow(const Value& value);

}  // namespace recourse::definition
