#include "engine/expression/lexer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

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
  explicit Lexer(std::string_view text) : text_(text) {}

  // Nothing after a mistake, which TakeMistake() then answers.
  std::optional<Token> Next() {
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

  Mistake TakeMistake() && { return *std::move(mistake_); }

 private:
  std::nullopt_t Fail(std::size_t offset, std::string what) {
    mistake_ = Mistake{InvalidArgument(std::move(what)), offset};
    return std::nullopt;
  }

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

  std::optional<Token> String(std::size_t begin, std::size_t prefix) {
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
      return Fail(begin, "the string has no closing " + std::string(quote));
    }
    at_ += quote.size();
    return Made(TokenKind::kString, begin);
  }

  std::optional<Token> Number(std::size_t begin) {
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
    if (IsLetter(Peek())) return Fail(begin, "a number that runs into a name");
    return Made(TokenKind::kNumber, begin);
  }

  std::optional<Token> Quoted(std::size_t begin) {
    ++at_;
    while (IsLetter(Peek()) || IsDigit(Peek()) || IsAnyOf("./- ", Peek())) {
      ++at_;
    }
    if (Peek() != '`' || at_ == begin + 1) {
      return Fail(begin,
                  "expected a name of letters, digits and any of \"_./- \", "
                  "then a closing `");
    }
    ++at_;
    return Made(TokenKind::kQuoted, begin);
  }

  std::optional<Token> Symbol(std::size_t begin) {
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
    std::string what =
        "\"" + std::string(text_.substr(at_, SequenceLength(Peek()))) + "\" has no meaning here";
    if (Peek() == '=') what += "; equality is \"==\"";
    if (Peek() == '&') what += "; and is \"&&\"";
    if (Peek() == '|') what += "; or is \"||\"";
    return Fail(at_, what);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::optional<Mistake> mistake_;
};

}  // namespace

std::variant<std::vector<Token>, Mistake> Tokenize(std::string_view source) {
  if (!IsUtf8(source)) return Mistake{InvalidArgument("the expression is not UTF-8 text"), 0};
  std::vector<Token> tokens;
  tokens.reserve(source.size() / 6 + 4);
  Lexer lexer(source);
  do {
    const std::optional<Token> token = lexer.Next();
    if (!token) return std::move(lexer).TakeMistake();
    tokens.push_back(*token);
  } while (tokens.back().kind != TokenKind::kEnd);
  return tokens;
}

std::variant<std::size_t, Mistake> FindClosingBrace(std::string_view source) {
  Lexer lexer(source);
  for (std::size_t open = 1;;) {
    const std::optional<Token> token = lexer.Next();
    if (!token) return std::move(lexer).TakeMistake();
    if (token->kind == TokenKind::kEnd) {
      return Mistake{InvalidArgument("expected \"}\" to close the \"${\""), source.size()};
    }
    if (token->kind != TokenKind::kSymbol) continue;
    if (token->text == "{") ++open;
    if (token->text == "}" && --open == 0) return token->begin;
  }
}

}  // namespace recourse::expression
