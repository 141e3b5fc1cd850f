// The resources that a target may have, as docs/targets.md describes them.
#pragma once

#include "engine/base/value.h"

namespace recourse::definition {

// The schema of a target's file.
const Value& TargetSchema();

}  // namespace recourse::definition
