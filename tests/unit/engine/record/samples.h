// One event of every kind, each field with a value of its own that is not its default.
#pragma once

#include <vector>

#include "engine/machine/event.h"

namespace recourse::record {

std::vector<machine::Event> SampleEvents();

inline Time At(std::int64_t micros) { return Time(std::chrono::microseconds(micros)); }

}  // namespace recourse::record
