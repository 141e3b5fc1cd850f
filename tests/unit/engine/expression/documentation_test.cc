// The examples of docs/expressions.md answer what it says.
#include <fstream>
#include <set>
#include <sstream>

#include "engine/base/json.h"
#include "engine/expression/functions.h"
#include "tests/unit/engine/expression/evaluate.h"

namespace recourse::expression {
namespace {

struct Examples {
  Value::Map variables;            // of the block between ```json and ```
  std::vector<std::string> lines;  // of those between ```cel and ```
};

Examples Read() {
  std::ifstream file(std::string(RECOURSE_SOURCE_DIR) + "/docs/expressions.md");
  REQUIRE(file.good());
  Examples examples;
  std::string block;
  std::string json;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      block = block.empty() ? line.substr(3) : "";
    } else if (block == "cel") {
      examples.lines.push_back(line);
    } else if (block == "json") {
      json += line + "\n";
    }
  }
  const auto variables = ParseJson(json);
  REQUIRE(variables);
  examples.variables = variables->as_map();
  return examples;
}

}  // namespace

TEST_CASE("every expression of docs/expressions.md answers what it says", "[expression][docs]") {
  const Examples examples = Read();
  CHECK(examples.lines.size() > 50);
  for (const std::string& line : examples.lines) {
    INFO(line);
    const std::size_t arrow = line.rfind(" => ");
    REQUIRE(arrow != line.npos);
    const std::string expected = line.substr(arrow + 4);
    const Result<Value> value = Evaluate(line.substr(0, arrow), examples.variables);
    if (expected.starts_with("error: ")) {
      CHECK_THAT(ErrorOf(value), Catch::Contains(expected.substr(7)));
    } else {
      INFO(ErrorOf(value));
      REQUIRE(value);
      CHECK(ToJson(*value) == expected);
    }
  }
}

TEST_CASE("docs/expressions.md names every function", "[expression][docs]") {
  std::ifstream file(std::string(RECOURSE_SOURCE_DIR) + "/docs/expressions.md");
  std::stringstream text;
  text << file.rdbuf();
  for (const Overload* overload : AllFunctions()) {
    INFO(overload->name);
    CHECK(text.str().find(overload->name) != std::string::npos);
  }
}

}  // namespace recourse::expression
