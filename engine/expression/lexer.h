// The words of an expression.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace recourse::expression {

enum class TokenKind {
  kEnd,
  kIdentifier,  // also true, false, null, in and the reserved words
  kQuoted,      // `a name between backticks`
  kNumber,
  kString,      // also bytes
  kSymbol,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::size_t begin = 0;  // in bytes
  std::size_t end = 0;
  std::string_view text;
};

// A source with what its messages need. `columns_before` is the number of characters that stand
// before it in the text that a person sees.
struct Source {
  std::string_view text;
  std::size_t columns_before = 0;

  // kInvalidArgument: "`what` at column 12".
  Error ErrorAt(std::size_t offset, std::string_view what) const;
};

// All tokens, the last one of kind kEnd. They point into the source.
// kInvalidArgument: a character that begins no token, a string without its end, not UTF-8.
Result<std::vector<Token>> Tokenize(const Source& source);

// Where the "}" stands that closes what was opened before the source; braces and strings within
// the expression are passed over.
// kInvalidArgument: there is none, or a token of the expression is broken.
Result<std::size_t> FindClosingBrace(const Source& source);

}  // namespace recourse::expression
