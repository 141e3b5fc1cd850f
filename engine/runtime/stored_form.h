// Values as the journal gives them back: what a run sees must be the same before and after a crash.
#pragma once

#include "engine/base/value.h"

namespace recourse::runtime {

// `value` as it is when it has been written to the journal and read again: JSON's kinds and text in
// UTF-8. One that is so already, as nearly all are, is answered as it is.
Value AsStored(Value value);

}  // namespace recourse::runtime
