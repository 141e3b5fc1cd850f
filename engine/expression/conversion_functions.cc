// size(), type() and the conversions between types.
#include <charconv>
#include <cmath>

#include "engine/base/text.h"
#include "engine/expression/conversion.h"
#include "engine/expression/functions.h"
#include "engine/expression/literal.h"
#include "engine/expression/utf8.h"

namespace recourse::expression {
namespace {

using Args = const Arguments&;

Error CannotBecome(const Value& value, std::string_view type) {
  return InvalidArgument("\"" + Shortened(value.as_string(), 80) + "\" is no " +
                         std::string(type));
}

Result<Value> Same(Args a) { return a[0]; }

Result<Value> SizeOfString(Args a) {
  RECOURSE_SPEND(a.budget, SpendBytes(a[0].as_string().size()));
  return Value(static_cast<std::int64_t>(CountCodePoints(a[0].as_string())));
}
Result<Value> SizeOfBytes(Args a) {
  return Value(static_cast<std::int64_t>(a[0].as_bytes().data.size()));
}
Result<Value> SizeOfList(Args a) {
  return Value(static_cast<std::int64_t>(a[0].as_list().size()));
}
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
Result<Value> BytesOfString(Args a) {
  RECOURSE_SPEND(a.budget, SpendBytes(a[0].as_string().size()));
  return Value(Bytes{a[0].as_string()});
}

constexpr Overload kTable[] = {
    {"size", Style::kFunction, "s", SizeOfString},
    {"size", Style::kFunction, "y", SizeOfBytes},
    {"size", Style::kFunction, "l", SizeOfList},
    {"size", Style::kFunction, "m", SizeOfMap},
    {"size", Style::kMember, "s", SizeOfString},
    {"size", Style::kMember, "y", SizeOfBytes},
    {"size", Style::kMember, "l", SizeOfList},
    {"size", Style::kMember, "m", SizeOfMap},
    {"type", Style::kFunction, "*", TypeOf},
    {"dyn", Style::kFunction, "*", Same},
    {"bool", Style::kFunction, "b", Same},
    {"bool", Style::kFunction, "s", BoolOfString},
    {"int", Style::kFunction, "i", Same},
    {"int", Style::kFunction, "u", IntOfUint},
    {"int", Style::kFunction, "d", IntOfDouble},
    {"int", Style::kFunction, "s", IntOfString},
    {"int", Style::kFunction, "t", IntOfTimestamp},
    {"uint", Style::kFunction, "u", Same},
    {"uint", Style::kFunction, "i", UintOfInt},
    {"uint", Style::kFunction, "d", UintOfDouble},
    {"uint", Style::kFunction, "s", UintOfString},
    {"double", Style::kFunction, "d", Same},
    {"double", Style::kFunction, "i", DoubleOfInt},
    {"double", Style::kFunction, "u", DoubleOfUint},
    {"double", Style::kFunction, "s", DoubleOfString},
    {"string", Style::kFunction, "s", Same},
    {"string", Style::kFunction, "b", StringOfScalar},
    {"string", Style::kFunction, "i", StringOfScalar},
    {"string", Style::kFunction, "u", StringOfScalar},
    {"string", Style::kFunction, "d", StringOfScalar},
    {"string", Style::kFunction, "t", StringOfScalar},
    {"string", Style::kFunction, "D", StringOfScalar},
    {"string", Style::kFunction, "y", StringOfBytes},
    {"bytes", Style::kFunction, "y", Same},
    {"bytes", Style::kFunction, "s", BytesOfString},
};

}  // namespace

std::span<const Overload> ConversionFunctions() { return kTable; }

std::string ScalarText(const Value& value) {
  char buffer[32];
  switch (value.kind()) {
    case Value::Kind::kNull: return "null";
    case Value::Kind::kBool: return value.as_bool() ? "true" : "false";
    case Value::Kind::kInt: return std::to_string(value.as_int());
    case Value::Kind::kUint: return std::to_string(value.as_uint());
    case Value::Kind::kDouble: {
      const double number = value.as_double();
      if (std::isnan(number)) return "NaN";
      if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
      return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
    }
    case Value::Kind::kString: return value.as_string();
    case Value::Kind::kBytes: return value.as_bytes().data;
    case Value::Kind::kTimestamp: return FormatTimestamp(value.as_timestamp());
    case Value::Kind::kDuration: return FormatDuration(value.as_duration());
    case Value::Kind::kType: return value.as_type().name;
    case Value::Kind::kList:
    case Value::Kind::kMap: break;
  }
  return {};
}

}  // namespace recourse::expression
