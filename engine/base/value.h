// The values that flow through a run: inputs, outputs, expressions' results.
//
// A Value is what CEL calls a value without protobuf messages, and a superset of JSON's. It is
// immutable; lists and maps are shared, so that copying one is cheap. Thread safety: values may be
// read from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace recourse {

class Value;

// A span of time as CEL has it: -315,576,000,000 to 315,576,000,000 seconds. `nanos` has the sign
// of `seconds`, or any sign when `seconds` is 0.
struct Duration {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  auto operator<=>(const Duration&) const = default;
};

// A point in time as CEL has it: years 1 to 9999, seconds since 1970 in UTC, nanos 0 to
// 999,999,999.
struct Timestamp {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  auto operator<=>(const Timestamp&) const = default;
};

struct Bytes {
  std::string data;
  auto operator<=>(const Bytes&) const = default;
};

// The name of a type, as CEL's type() answers it: "int", "list".
struct TypeName {
  std::string name;
  auto operator<=>(const TypeName&) const = default;
};

// Orders keys of a map: bool, then numbers by their value whatever their type, then strings.
struct KeyLess {
  using is_transparent = void;
  bool operator()(const Value& a, const Value& b) const;
  bool operator()(const Value& a, std::string_view b) const;
  bool operator()(std::string_view a, const Value& b) const;
};

class Value {
 public:
  using List = std::vector<Value>;
  using Map = std::map<Value, Value, KeyLess>;

  // In the order of the alternatives below.
  enum class Kind {
    kNull,
    kBool,
    kInt,
    kUint,
    kDouble,
    kString,
    kBytes,
    kList,
    kMap,
    kTimestamp,
    kDuration,
    kType
  };

  Value() = default;  // null
  Value(std::nullptr_t) {}
  Value(bool value) : data_(value) {}
  Value(int value) : data_(std::int64_t{value}) {}
  Value(std::int64_t value) : data_(value) {}
  Value(std::uint64_t value) : data_(value) {}
  Value(double value) : data_(value) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(Bytes value) : data_(std::move(value)) {}
  Value(List value);
  Value(Map value);
  Value(Timestamp value) : data_(value) {}
  Value(Duration value) : data_(value) {}
  Value(TypeName value) : data_(std::move(value)) {}

  // A map with string keys: Value::Object({{"rows", 3}, {"ok", true}}).
  static Value Object(std::initializer_list<std::pair<std::string_view, Value>> members);

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_bool() const { return kind() == Kind::kBool; }
  bool is_int() const { return kind() == Kind::kInt; }
  bool is_uint() const { return kind() == Kind::kUint; }
  bool is_double() const { return kind() == Kind::kDouble; }
  bool is_string() const { return kind() == Kind::kString; }
  bool is_list() const { return kind() == Kind::kList; }
  bool is_map() const { return kind() == Kind::kMap; }

  // REQUIRES: kind() is the one asked for.
  bool as_bool() const { return std::get<bool>(data_); }
  std::int64_t as_int() const { return std::get<std::int64_t>(data_); }
  std::uint64_t as_uint() const { return std::get<std::uint64_t>(data_); }
  double as_double() const { return std::get<double>(data_); }
  const std::string& as_string() const { return std::get<std::string>(data_); }
  const Bytes& as_bytes() const { return std::get<Bytes>(data_); }
  const List& as_list() const { return *std::get<std::shared_ptr<const List>>(data_); }
  const Map& as_map() const { return *std::get<std::shared_ptr<const Map>>(data_); }
  Timestamp as_timestamp() const { return std::get<Timestamp>(data_); }
  Duration as_duration() const { return std::get<Duration>(data_); }
  const TypeName& as_type() const { return std::get<TypeName>(data_); }

  // The member `key` of a map, null when this is no map or has no such member.
  const Value& operator[](std::string_view key) const;
  // The same, telling a null member from none. The pointer lives as long as this value.
  const Value* Find(std::string_view key) const;

  // The member's value when it has that type, else `fallback`. Int accepts uint and whole doubles.
  std::string StringOr(std::string_view key, std::string_view fallback) const;
  std::int64_t IntOr(std::string_view key, std::int64_t fallback) const;
  bool BoolOr(std::string_view key, bool fallback) const;

  // This map with `key` set; REQUIRES: null or a map.
  Value With(std::string_view key, Value value) const;

  // "int", "list", "google.protobuf.Duration": the names of CEL's types.
  std::string_view TypeOf() const;

  // Equality as CEL defines it: numbers compare by value across types, NaN equals nothing,
  // different kinds are unequal.
  bool operator==(const Value& other) const;

 private:
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Bytes,
               std::shared_ptr<const List>, std::shared_ptr<const Map>, Timestamp, Duration,
               TypeName>
      data_;
};

// Compares two numbers of any numeric kind by their exact values.
// REQUIRES: both are numbers and not NaN.
std::strong_ordering CompareNumbers(const Value& a, const Value& b);

bool IsNumber(const Value& value);

}  // namespace recourse
