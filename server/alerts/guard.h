// When an alert's run is not begun without a person: too many on one target in a day, or an alert
// that comes back again and again. Counts what the journal has, so that a restart forgets nothing.
#pragma once

#include <string>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/journal/journal.h"
#include "server/alerts/alert.h"
#include "server/alerts/rules.h"

namespace recourse::server::alerts {

// Whether an alert has asked for the run; the check of a resolved alert is none of these.
bool IsOfAlert(const journal::RunRow& run);

// Why the run of the alert on `target` must wait for a person; empty: it may begin. An empty
// target: what counts is runs of the rule's workflow. Reads the runs of the last 24 hours on the
// target, and of the alert no more than the rule's limit. Errors are the reader's.
Result<std::string> WhyHeld(const Alert& alert, const Rule& rule, const std::string& target,
                            Time now, journal::Reader& reader);

}  // namespace recourse::server::alerts
