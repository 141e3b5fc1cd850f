// strings.quote and string.format.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>

#include "engine/base/text.h"
#include "engine/expression/conversion.h"
#include "engine/expression/functions.h"
#include "engine/expression/operators.h"
#include "engine/expression/secret.h"

namespace recourse::expression {
namespace {

using Args = const Arguments&;

Result<Value> Quote(Args a) {
  RECOURSE_SPEND(a.budget, SpendBytes(2 * a[0].as_string().size()));
  std::string out = "\"";
  for (const char c : a[0].as_string()) {
    switch (c) {
      case '\a':
        out += "\\a";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\v':
        out += "\\v";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '"':
        out += "\\\"";
        break;
      default:
        out += c;
    }
  }
  return Value(out + '"');
}

// Writes the clauses of one format() call.
class Formatter {
 public:
  explicit Formatter(Args arguments) : arguments_(arguments), budget_(arguments.budget) {}

  Result<Value> Format() {
    const std::string& format = arguments_[0].as_string();
    for (std::size_t at = 0; at < format.size();) {
      const std::size_t percent = std::min(format.find('%', at), format.size());
      if (!Append(std::string_view(format).substr(at, percent - at))) return budget_.Exhausted();
      at = percent;
      if (at == format.size()) break;
      if (format.compare(at, 2, "%%") == 0) {
        out_ += '%';
        at += 2;
        continue;
      }
      Result<std::size_t> next = Clause(format, at + 1);
      if (!next) return std::move(next).error();
      at = *next;
    }
    return Value(std::move(out_));
  }

 private:
  bool Append(std::string_view text) {
    if (!budget_.Spend(1 + text.size() / 32)) return false;
    out_ += text;
    return true;
  }

  // Writes the clause after a "%" and answers where the text goes on.
  Result<std::size_t> Clause(const std::string& format, std::size_t at) {
    constexpr int kPrecisionMax = 100;
    int precision = 6;
    if (at < format.size() && format[at] == '.') {
      const char* begin = format.data() + at + 1;
      const auto [end, error] = std::from_chars(begin, format.data() + format.size(), precision);
      if (error != std::errc() || precision < 0 || precision > kPrecisionMax) {
        return InvalidArgument("the precision after \"%.\" is a number up to 100");
      }
      at = static_cast<std::size_t>(end - format.data());
    }
    if (at == format.size()) return InvalidArgument("the format ends within a clause");
    const char verb = format[at];
    if (std::string_view("sdfebxXo").find(verb) == std::string_view::npos) {
      return InvalidArgument("the format has no clause \"%" + std::string(1, verb) +
                             "\"; there are %s %d %f %e %b %x %X %o and %%");
    }
    const Value::List& values = arguments_[1].as_list();
    if (next_ >= values.size()) {
      return InvalidArgument("the format has more clauses than the " +
                             std::to_string(values.size()) + " values given");
    }
    const Value& value = values[next_++];
    std::optional<std::string> text;
    if (verb == 's') {
      if (Result<void> written = Write(value); !written) return std::move(written).error();
      return at + 1;
    }
    if (verb == 'd') text = Decimal(value);
    if (verb == 'f' || verb == 'e') text = Floating(value, verb, precision);
    if (verb == 'b' || verb == 'o') text = InBase(value, verb == 'b' ? 2 : 8);
    if (verb == 'x' || verb == 'X') text = Hexadecimal(value, verb == 'X');
    if (!text) {
      return InvalidArgument("the clause %" + std::string(1, verb) + " cannot write " +
                             TypeText(value));
    }
    if (!Append(*text)) return budget_.Exhausted();
    return at + 1;
  }

  // %s: lists and maps too.
  Result<void> Write(const Value& value) {
    bool paid = true;
    if (value.is_list()) {
      paid = Append("[");
      bool first = true;
      for (const Value& element : value.as_list()) {
        if (!first) out_ += ", ";
        first = false;
        if (Result<void> written = Write(element); !written) return written;
      }
      out_ += "]";
    } else if (IsSecret(value)) {
      return SecretUsed();
    } else if (value.is_map()) {
      // In the order of the keys' texts.
      std::map<std::string, const Value*> entries;
      for (const auto& [key, element] : value.as_map()) {
        paid = paid && budget_.Spend(1);
        entries.emplace(ScalarText(key), &element);
      }
      paid = paid && Append("{");
      bool first = true;
      for (const auto& [key, element] : entries) {
        if (!Append(first ? "" : ", ") || !Append(key)) return budget_.Exhausted();
        first = false;
        out_ += ": ";
        if (Result<void> written = Write(*element); !written) return written;
      }
      out_ += "}";
    } else {
      paid = Append(ScalarText(value));
    }
    if (!paid) return budget_.Exhausted();
    return {};
  }

  static bool IsSpecial(const Value& value) {
    return value.is_double() && !std::isfinite(value.as_double());
  }

  static std::optional<std::string> Decimal(const Value& value) {
    if (value.is_int() || value.is_uint() || IsSpecial(value)) return ScalarText(value);
    return std::nullopt;
  }

  static std::optional<std::string> Floating(const Value& value, char verb, int precision) {
    if (!IsNumber(value)) return std::nullopt;
    if (IsSpecial(value)) return ScalarText(value);
    const double number = value.is_double() ? value.as_double()
                          : value.is_int()  ? static_cast<double>(value.as_int())
                                            : static_cast<double>(value.as_uint());
    char buffer[512];  // 309 digits, a point and the precision
    const auto form = verb == 'f' ? std::chars_format::fixed : std::chars_format::scientific;
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, form, precision).ptr;
    return std::string(buffer, end);
  }

  static std::optional<std::string> InBase(const Value& value, int base) {
    char buffer[80];
    std::to_chars_result result{};
    if (value.is_int()) {
      result = std::to_chars(buffer, buffer + sizeof buffer, value.as_int(), base);
    } else if (value.is_uint()) {
      result = std::to_chars(buffer, buffer + sizeof buffer, value.as_uint(), base);
    } else if (value.is_bool() && base == 2) {
      return value.as_bool() ? "1" : "0";
    } else {
      return std::nullopt;
    }
    return std::string(buffer, result.ptr);
  }

  std::optional<std::string> Hexadecimal(const Value& value, bool upper) {
    std::optional<std::string> text;
    if (value.is_string() || value.kind() == Value::Kind::kBytes) {
      const std::string& bytes = value.is_string() ? value.as_string() : value.as_bytes().data;
      // Paid before it is made; what Append() asks for on top is small.
      text = budget_.SpendBytes(2 * bytes.size()) ? Hex(bytes) : std::string();
    } else {
      text = InBase(value, 16);
    }
    if (text && upper) {
      for (char& c : *text) c = c >= 'a' ? static_cast<char>(c ^ 0x20) : c;
    }
    return text;
  }

  Args arguments_;
  Budget& budget_;
  std::size_t next_ = 0;
  std::string out_;
};

Result<Value> Format(Args a) { return Formatter(a).Format(); }

constexpr Overload kTextTable[] = {
    {"strings.quote", Style::kFunction, "s", "s", Quote},
    {"format", Style::kMember, "sl", "s", Format},
};

}  // namespace

std::span<const Overload> TextFunctions() { return kTextTable; }

}  // namespace recourse::expression
