// What the literals of an expression stand for.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "engine/base/value.h"

namespace recourse::expression {

// A literal's problem, for the parser to place: `at` is its offset in the literal.
struct LiteralError {
  std::size_t at = 0;
  std::string what;
};
using Literal = std::variant<Value, LiteralError>;

// "42", "0x2a", "42u", "4.2e1"; `negative` when a minus stands before it.
Literal ReadNumber(std::string_view text, bool negative);

// A string or bytes literal with its prefix and quotes, as the lexer found it.
Literal ReadString(std::string_view text);

// The double that is nearest to a decimal text; infinities and NaN by name. Nothing when `text` is
// no number.
std::optional<double> ReadDouble(std::string_view text);

}  // namespace recourse::expression
