// What actions share in how they declare and read their inputs.
#pragma once

#include <chrono>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse {

// A JSON Schema of a spec, from its text in the source.
// REQUIRES: `json` is JSON.
Value Schema(std::string_view json);

// The duration that `inputs` holds under `key`, as text ("2s") or as CEL's duration; `fallback`
// when there is none. kInvalidArgument: neither; the message names the key.
Result<std::chrono::microseconds> DurationInput(const Value& inputs, std::string_view key,
                                                std::chrono::microseconds fallback);

}  // namespace recourse
