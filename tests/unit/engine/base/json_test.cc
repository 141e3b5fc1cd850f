#include "engine/base/json.h"

#include <catch2/catch.hpp>

namespace recourse {

TEST_CASE("JSON keeps whole numbers whole and doubles doubles", "[base]") {
  const auto value = ParseJson(R"({"b":[1,2.0,-3,18446744073709551615],"a":null})");
  REQUIRE(value);
  CHECK((*value)["b"].as_list()[0].is_int());
  CHECK((*value)["b"].as_list()[1].is_double());
  CHECK((*value)["b"].as_list()[3].is_uint());
  CHECK(ToJson(*value) == R"({"a":null,"b":[1,2.0,-3,18446744073709551615]})");
}

TEST_CASE("text survives the way out and back", "[base]") {
  const Value value = Value::Object({{"s", std::string("a\"\\\n\x01\x7f\xc3\xa4")}, {"d", 0.1}});
  const auto again = ParseJson(ToJson(value));
  REQUIRE(again);
  CHECK(*again == value);
}

TEST_CASE("control characters never reach a terminal raw", "[base]") {
  CHECK(ToJson(Value(std::string("\x1b[2J\x7f"))) == R"("\u001b[2J\u007f")");
}

TEST_CASE("what is no JSON is refused with its place", "[base]") {
  CHECK(ParseJson("{\"a\":}").error().message.find("byte 6") != std::string::npos);
  CHECK_FALSE(ParseJson(""));
  CHECK_FALSE(ParseJson("\"\xff\""));
  CHECK(ParseJson(R"({"a":1,"a":2})").error().message.find("twice") != std::string::npos);
  CHECK(ParseJson(std::string(200, '[')).error().message.find("deeper") != std::string::npos);
}

TEST_CASE("what JSON lacks is written as text", "[base]") {
  CHECK(ToJson(Value(Timestamp{0, 500000000})) == R"("1970-01-01T00:00:00.500Z")");
  CHECK(ToJson(Value(Duration{90, 0})) == R"("90s")");
  CHECK(ToJson(Value(Bytes{"ab"})) == R"("YWI=")");
}

TEST_CASE("a value is made what it is after its way out and back", "[base]") {
  const Value json = Value::Object({{"list", Value(Value::List{1, 2.5, "a", true, nullptr})}});
  CHECK(IsJson(json));
  CHECK(AsJson(json).value() == json);
  const Value other = Value::Object({{"at", Timestamp{0, 500000000}}, {"n", std::uint64_t{3}}});
  CHECK_FALSE(IsJson(other));
  const Value made = AsJson(other).value();
  CHECK(made["at"] == Value("1970-01-01T00:00:00.500Z"));
  CHECK(IsJson(made));
  CHECK_FALSE(AsJson(Value(Value::Map{{1, "a"}, {"1", "b"}})));
}

TEST_CASE("JSON for people has nothing in it that a terminal obeys", "[base]") {
  const Value value(
      "a\xc2\x9b"
      "31m b\xe2\x80\xae c\xe2\x81\xa6 \xc3\xa9 \xe2\x82\xac");
  CHECK(ToPrettyJson(value) == "\"a\\u009b31m b\\u202e c\\u2066 \xc3\xa9 \xe2\x82\xac\"");
  CHECK(*ParseJson(ToPrettyJson(value)) == value);
}

}  // namespace recourse
