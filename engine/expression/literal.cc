#include "engine/expression/literal.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "engine/expression/utf8.h"

namespace recourse::expression {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Decodes what stands between the quotes.
class Decoder {
 public:
  Decoder(std::string_view text, std::size_t begin, std::size_t end, bool bytes)
      : text_(text.substr(0, end)), at_(begin), bytes_(bytes) {}

  Literal Decode() {
    while (at_ < text_.size()) {
      if (text_[at_] != '\\') {
        out_ += text_[at_++];
        continue;
      }
      const std::size_t begin = at_++;
      if (const char* what = Escape()) return LiteralError{begin, what};
    }
    if (bytes_) return Value(Bytes{std::move(out_)});
    return Value(std::move(out_));
  }

 private:
  // Null when the escape was understood, else what is wrong with it.
  const char* Escape() {
    const char c = text_[at_++];  // the lexer saw to it that one is there
    switch (c) {
      case 'a':
        out_ += '\a';
        return nullptr;
      case 'b':
        out_ += '\b';
        return nullptr;
      case 'f':
        out_ += '\f';
        return nullptr;
      case 'n':
        out_ += '\n';
        return nullptr;
      case 'r':
        out_ += '\r';
        return nullptr;
      case 't':
        out_ += '\t';
        return nullptr;
      case 'v':
        out_ += '\v';
        return nullptr;
      case '\\':
      case '?':
      case '"':
      case '\'':
      case '`':
        out_ += c;
        return nullptr;
      case 'x':
      case 'X':
        return CodePoint(2, 16);
      case 'u':
        return bytes_ ? "bytes have no \\u" : CodePoint(4, 16);
      case 'U':
        return bytes_ ? "bytes have no \\U" : CodePoint(8, 16);
      case '0':
      case '1':
      case '2':
      case '3':
        --at_;
        return CodePoint(3, 8);
      default:
        return "no escape that strings have (a backslash is written \\\\)";
    }
  }

  const char* CodePoint(std::size_t digits, int base) {
    char32_t point = 0;
    for (std::size_t i = 0; i < digits; ++i, ++at_) {
      const int digit = at_ < text_.size() ? HexDigit(text_[at_]) : -1;
      if (digit < 0 || digit >= base) {
        return base == 8     ? "expected three octal digits"
               : digits == 2 ? "expected two hexadecimal digits"
               : digits == 4 ? "expected four hexadecimal digits"
                             : "expected eight hexadecimal digits";
      }
      point = point * static_cast<char32_t>(base) + static_cast<char32_t>(digit);
    }
    if (bytes_) {
      out_ += static_cast<char>(point);
      return nullptr;
    }
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return "no Unicode character";
    AppendCodePoint(out_, point);
    return nullptr;
  }

  std::string_view text_;
  std::size_t at_;
  bool bytes_;
  std::string out_;
};

}  // namespace

Literal ReadNumber(std::string_view text, bool negative) {
  const bool hex = text.size() > 1 && (text[1] | 0x20) == 'x';
  if (!hex && text.find_first_of(".eE") != text.npos) {
    const std::optional<double> number = ReadDouble(text);
    if (!number) return LiteralError{0, "no number"};
    return Value(negative ? -*number : *number);
  }
  const bool is_unsigned = (text.back() | 0x20) == 'u';
  std::string_view digits = text.substr(hex ? 2 : 0);
  if (is_unsigned) digits.remove_suffix(1);
  std::uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, hex ? 16 : 10);
  if (error == std::errc::result_out_of_range) {
    return LiteralError{0, "a number that is too large"};
  }
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return LiteralError{0, "expected digits"};
  }
  // A negative uint is refused when it is evaluated, like the minus of any other wrong type.
  if (is_unsigned) return Value(number);
  if (number > std::uint64_t{INT64_MAX} + (negative ? 1 : 0)) {
    return LiteralError{0, "a number that is too large for an int"};
  }
  return Value(static_cast<std::int64_t>(negative ? 0 - number : number));
}

Literal ReadString(std::string_view text) {
  const std::size_t prefix = text.find_first_of("\"'");
  const bool bytes = prefix > 0 && (text[0] | 0x20) == 'b';
  const bool raw = prefix > 0 && (text[prefix - 1] | 0x20) == 'r';
  const std::string_view quoted = text.substr(prefix);
  const bool triple = quoted.starts_with("\"\"\"") || quoted.starts_with("'''");
  const std::size_t quote = triple ? 3 : 1;
  if (raw) {
    std::string content(quoted.substr(quote, quoted.size() - 2 * quote));
    if (bytes) return Value(Bytes{std::move(content)});
    return Value(std::move(content));
  }
  return Decoder(text, prefix + quote, text.size() - quote, bytes).Decode();
}

std::optional<double> ReadDouble(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // from_chars does not say in which direction; strtod answers the zero or infinity itself.
    return std::strtod(std::string(text).c_str(), nullptr);
  }
  return number;
}

}  // namespace recourse::expression
