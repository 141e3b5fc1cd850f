#include "actions/all.h"

#include <catch2/catch.hpp>
#include <regex>
#include <set>
#include <string>

#include "engine/base/json.h"

namespace recourse {
namespace {

// What is wrong with a schema, a line each.
std::string ProblemsOf(const Value& schema, const std::string& place) {
  static const std::set<std::string> kKeywords = {
      "type",    "properties", "required", "additionalProperties", "items",     "enum",
      "minimum", "maximum",    "default",  "description",          "minLength", "oneOf"};
  if (!schema.is_map()) return place + " is no schema\n";
  std::string problems;
  for (const auto& [keyword, value] : schema.as_map()) {
    if (!kKeywords.contains(keyword.as_string())) {
      problems +=
          place + ": " + keyword.as_string() + " is not in the part of JSON Schema we use\n";
    }
  }
  if (const Value* fallback = schema.Find("default")) {
    const auto fits = CheckAgainstSchema(*fallback, schema, place + ".default");
    if (!fits) problems += fits.error().message + "\n";
  }
  if (schema["required"].is_list()) {
    for (const Value& name : schema["required"].as_list()) {
      if (schema["properties"].Find(name.as_string()) == nullptr) {
        problems += place + " requires " + name.as_string() + ", which it does not have\n";
      }
    }
  }
  if (schema["properties"].is_map()) {
    const Value* additional = schema.Find("additionalProperties");
    if (additional == nullptr || *additional != Value(false)) {
      problems += place + " does not refuse unknown members\n";
    }
    for (const auto& [name, member] : schema["properties"].as_map()) {
      problems += ProblemsOf(member, place + "." + name.as_string());
    }
  }
  if (schema["additionalProperties"].is_map()) {
    problems += ProblemsOf(schema["additionalProperties"], place + ".*");
  }
  if (schema["oneOf"].is_list()) {
    for (const Value& one : schema["oneOf"].as_list()) {
      const Value& kinds = one["properties"]["kind"]["enum"];
      const bool is_choice = kinds.is_list() && kinds.as_list().size() == 1;
      if (!is_choice) problems += place + " has a choice that is not by one kind each\n";
      problems += ProblemsOf(one, place + (is_choice ? ":" + ToJson(kinds.as_list()[0]) : ""));
    }
  }
  if (schema["items"].is_map()) problems += ProblemsOf(schema["items"], place + "[]");
  return problems;
}

TEST_CASE("every action says of itself what the loader and its reader need", "[actions]") {
  Registry registry;
  AddAllActions(registry);
  static const std::regex kName("[a-z]+(_[a-z]+)*\\.[a-z]+(_[a-z]+)*");
  REQUIRE(registry.All().size() > 10);
  for (const ActionSpec* spec : registry.All()) {
    INFO(spec->name);
    CHECK(std::regex_match(spec->name, kName));
    CHECK(spec->summary.size() > 10);
    CHECK(spec->summary.size() <= 80);
    CHECK_FALSE(spec->summary.ends_with('.'));
    CHECK(ProblemsOf(spec->inputs, "inputs") == "");
    CHECK(ProblemsOf(spec->output, "output") == "");
    CHECK(spec->inputs["properties"].is_map());
    CHECK(spec->output["properties"].is_map());
    CHECK(spec->timeout > std::chrono::seconds(0));
    if (spec->repeat == RepeatClass::kReadOnly) {
      CHECK_FALSE(spec->can_compensate);
    }
  }
}

TEST_CASE("actions are found by their names and listed in order", "[actions]") {
  Registry registry;
  AddAllActions(registry);
  REQUIRE(registry.FindAction("service.start") != nullptr);
  CHECK(registry.Find("service.start") == &registry.FindAction("service.start")->Spec());
  CHECK(registry.Find("service.strat") == nullptr);
  std::string before;
  for (const ActionSpec* spec : registry.All()) {
    CHECK(before < spec->name);
    before = spec->name;
  }
}

}  // namespace
}  // namespace recourse
