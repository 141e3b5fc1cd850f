// The resources of a target that an action takes as a whole, a schema each: a target's file is
// checked by it when it is loaded, an action's inputs before it starts.
#pragma once

#include <string_view>

#include "engine/base/value.h"

namespace recourse {

// The inputs of host.disk, host.memory, host.cpu, host.load, host.ports and host.log_scan.
const Value& DiskInputs();
const Value& MemoryInputs();
const Value& CpuInputs();
const Value& LoadInputs();
const Value& PortsInputs();
const Value& LogScanInputs();

// A cache: where it answers, and as whom.
const Value& CacheSchema();

// Whom host.block_address never blocks, and for how long it blocks others.
const Value& FirewallSchema();

// How http.request and http.send make themselves known.
const Value& AuthSchema();

// An HTTP API: where it answers, and how one makes oneself known to it.
const Value& ApiSchema();

// `inputs` with `warn` and `fail`, objects of the members `limits` (both JSON texts); `on_fail`
// says what becomes of one that is reached.
Value WithThresholds(std::string_view inputs, std::string_view limits, std::string_view on_fail);

// `output`, a JSON text, with what the judgement of thresholds adds: `level` and `reasons`.
Value WithLevel(std::string_view output);

}  // namespace recourse
