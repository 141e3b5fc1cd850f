// The language of definitions as a JSON Schema, for editors.
#pragma once

#include "engine/base/value.h"

namespace recourse::definition {

// JSON Schema, draft 2020-12, of a workflow's definition, from the table by which the loader reads
// it: keys, types, bounds and words are the same. What it refuses the loader refuses too; the
// loader checks more, such as names of steps and actions.
Value JsonSchemaOfWorkflows();

}  // namespace recourse::definition
