// Texts no longer than a vendor takes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace recourse::chatops::web {

// How long JavaScript, and with it most vendors, find a text: a character beyond U+FFFF counts as
// two. REQUIRES: UTF-8.
std::size_t LengthOf(std::string_view text);

// The text when it is no longer than `length_max`, else as much of it as fits with an ellipsis
// behind. REQUIRES: UTF-8; `length_max` > 0.
std::string Cut(std::string_view text, std::size_t length_max);

}  // namespace recourse::chatops::web
