#include "engine/expression/place.h"

#include "tests/unit/engine/expression/evaluate.h"

namespace recourse::expression {

TEST_CASE("a layout tells where each part of a text stands", "[expression]") {
  // "aä" at 3:7, then "bc" on the next line.
  const std::string text = "aä bc";
  const Layout layout({{0, {3, 7}}, {4, {4, 3}}});
  CHECK(layout.PlaceOf(text, 0) == Place{3, 7});
  CHECK(layout.PlaceOf(text, 3) == Place{3, 9});
  CHECK(layout.PlaceOf(text, 4) == Place{4, 3});
  CHECK(layout.PlaceOf(text, 5) == Place{4, 4});
  CHECK(layout.PlaceOf(text, 99) == Place{4, 5});
  const Layout part = layout.Part(text, 3, 3);
  CHECK(part.PlaceOf(" bc", 0) == Place{3, 9});
  CHECK(part.PlaceOf(" bc", 2) == Place{4, 4});
  CHECK_FALSE(Layout().PlaceOf(text, 2).known());
}

TEST_CASE("an error of an evaluation says where in the definition it happened", "[expression]") {
  const auto read =
      Program::Read("inputs.on &&\ninputs.rows + 'x' == 1", Layout({{0, {12, 7}}, {13, {13, 9}}}));
  const auto& program = std::get<Program>(read);
  CHECK(program.PlaceOf(13) == Place{13, 9});
  const MapScope scope({{"inputs", Value::Object({{"on", true}, {"rows", 3}})}});
  CHECK(ErrorOf(program.Evaluate(scope)) ==
        "INVALID_ARGUMENT: \"+\" does not work on int and string in `inputs.rows + 'x'` (line 13, "
        "column 9 of the definition)");
  CHECK(ErrorOf(program.Evaluate(scope, Limits{.steps_max = 2})) ==
        "RESOURCE_EXHAUSTED: the expression takes more than 2 steps (line 12, column 7 of the "
        "definition)");
}

TEST_CASE("of several errors the first is told, with its place", "[expression]") {
  const auto program = Program::Parse("1 + 'a' == 2 || 'b' + 1 == 3");
  const auto answer = program->Try(MapScope({}));
  CHECK(std::get<Mistake>(answer).offset == 0);
  const auto other = Program::Parse("[0, 1].all(x, 1 / x > 5 || x + 'a' == 1)")->Try(MapScope({}));
  CHECK(std::get<Mistake>(other).offset == 14);
}

}  // namespace recourse::expression
