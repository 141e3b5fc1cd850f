// Problems of expressions stand where the expression stands, however its string is written.
#include <catch2/catch.hpp>

#include "support.h"

namespace recourse::definition {
namespace {

using Catch::Contains;

std::string With(const std::string& value) {
  return WithSteps("  - id: a\n    action: do.it\n    with:\n      x: " + value + "\n");
}

// The place of the word "wrong" in the text, as a problem begins with it.
std::string PlaceOfWrong(const std::string& text) {
  int line = 1;
  int column = 1;
  for (const char c : text.substr(0, text.find("wrong"))) {
    column = c == '\n' ? 1 : column + 1;
    line += c == '\n';
  }
  return "w.yaml:" + std::to_string(line) + ":" + std::to_string(column) + ": ";
}

}  // namespace

TEST_CASE("an expression's problem has its line and column in the file", "[definition]") {
  for (const char* value : {
           "${wrong}",
           "plain ${wrong}",
           "plain words\n        over lines\n\n        and ${1 +\n        wrong}",
           "\"${wrong}\"",
           "\"\\t\\x41\\u00e9 ${wrong}\"",
           "\"a\\\n          b ${wrong}\"",
           "\"a\n        b\n\n        c ${wrong}\"",
           "'it''s ${wrong}'",
           "'${\"''\" + wrong}'",
           "|\n        first\n          second ${1 +\n        wrong}\n",
           "|-\n\n        ${wrong}\n",
           "|2\n          ${wrong}\n",
           ">\n        first\n        ${1 +\n        wrong}\n",
           ">-\n        first\n\n        second\n        ${wrong}",
           "[a, {b: \"${wrong}\"}]",
       }) {
    const std::string text = With(value);
    INFO(text);
    CHECK_THAT(Refusal(text), Contains(PlaceOfWrong(text) + "unknown variable \"wrong\""));
  }
}

TEST_CASE("an expression that does not parse is told where it breaks", "[definition]") {
  CHECK_THAT(Refusal(With("\"${1 + }\"")),
             Contains(":17: expected a value, found the end of the expression"));
  CHECK_THAT(Refusal(WithSteps("  - id: a\n    action: do.it\n    when: '${now < }'\n")),
             Contains(":20: when: expected a value"));
  CHECK_THAT(Refusal(With("\"x ${1\"")), Contains("expected \"}\" to close the \"${\""));
}

TEST_CASE("at run time an expression knows its place, but not in a stored definition",
          "[definition]") {
  const auto loaded =
      Load(WithSteps("  - id: a\n    action: do.it\n    when: '${inputs.target.name.y == 1}'\n"));
  const expression::MapScope scope(
      {{"inputs", Value::Object({{"target", Value::Object({{"name", "text"}})}})}});
  const auto value = loaded->steps[0].when->Evaluate(scope);
  REQUIRE_FALSE(value);
  CHECK_THAT(value.error().message, Contains("of the definition)"));
  const auto stored = LoadStoredWorkflow(loaded->canonical, &TestActions());
  REQUIRE(stored.workflow != nullptr);
  const auto again = stored.workflow->steps[0].when->Evaluate(scope);
  REQUIRE_FALSE(again);
  CHECK_THAT(again.error().message, !Contains("of the definition)"));
}

}  // namespace recourse::definition
