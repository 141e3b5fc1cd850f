// Whose server a URL leads to.
#pragma once

#include <string>

#include "engine/base/error.h"

namespace recourse::web {

// "https://host:443": scheme, host and port as libcurl reads them, in lower case, the scheme's port
// where the URL names none. Two URLs lead to the same server exactly when theirs are equal.
// kInvalidArgument: it is no URL. kUnavailable: there is no libcurl.
Result<std::string> OriginOf(const std::string& url);

}  // namespace recourse::web
