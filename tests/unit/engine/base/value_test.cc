#include "engine/base/value.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace recourse {

TEST_CASE("numbers are equal by value whatever their type", "[base]") {
  CHECK(Value(1) == Value(std::uint64_t{1}));
  CHECK(Value(1) == Value(1.0));
  CHECK_FALSE(Value(1) == Value(1.5));
  CHECK_FALSE(Value(std::nan("")) == Value(std::nan("")));
  CHECK_FALSE(Value(1) == Value("1"));
}

TEST_CASE("numbers compare exactly where a double cannot hold an integer", "[base]") {
  const std::int64_t large = (std::int64_t{1} << 53) + 1;
  CHECK((CompareNumbers(Value(large), Value(9007199254740992.0)) > 0));
  CHECK((CompareNumbers(Value(INT64_MAX), Value(9223372036854775808.0)) < 0));
  CHECK((CompareNumbers(Value(std::uint64_t{UINT64_MAX}), Value(-1)) > 0));
}

TEST_CASE("a map has one member for a key, whatever the key's numeric type", "[base]") {
  Value::Map map;
  map.emplace(Value(1), "int");
  CHECK_FALSE(map.emplace(Value(1.0), "double").second);
  CHECK(map.emplace(Value("1"), "string").second);
  CHECK(map.emplace(Value(true), "bool").second);
}

TEST_CASE("members are found by name, and their absence is null", "[base]") {
  const Value value = Value::Object({{"path", "/x"}, {"rows", 3}, {"empty", Value()}});
  CHECK(value["path"] == Value("/x"));
  CHECK(value["missing"].is_null());
  CHECK(value.Find("empty") != nullptr);
  CHECK(value.Find("missing") == nullptr);
  CHECK(value.IntOr("rows", 0) == 3);
  CHECK(value.IntOr("path", 7) == 7);
  CHECK(Value(5)["anything"].is_null());
}

TEST_CASE("With answers a changed copy and leaves the original as it is", "[base]") {
  const Value before = Value::Object({{"a", 1}});
  const Value after = before.With("b", 2);
  CHECK(before.Find("b") == nullptr);
  CHECK(after["a"] == Value(1));
  CHECK(after["b"] == Value(2));
}

}  // namespace recourse
