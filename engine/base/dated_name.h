// File names that say when what they name was made, by a pattern of strftime, in UTC:
// "health_%Y%m%d.db" makes health_20261121.db.
#pragma once

#include <optional>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/error.h"

namespace recourse {

// kInvalidArgument: the pattern holds a "/", begins with a dot, or does not give the same day back
// that a name was made of. The message quotes it and says how to write one.
Result<void> CheckNamePattern(const std::string& pattern);

std::string NameAt(const std::string& pattern, Time time);

// The time that a name stands for, to the precision of the pattern; nothing when the name does not
// follow it.
std::optional<Time> TimeOfName(const std::string& pattern, const std::string& name);

}  // namespace recourse
