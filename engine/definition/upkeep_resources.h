// The resources of a target for its upkeep: when it may be worked on, its releases, updates and
// packages, what of it is archived, kept as evidence and rotated. Schemas by the resource's name.
#pragma once

#include "engine/base/value.h"

namespace recourse::definition {

// {"window": {...}, "releases": {...}, ...}: members of the schema of a target.
const Value& UpkeepResources();

}  // namespace recourse::definition
