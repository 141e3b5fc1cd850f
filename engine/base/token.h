// Tokens in files: what server and command take out of one.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace recourse {

// The token that a file with `text` holds: all of it but blanks and line ends behind it.
// kInvalidArgument: a character in it that no HTTP header can carry, or none at all; the message
// says which character.
Result<std::string> TokenIn(std::string_view text);

}  // namespace recourse
