// Bodies of the type application/x-www-form-urlencoded.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/value.h"

namespace recourse::chatops::web {

// The fields as members of an object, each a string; the first counts when one is named twice. What
// is not encoded well stays as it is.
Value ParseForm(std::string_view body);

std::string FormEncoded(std::string_view text);

}  // namespace recourse::chatops::web
