// What programs write may be any bytes; what we log and store is text.
#pragma once

#include <string>
#include <string_view>

namespace recourse::process {

// `bytes` with each byte that is no part of well-formed UTF-8 replaced by U+FFFD.
std::string ToUtf8(std::string_view bytes);

}  // namespace recourse::process
