// The words of an expression.
#pragma once

#include <cstddef>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/expression/place.h"

namespace recourse::expression {

enum class TokenKind {
  kEnd,
  kIdentifier,  // also true, false, null, in and the reserved words
  kQuoted,      // `a name between backticks`
  kNumber,
  kString,  // also bytes
  kSymbol,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::size_t begin = 0;  // in bytes
  std::size_t end = 0;
  std::string_view text;
};

// All tokens, the last one of kind kEnd. They point into the source.
// A mistake: a character that begins no token, a string without its end, not UTF-8.
std::variant<std::vector<Token>, Mistake> Tokenize(std::string_view source);

// Where the "}" stands that closes what was opened before the source; braces and strings within
// the expression are passed over.
// A mistake: there is none, or a token of the expression is broken.
std::variant<std::size_t, Mistake> FindClosingBrace(std::string_view source);

}  // namespace recourse::expression
