#include "engine/expression/evaluator.h"

#include "tests/unit/engine/expression/evaluate.h"

namespace recourse::expression {
namespace {

// A run whose step "check" has answered and whose step "backup" has not.
Value::Map Run() {
  return {
      {"steps", Value::Object({{"check", Value::Object({{"output", Value::Object({
                                                                       {"rows", 1200},
                                                                       {"problems", Value::List{}},
                                                                   })}})},
                               {"backup", Value::Object({{"output", nullptr}})}})},
      {"inputs", Value::Object({{"target", Value::Object({{"name", "shop"}})}})}};
}

}  // namespace

TEST_CASE("a guard reads what steps have answered", "[expression]") {
  CHECK(Evaluate("steps.check.output.rows > 1000", Run())->as_bool());
  CHECK(Evaluate("steps['check'].output['rows'] > 1000", Run())->as_bool());
  CHECK(Evaluate("size(steps.check.output.problems) == 0", Run())->as_bool());
  CHECK(Evaluate("inputs.target.name in ['shop', 'app'] && !has(inputs.force)", Run())->as_bool());
}

TEST_CASE("has() asks for a member and for all that leads to it", "[expression]") {
  CHECK(Evaluate("has(steps.check.output.rows)", Run())->as_bool());
  CHECK_FALSE(Evaluate("has(steps.check.output.row)", Run())->as_bool());
  CHECK_FALSE(Evaluate("has(steps.backup.output.path)", Run())->as_bool());
  CHECK_FALSE(Evaluate("has(steps.restore.output.path)", Run())->as_bool());
  CHECK_FALSE(Evaluate("has(steps['restore'].output.path)", Run())->as_bool());

  SECTION("but a variable that does not exist, and a member of a number, are errors") {
    CHECK(Evaluate("has(stpes.check)", Run()).error().code == Code::kNotFound);
    CHECK(Evaluate("has(steps.check.output.rows.a)", Run()).error().code == Code::kInvalidArgument);
  }
}

TEST_CASE("what is missing is named, with the nearest name when it may be a slip", "[expression]") {
  CHECK(ErrorOf(Evaluate("1 + steps.chekc.output.rows", Run())) ==
        "NOT_FOUND: there is no member \"chekc\" (did you mean \"check\"?) in "
        "`steps.chekc.output.rows`");
  CHECK(ErrorOf(Evaluate("steps.check.output['size']", Run())) ==
        "NOT_FOUND: there is no member \"size\" in `steps.check.output['size']`");
  CHECK(ErrorOf(Evaluate("steps.backup.output.path", Run())) ==
        "NOT_FOUND: null has no members in `steps.backup.output.path`");
  CHECK(ErrorOf(Evaluate("output == 1", Run())) ==
        "NOT_FOUND: there is no variable \"output\" in `output`");
}

TEST_CASE("an error names the part of the source that failed", "[expression]") {
  CHECK(ErrorOf(Evaluate("1 + (2 / 0) * 3")) == "INVALID_ARGUMENT: division by zero in `2 / 0`");
  CHECK(ErrorOf(Evaluate("steps.check.output.rows + 'a'", Run())) ==
        "INVALID_ARGUMENT: \"+\" does not work on int and string in "
        "`steps.check.output.rows + 'a'`");
  CHECK(ErrorOf(Evaluate("[1, 2][2]")) ==
        "INVALID_ARGUMENT: the index is outside of the list, which has 2 elements in `[1, 2][2]`");
  CHECK(ErrorOf(Evaluate("dyn(5).startsWith('a')")) ==
        "INVALID_ARGUMENT: expected string.startsWith(string); found int, string in "
        "`dyn(5).startsWith('a')`");
  CHECK(ErrorOf(Evaluate("inputs.target.name ? 1 : 2", Run())) ==
        "INVALID_ARGUMENT: expected true or false, found string in `inputs.target.name`");
}

TEST_CASE("&& and || answer when one side decides, whatever happens to the other", "[expression]") {
  CHECK(Evaluate("missing || true")->as_bool());
  CHECK(Evaluate("true || missing")->as_bool());
  CHECK_FALSE(Evaluate("1 / 0 > 0 && false")->as_bool());
  CHECK(Evaluate("false || missing").error().code == Code::kNotFound);
  CHECK(Evaluate("[1, 0].exists(x, 4 / x == 4)")->as_bool());
  CHECK(Evaluate("[0, 2].all(x, 4 / x == 4)")->as_bool() == false);
}

TEST_CASE("a name with dots may be a variable, and the longest one counts", "[expression]") {
  const Value::Map variables = {{"a", Value::Object({{"b", Value::Object({{"c", "of a"}})}})},
                                {"a.b", Value::Object({{"c", "of a.b"}})}};
  CHECK(Evaluate("a.b.c", variables)->as_string() == "of a.b");
  CHECK(Evaluate("a['b'].c", variables)->as_string() == "of a");
}

TEST_CASE("the variables of macros hide others and end with the macro", "[expression]") {
  CHECK(Evaluate("[1, 2].map(x, [x, 10].map(x, x * 2)[0] + x)")->as_list()[1] == Value(6));
  CHECK(Evaluate("[3].map(x, x)[0] + x", {{"x", 4}})->as_int() == 7);
  CHECK(Evaluate("cel.bind(x, x + 1, x * 2)", {{"x", 4}})->as_int() == 10);
  CHECK(Evaluate("{'b': 1, 'a': 2}.transformList(k, v, v > 1, k)")->as_list() ==
        Value::List{Value("a")});
}

TEST_CASE("a program may be evaluated many times, with other variables each time", "[expression]") {
  const Result<Program> program = Program::Parse("rows.filter(r, r > limit)");
  REQUIRE(program);
  CHECK(program->source() == "rows.filter(r, r > limit)");
  const Value rows = Value::List{1, 5, 9};
  CHECK(program->Evaluate(MapScope({{"rows", rows}, {"limit", 4}}))->as_list().size() == 2);
  CHECK(program->Evaluate(MapScope({{"rows", rows}, {"limit", 8}}))->as_list().size() == 1);
}

}  // namespace recourse::expression
