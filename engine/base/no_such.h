// The answer to a name that nobody knows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace recourse {

// kNotFound: there is no `kind` of that name; says which of `names` may have been meant, or what
// there is.
Error NoSuch(std::string_view kind, const std::string& name, const std::vector<std::string>& names);

}  // namespace recourse
