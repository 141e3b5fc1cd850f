#include "engine/base/value.h"

#include <cmath>
#include <compare>

#include "engine/base/check.h"

namespace recourse {
namespace {

int KeyClass(const Value& key) {
  if (key.is_bool()) return 0;
  if (IsNumber(key)) return 1;
  return 2;
}

std::strong_ordering CompareIntDouble(std::int64_t a, double b) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (b >= kTwoTo63) return std::strong_ordering::less;
  if (b < -kTwoTo63) return std::strong_ordering::greater;
  const double floor = std::floor(b);
  const auto whole = static_cast<std::int64_t>(floor);
  if (a != whole) return a <=> whole;
  return b > floor ? std::strong_ordering::less : std::strong_ordering::equal;
}

std::strong_ordering CompareUintDouble(std::uint64_t a, double b) {
  constexpr double kTwoTo64 = 18446744073709551616.0;
  if (b >= kTwoTo64) return std::strong_ordering::less;
  if (b < 0) return std::strong_ordering::greater;
  const double floor = std::floor(b);
  const auto whole = static_cast<std::uint64_t>(floor);
  if (a != whole) return a <=> whole;
  return b > floor ? std::strong_ordering::less : std::strong_ordering::equal;
}

std::strong_ordering CompareIntUint(std::int64_t a, std::uint64_t b) {
  if (a < 0) return std::strong_ordering::less;
  return static_cast<std::uint64_t>(a) <=> b;
}

std::strong_ordering Reverse(std::strong_ordering order) { return 0 <=> order; }

const Value kNullValue;

}  // namespace

bool IsNumber(const Value& value) { return value.is_int() || value.is_uint() || value.is_double(); }

std::strong_ordering CompareNumbers(const Value& a, const Value& b) {
  if (a.is_int()) {
    if (b.is_int()) return a.as_int() <=> b.as_int();
    if (b.is_uint()) return CompareIntUint(a.as_int(), b.as_uint());
    return CompareIntDouble(a.as_int(), b.as_double());
  }
  if (a.is_uint()) {
    if (b.is_uint()) return a.as_uint() <=> b.as_uint();
    if (b.is_int()) return Reverse(CompareIntUint(b.as_int(), a.as_uint()));
    return CompareUintDouble(a.as_uint(), b.as_double());
  }
  if (b.is_int()) return Reverse(CompareIntDouble(b.as_int(), a.as_double()));
  if (b.is_uint()) return Reverse(CompareUintDouble(b.as_uint(), a.as_double()));
  if (a.as_double() < b.as_double()) return std::strong_ordering::less;
  if (a.as_double() > b.as_double()) return std::strong_ordering::greater;
  return std::strong_ordering::equal;
}

bool KeyLess::operator()(const Value& a, const Value& b) const {
  const int class_a = KeyClass(a);
  const int class_b = KeyClass(b);
  if (class_a != class_b) return class_a < class_b;
  if (class_a == 0) return a.as_bool() < b.as_bool();
  if (class_a == 1) return CompareNumbers(a, b) < 0;
  return a.as_string() < b.as_string();
}

bool KeyLess::operator()(const Value& a, std::string_view b) const {
  return KeyClass(a) < 2 || a.as_string() < b;
}

bool KeyLess::operator()(std::string_view a, const Value& b) const {
  return KeyClass(b) == 2 && a < b.as_string();
}

Value::Value(List value) : data_(std::make_shared<const List>(std::move(value))) {}
Value::Value(Map value) : data_(std::make_shared<const Map>(std::move(value))) {}

Value Value::Object(std::initializer_list<std::pair<std::string_view, Value>> members) {
  Map map;
  for (const auto& [key, value] : members) map.insert_or_assign(Value(key), value);
  return map;
}

const Value* Value::Find(std::string_view key) const {
  if (!is_map()) return nullptr;
  const auto found = as_map().find(key);
  return found == as_map().end() ? nullptr : &found->second;
}

const Value& Value::operator[](std::string_view key) const {
  const Value* found = Find(key);
  return found == nullptr ? kNullValue : *found;
}

std::string Value::StringOr(std::string_view key, std::string_view fallback) const {
  const Value& member = (*this)[key];
  return member.is_string() ? member.as_string() : std::string(fallback);
}

std::int64_t Value::IntOr(std::string_view key, std::int64_t fallback) const {
  const Value& member = (*this)[key];
  if (member.is_int()) return member.as_int();
  if (member.is_uint() && member.as_uint() <= std::uint64_t{INT64_MAX}) {
    return static_cast<std::int64_t>(member.as_uint());
  }
  if (member.is_double() && std::trunc(member.as_double()) == member.as_double() &&
      std::abs(member.as_double()) < 9e18) {
    return static_cast<std::int64_t>(member.as_double());
  }
  return fallback;
}

bool Value::BoolOr(std::string_view key, bool fallback) const {
  const Value& member = (*this)[key];
  return member.is_bool() ? member.as_bool() : fallback;
}

Value Value::With(std::string_view key, Value value) const {
  RECOURSE_CHECK(is_null() || is_map());
  Map map = is_map() ? as_map() : Map();
  map.insert_or_assign(Value(key), std::move(value));
  return map;
}

std::string_view Value::TypeOf() const {
  switch (kind()) {
    case Kind::kNull:
      return "null_type";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kUint:
      return "uint";
    case Kind::kDouble:
      return "double";
    case Kind::kString:
      return "string";
    case Kind::kBytes:
      return "bytes";
    case Kind::kList:
      return "list";
    case Kind::kMap:
      return "map";
    case Kind::kTimestamp:
      return "google.protobuf.Timestamp";
    case Kind::kDuration:
      return "google.protobuf.Duration";
    case Kind::kType:
      return "type";
  }
  return "null_type";
}

bool Value::operator==(const Value& other) const {
  if (IsNumber(*this) && IsNumber(other)) {
    if (is_double() && std::isnan(as_double())) return false;
    if (other.is_double() && std::isnan(other.as_double())) return false;
    return CompareNumbers(*this, other) == 0;
  }
  if (kind() != other.kind()) return false;
  if (is_list()) return as_list() == other.as_list();
  if (is_map()) {
    // Not std::map's operator==: its keys compare as KeyLess has them, not by kind.
    if (as_map().size() != other.as_map().size()) return false;
    for (const auto& [key, value] : as_map()) {
      const auto found = other.as_map().find(key);
      if (found == other.as_map().end() || !(found->second == value)) return false;
    }
    return true;
  }
  return data_ == other.data_;
}

}  // namespace recourse
