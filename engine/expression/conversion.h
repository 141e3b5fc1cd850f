// The text of values.
#pragma once

#include <string>

#include "engine/base/value.h"

namespace recourse::expression {

// What string() answers, and the names of types and null; bytes as they are.
// REQUIRES: neither a list nor a map.
std::string ScalarText(const Value& value);

}  // namespace recourse::expression
