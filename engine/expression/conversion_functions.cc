// size(), type() and the conversions between types.
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "engine/base/text.h"
#include "engine/expression/conversion.h"
#include "engine/expression/functions.h"
#include "engine/expression/literal.h"
#include "engine/expression/utf8.h"

namespace recourse::expression {
namespace {

using Args = const Arguments&;

Error CannotBecome(const Value& value, std::string_view type) {
  return InvalidArgument("\"" + Shortened(value.as_string(), 80) + "\" is no " + std::string(type));
}

Result<Value> SizeOfString(Args a) {
  RECOURSE_SPEND(a.budget, SpendBytes(a[0].as_string().size()));
  return Value(static_cast<std::int64_t>(CountCodePoints(a[0].as_string())));
}
Result<Value> SizeOfBytes(Args a) {
  return Value(static_cast<std::int64_t>(a[0].as_bytes().data.size()));
}
Result<Value> SizeOfList(Args a) { return Value(static_cast<std::int64_t>(a[0].as_list().size())); }
Result<Value> SizeOfMap(Args a) { return Value(static_cast<std::int64_t>(a[0].as_map().size())); }

Result<Value> TypeOf(Args a) { return Value(TypeName{std::string(a[0].TypeOf())}); }

Result<Value> BoolOfString(Args a) {
  const std::string& text = a[0].as_string();
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return Value(true);
  }
  for (const char* no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return Value(false);
  }
  return CannotBecome(a[0], "bool");
}

template <class Integer>
Result<Value> ParseInteger(const Value& value, std::string_view type) {
  std::string_view digits = value.as_string();
  if (digits.size() > 1 && digits.front() == '+' && digits[1] != '-') digits.remove_prefix(1);
  Integer number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return CannotBecome(value, type);
  }
  return Value(number);
}

Error OutOfRange(std::string_view type) {
  return InvalidArgument("the number is outside the range of " + std::string(type));
}

Result<Value> IntOfUint(Args a) {
  if (a[0].as_uint() > std::uint64_t{INT64_MAX}) return OutOfRange("int");
  return Value(static_cast<std::int64_t>(a[0].as_uint()));
}
Result<Value> IntOfDouble(Args a) {
  // Both ends are left out: the doubles there stand for numbers beyond them too.
  if (!(std::abs(a[0].as_double()) < 9223372036854775808.0)) return OutOfRange("int");
  return Value(static_cast<std::int64_t>(a[0].as_double()));
}
Result<Value> IntOfString(Args a) { return ParseInteger<std::int64_t>(a[0], "int"); }
Result<Value> IntOfTimestamp(Args a) { return Value(a[0].as_timestamp().seconds); }

Result<Value> UintOfInt(Args a) {
  if (a[0].as_int() < 0) return OutOfRange("uint");
  return Value(static_cast<std::uint64_t>(a[0].as_int()));
}
Result<Value> UintOfDouble(Args a) {
  const double number = a[0].as_double();
  if (!(number > -1 && number < 18446744073709551616.0)) return OutOfRange("uint");
  return Value(static_cast<std::uint64_t>(number));
}
Result<Value> UintOfString(Args a) { return ParseInteger<std::uint64_t>(a[0], "uint"); }

Result<Value> DoubleOfInt(Args a) { return Value(static_cast<double>(a[0].as_int())); }
Result<Value> DoubleOfUint(Args a) { return Value(static_cast<double>(a[0].as_uint())); }
Result<Value> DoubleOfString(Args a) {
  const std::optional<double> number = ReadDouble(a[0].as_string());
  if (!number) return CannotBecome(a[0], "double");
  return Value(*number);
}

Result<Value> StringOfScalar(Args a) { return Value(ScalarText(a[0])); }
Result<Value> StringOfBytes(Args a) {
  RECOURSE_SPEND(a.budget, SpendBytes(a[0].as_bytes().data.size()));
  if (!IsUtf8(a[0].as_bytes().data)) return InvalidArgument("the bytes are not UTF-8 text");
  return Value(a[0].as_bytes().data);
}
// "1.5 GiB", "500 MB": a number and a unit, with or without a space between them. Nothing when the
// text is no such size.
std::optional<double> ReadSize(std::string_view text) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {
      {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40},
      {"PiB", 0x1p50}, {"kB", 1e3},     {"KB", 1e3},     {"MB", 1e6},
      {"GB", 1e9},     {"TB", 1e12},    {"PB", 1e15},    {"B", 1}};
  const std::size_t digits = text.find_first_not_of("0123456789.");
  if (digits == 0 || digits == text.npos || digits > 40) return std::nullopt;
  std::string_view unit = text.substr(digits);
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  for (const auto& [name, factor] : kUnits) {
    if (unit != name) continue;
    const std::optional<double> number = ReadDouble(text.substr(0, digits));
    return number ? std::optional<double>(*number * factor) : std::nullopt;
  }
  return std::nullopt;
}

