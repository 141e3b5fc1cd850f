#pragma once

#include <memory>

#include "actions/action.h"

namespace recourse {

// debug.append: one line in a file for each attempt that took effect.
std::unique_ptr<const Action> MakeDebugAppend();

}  // namespace recourse
