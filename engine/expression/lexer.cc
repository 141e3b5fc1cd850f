#include "engine/expression/lexer.h"

#include <algorithm>
#include <array>

#include "engine/base/text.h"
#include "engine/expression/utf8.h"

namespace recourse::expression {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsAnyOf(std::string_view any_of, char c) { return any_of.find(c) != any_of.npos; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

class Lexer {
 public:
  explicit Lexer(const Source& source) : source_(source), text_(source.text) {}

  Result<Token> Next() {
    SkipSpace();
    const std::size_t begin = at_;
    if (at_ >= text_.size()) return Made(TokenKind::kEnd, begin);
    if (const std::size_t prefix = StringPrefix(); prefix != std::string_view::npos) {
      return String(begin, prefix);
    }
    const char c = text_[at_];
    if (IsLetter(c)) {
      while (IsLetter(Peek()) || IsDigit(Peek())) ++at_;
      return Made(TokenKind::kIdentifier, begin);
    }
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number(begin);
    if (c == '`') return Quoted(begin);
    return Symbol(begin);
  }

 private:
  char Peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  Token Made(TokenKind kind, std::size_t begin) const {
    return Token{kind, begin, at_, text_.substr(begin, at_ - begin)};
  }

  void SkipSpace() {
    while (at_ < text_.size()) {
      if (IsSpace(text_[at_])) {
        ++at_;
      } else if (text_.substr(at_).starts_with("//")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        return;
      }
    }
  }

  // How many letters (b, r, br) stand before the quote of a string that begins here; npos: none.
  std::size_t StringPrefix() const {
    std::size_t length = 0;
    if (Peek(length) == 'b' || Peek(length) == 'B') ++length;
    if (Peek(length) == 'r' || Peek(length) == 'R') ++length;
    const char quote = Peek(length);
    return quote == '"' || quote == '\'' ? length : std::string_view::npos;
  }

  Result<Token> String(std::size_t begin, std::size_t prefix) {
    const bool raw = prefix > 0 && (text_[begin + prefix - 1] | 0x20) == 'r';
    at_ += prefix;
    std::string_view quote = text_.substr(at_, 3);
    const bool triple = quote == "\"\"\"" || quote == "'''";
    if (!triple) quote = quote.substr(0, 1);
    at_ += quote.size();
    while (at_ < text_.size() && !text_.substr(at_).starts_with(quote)) {
      if (!triple && (text_[at_] == '\n' || text_[at_] == '\r')) break;
      at_ += text_[at_] == '\\' && !raw ? 2 : 1;
    }
    if (!text_.substr(std::min(at_, text_.size())).starts_with(quote)) {
      return source_.ErrorAt(begin, "the string has no closing " + std::string(quote));
    }
    at_ += quote.size();
    return Made(TokenKind::kString, begin);
  }

  Result<Token> Number(std::size_t begin) {
    if (Peek() == '0' && (Peek(1) | 0x20) == 'x') {
      at_ += 2;
      while (IsHexDigit(Peek())) ++at_;
    } else {
      while (IsDigit(Peek())) ++at_;
      if (Peek() == '.' && IsDigit(Peek(1))) {
        ++at_;
        while (IsDigit(Peek())) ++at_;
      }
      const std::size_t sign = Peek(1) == '+' || Peek(1) == '-' ? 2 : 1;
      if ((Peek() | 0x20) == 'e' && IsDigit(Peek(sign))) {
        at_ += sign;
        while (IsDigit(Peek())) ++at_;
      }
    }
    if ((Peek() | 0x20) == 'u') ++at_;
    if (IsLetter(Peek())) return source_.ErrorAt(begin, "a number that runs into a name");
    return Made(TokenKind::kNumber, begin);
  }

  Result<Token> Quoted(std::size_t begin) {
    ++at_;
    while (IsLetter(Peek()) || IsDigit(Peek()) || IsAnyOf("./- ", Peek())) {
      ++at_;
    }
    if (Peek() != '`' || at_ == begin + 1) {
      return source_.ErrorAt(begin, "expected a name of letters, digits and any of \"_./- \", "
                                    "then a closing `");
    }
    ++at_;
    return Made(TokenKind::kQuoted, begin);
  }

  Result<Token> Symbol(std::size_t begin) {
    static constexpr std::array<std::string_view, 6> kTwo = {"==", "!=", "<=", ">=", "&&", "||"};
    for (const std::string_view symbol : kTwo) {
      if (text_.substr(at_).starts_with(symbol)) {
        at_ += 2;
        return Made(TokenKind::kSymbol, begin);
      }
    }
    if (IsAnyOf("<>+-*/%!?:.,()[]{}", Peek())) {
      ++at_;
      return Made(TokenKind::kSymbol, begin);
    }
    std::string what = "\"" + std::string(text_.substr(at_, SequenceLength(Peek()))) +
                       "\" has no meaning here";
    if (Peek() == '=') what += "; equality is \"==\"";
    if (Peek() == '&') what += "; and is \"&&\"";
    if (Peek() == '|') what += "; or is \"||\"";
    return source_.ErrorAt(at_, what);
  }

  const Source& source_;
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Error Source::ErrorAt(std::size_t offset, std::string_view what) const {
  const std::size_t before = CountCodePoints(text.substr(0, std::min(offset, text.size())));
  return InvalidArgument(std::string(what) + " at column " +
                         std::to_string(columns_before + before + 1));
}

Result<std::vector<Token>> Tokenize(const Source& source) {
  if (!IsUtf8(source.text)) return source.ErrorAt(0, "the expression is not UTF-8 text");
  std::vector<Token> tokens;
  Lexer lexer(source);
  do {
    Result<Token> token = lexer.Next();
    if (!token) return std::move(token).error();
    tokens.push_back(*token);
  } while (tokens.back().kind != TokenKind::kEnd);
  return tokens;
}

Result<std::size_t> FindClosingBrace(const Source& source) {
  Lexer lexer(source);
  for (std::size_t open = 1;;) {
    Result<Token> token = lexer.Next();
    if (!token) return std::move(token).error();
    if (token->kind == TokenKind::kEnd) {
      return source.ErrorAt(source.text.size(), "expected \"}\" to close the \"${\"");
    }
    if (token->kind != TokenKind::kSymbol) continue;
    if (token->text == "{") ++open;
    if (token->text == "}" && --open == 0) return token->begin;
  }
}

}  // namespace recourse::expression
