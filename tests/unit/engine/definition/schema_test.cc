#include "engine/definition/schema.h"

#include <catch2/catch.hpp>

#include "engine/base/json.h"
#include "engine/definition/action_spec.h"

namespace recourse::definition {
namespace {

std::string Check(std::string_view value, std::string_view schema) {
  const auto checked = CheckAgainstSchema(*ParseJson(value), *ParseJson(schema), "inputs");
  return checked ? "fits" : checked.error().message;
}

TEST_CASE("a value is checked against its schema, and the first misfit is named", "[definition]") {
  struct Case {
    const char* value;
    const char* schema;
    const char* expected;
  };
  const Case cases[] = {
      {"1", R"({"type": "integer"})", "fits"},
      {"2.0", R"({"type": "integer"})", "fits"},
      {"2.5", R"({"type": "integer"})", "inputs: expected an integer, found a number"},
      {"1", R"({"type": "number"})", "fits"},
      {"\"a\"", R"({"type": "number"})", "inputs: expected a number, found a string"},
      {"null", R"({"type": ["string", "null"]})", "fits"},
      {"[]", R"({"type": ["string", "object"]})",
       "inputs: expected a string or an object, found an array"},
      {"\"b\"", R"({"enum": ["a", 3]})", "inputs: expected one of a, 3, found \"b\""},
      {"0", R"({"minimum": 1})", "inputs: expected at least 1, found 0"},
      {"11", R"({"maximum": 10.5})", "inputs: expected at most 10.5, found 11"},
      {"\"\"", R"({"minLength": 1})", "inputs: must not be empty"},
      {"\"\u00e9\u00e9\"", R"({"minLength": 3})", "inputs: expected at least 3 characters"},
      {R"({"a": [1, "x"]})", R"({"properties": {"a": {"items": {"type": "integer"}}}})",
       "inputs.a[1]: expected an integer, found a string"},
      {R"({"b": 1})",
       R"({"properties": {"a": {}}, "required": ["a"], "additionalProperties": true})",
       "inputs: \"a\" is missing"},
      {R"({"colour": 1})", R"({"properties": {"color": {}}})",
       "inputs.colour: is unknown; did you mean \"color\"?"},
      {R"({"x": 1})", R"({"additionalProperties": {"type": "string"}})",
       "inputs.x: expected a string, found an integer"},
      {R"({"x": 1})", R"({"type": "object"})", "fits"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.value, one.schema);
    CHECK(Check(one.value, one.schema) == one.expected);
  }
}

TEST_CASE("values that JSON lacks fit no type", "[definition]") {
  const Value schema = Value::Object({{"type", "string"}});
  const auto checked = CheckAgainstSchema(Timestamp{1, 0}, schema, "when");
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == Code::kInvalidArgument);
}

TEST_CASE("an expression fits everywhere, text around it only where a string does",
          "[definition]") {
  const Value schema = *ParseJson(R"({"type": "integer", "minimum": 5})");
  CHECK(FindMisfits("${inputs.a}", schema, Strings::kTemplates).empty());
  CHECK(FindMisfits("n${inputs.a}", schema, Strings::kTemplates).size() == 1);
  CHECK(FindMisfits("$${inputs.a}", schema, Strings::kTemplates).size() == 1);
  CHECK(FindMisfits("${inputs.a}", schema, Strings::kAsTheyAre).size() == 1);
  const Value text = *ParseJson(R"({"type": "string", "enum": ["a"]})");
  CHECK(FindMisfits("a${inputs.a}", text, Strings::kTemplates).empty());
}

}  // namespace
}  // namespace recourse::definition