// A size is the number of bytes that it names; any other text becomes its bytes, as CEL has it.
Result<Value> BytesOfString(Args a) {
  if (const auto size = ReadSize(a[0].as_string())) {
    if (*size > 0x1p62) return OutOfRange("int");
    return Value(static_cast<std::int64_t>(*size));
  }
  RECOURSE_SPEND(a.budget, SpendBytes(a[0].as_string().size()));
  return Value(Bytes{a[0].as_string()});
}

constexpr Overload kConversionTable[] = {
    {"size", Style::kFunction, "s", "i", SizeOfString},
    {"size", Style::kFunction, "y", "i", SizeOfBytes},
    {"size", Style::kFunction, "l", "i", SizeOfList},
    {"size", Style::kFunction, "m", "i", SizeOfMap},
    {"size", Style::kMember, "s", "i", SizeOfString},
    {"size", Style::kMember, "y", "i", SizeOfBytes},
    {"size", Style::kMember, "l", "i", SizeOfList},
    {"size", Style::kMember, "m", "i", SizeOfMap},
    {"type", Style::kFunction, "*", "T", TypeOf},
    {"dyn", Style::kFunction, "*", "*", Same},
    {"bool", Style::kFunction, "b", "b", Same},
    {"bool", Style::kFunction, "s", "b", BoolOfString},
    {"int", Style::kFunction, "i", "i", Same},
    {"int", Style::kFunction, "u", "i", IntOfUint},
    {"int", Style::kFunction, "d", "i", IntOfDouble},
    {"int", Style::kFunction, "s", "i", IntOfString},
    {"int", Style::kFunction, "t", "i", IntOfTimestamp},
    {"uint", Style::kFunction, "u", "u", Same},
    {"uint", Style::kFunction, "i", "u", UintOfInt},
    {"uint", Style::kFunction, "d", "u", UintOfDouble},
    {"uint", Style::kFunction, "s", "u", UintOfString},
    {"double", Style::kFunction, "d", "d", Same},
    {"double", Style::kFunction, "i", "d", DoubleOfInt},
    {"double", Style::kFunction, "u", "d", DoubleOfUint},
    {"double", Style::kFunction, "s", "d", DoubleOfString},
    {"string", Style::kFunction, "s", "s", Same},
    {"string", Style::kFunction, "b", "s", StringOfScalar},
    {"string", Style::kFunction, "i", "s", StringOfScalar},
    {"string", Style::kFunction, "u", "s", StringOfScalar},
    {"string", Style::kFunction, "d", "s", StringOfScalar},
    {"string", Style::kFunction, "t", "s", StringOfScalar},
    {"string", Style::kFunction, "D", "s", StringOfScalar},
    {"string", Style::kFunction, "y", "s", StringOfBytes},
    {"bytes", Style::kFunction, "y", "y", Same},
    {"bytes", Style::kFunction, "s", "*", BytesOfString},
};

}  // namespace

std::span<const Overload> ConversionFunctions() { return kConversionTable; }

std::string ScalarText(const Value& value) {
  char buffer[32];
  switch (value.kind()) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kBool:
      return value.as_bool() ? "true" : "false";
    case Value::Kind::kInt:
      return std::to_string(value.as_int());
    case Value::Kind::kUint:
      return std::to_string(value.as_uint());
    case Value::Kind::kDouble: {
      const double number = value.as_double();
      if (std::isnan(number)) return "NaN";
      if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
      return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
    }
    case Value::Kind::kString:
      return value.as_string();
    case Value::Kind::kBytes:
      return value.as_bytes().data;
    case Value::Kind::kTimestamp:
      return FormatTimestamp(value.as_timestamp());
    case Value::Kind::kDuration:
      return FormatDuration(value.as_duration());
    case Value::Kind::kType:
      return value.as_type().name;
    case Value::Kind::kList:
    case Value::Kind::kMap:
      break;
  }
  return {};
}

}  // namespace recourse::expression
