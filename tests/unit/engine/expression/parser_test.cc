#include "engine/expression/parser.h"

#include "tests/unit/engine/expression/evaluate.h"

namespace recourse::expression {

TEST_CASE("a parse error says what was expected, what was found and at which column",
          "[expression]") {
  struct Case {
    const char* source;
    const char* error;
  };
  const Case cases[] = {
      {"", "expected a value, found the end of the expression at column 1"},
      {"1 +", "expected a value, found the end of the expression at column 4"},
      {"(1 + 2", "expected \")\", found the end of the expression at column 7"},
      {"a b", "expected an operator or the end, found \"b\" at column 3"},
      {"[1, 2", "expected \"]\", found the end of the expression at column 6"},
      {"{'a' 1}", "expected \":\", found \"1\" at column 6"},
      {"a ? b", "expected \":\", found the end of the expression at column 6"},
      {"size(1,)", "expected an argument, found \")\" at column 8"},
      {"a = 1", "\"=\" has no meaning here; equality is \"==\" at column 3"},
      {"a & b", "\"&\" has no meaning here; and is \"&&\" at column 3"},
      {"x == 'abc", "the string has no closing ' at column 6"},
      {"'\xc3\xa4' + 'a\\q'",
       "no escape that strings have (a backslash is written \\\\) at column 9"},
      {"9223372036854775808", "a number that is too large for an int at column 1"},
      {"12ab", "a number that runs into a name at column 1"},
      {"for == 1", "the reserved word \"for\" names no variable at column 1"},
      {"a.?b", "optional selection is not supported at column 3"},
      {"Point{x: 1}", "messages are not supported (a map is written {\"key\": value}) at column 1"},
      {"has(a)", "has(...) expects a member like inputs.backup at column 5"},
      {"l.map(a.b, 1)", "expected the name of a variable and a \",\", found \"a\" at column 7"},
      {"\xff", "the expression is not UTF-8 text at column 1"},
  };
  for (const Case& c : cases) {
    CHECK(ParseErrorOf(c.source) == std::string("INVALID_ARGUMENT: ") + c.error);
  }
}

TEST_CASE("functions are checked when an expression is parsed", "[expression]") {
  CHECK(ParseErrorOf("1 + siez(a)") ==
        "INVALID_ARGUMENT: there is no function \"siez\" (did you mean \"size\"?) at column 5");
  CHECK(ParseErrorOf("startsWith(a, 'b')") ==
        "INVALID_ARGUMENT: there is no function \"startsWith\" of that form (write "
        "string.startsWith(string)) at column 1");
  CHECK(ParseErrorOf("a.startsWith('b', 'c')") ==
        "INVALID_ARGUMENT: wrong number of arguments (expected string.startsWith(string)) at "
        "column 3");
  CHECK_THAT(ParseErrorOf("a.matches('(b')"),
             Catch::StartsWith("INVALID_ARGUMENT: the pattern is no regular expression"));
  CHECK_THAT(ParseErrorOf("now.getHours('Mars/Olympus')"),
             Catch::StartsWith("INVALID_ARGUMENT: there is no time zone \"Mars/Olympus\""));

  SECTION("without the check the same fail when they are evaluated, and only then") {
    for (const char* source : {"siez(1)", "'a'.startsWith('b', 'c')", "'a'.matches('(b')"}) {
      const Result<Program> program = Program::Parse(source, Check::kNone);
      REQUIRE(program);
      CHECK_FALSE(program->Evaluate(MapScope({})));
      CHECK(Program::Parse(std::string(source) + " || true", Check::kNone)
                ->Evaluate(MapScope({}))
                ->as_bool());
    }
  }
}

TEST_CASE("no source can nest deep enough to overflow the stack", "[expression]") {
  const auto repeated = [](std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  };
  const std::string error = "nested deeper than 200 levels";
  for (const std::string& source :
       {repeated("(", 50000), repeated("[", 50000), repeated("{1:", 30000), repeated("!", 90000),
        repeated("-", 90000), repeated("a[", 40000), repeated("size(", 10000),
        repeated("true ? 1 : ", 9000), "1" + repeated("+1", 40000), "a" + repeated("[0]", 30000),
        repeated("[1].map(x, ", 5000)}) {
    CHECK_THAT(ParseErrorOf(source), Catch::Contains(error));
  }

  SECTION("what people write is far from the limit") {
    CHECK(Evaluate(repeated("(", 150) + "1" + repeated(")", 150))->as_int() == 1);
    CHECK(Evaluate("1" + repeated(" + 1", 150))->as_int() == 151);
  }
  SECTION("a chain of && or || is not deep, however long it is") {
    CHECK(Evaluate("false" + repeated(" || false", 5000) + " || true")->as_bool());
    CHECK_FALSE(Evaluate("true" + repeated(" && true", 5000) + " && false")->as_bool());
  }
  SECTION("a source is at most 100,000 bytes long") {
    CHECK_THAT(ParseErrorOf(repeated("         1", 10001)),
               Catch::Contains("longer than 100000 bytes"));
  }
}

TEST_CASE("operators bind as CEL has them", "[expression]") {
  CHECK(Evaluate("2 + 3 * 4 - 10 / 5 % 3")->as_int() == 12);
  CHECK(Evaluate("1 + 1 == 2 && 3 > 2 || false")->as_bool());
  CHECK(Evaluate("false ? 1 : true ? 2 : 3")->as_int() == 2);
  CHECK(Evaluate("-9223372036854775808")->as_int() == INT64_MIN);
  CHECK(Evaluate("1 // the first\n + 2")->as_int() == 3);
  CHECK(Evaluate("!(1 in [2, 3]) ? 'no' : 'yes'")->as_string() == "no");
}

}  // namespace recourse::expression
