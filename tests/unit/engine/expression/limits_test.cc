// That no expression, however hostile, takes much time or memory.
#include "tests/unit/engine/expression/evaluate.h"

namespace recourse::expression {
namespace {

std::string Repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

// A list of `size` ones, as source.
std::string Ones(int size) { return "[1" + Repeated(",1", size - 1) + "]"; }

}  // namespace

// Without the limits none of these would end within the life of the machine, or its memory.
TEST_CASE("hostile expressions end in RESOURCE_EXHAUSTED", "[expression]") {
  const std::string thousand = Ones(1000);
  const std::string long_text = "'" + Repeated("x", 30000) + "'";
  // l39 = [l38, l38], l38 = [l37, l37]...: small in memory, 2^40 elements when walked through.
  std::string doubled = "[1]";
  for (int i = 0; i < 40; ++i) doubled = "cel.bind(x, " + doubled + ", [x, x])";
  std::string doubled_text = "'" + Repeated("x", 64) + "'";
  for (int i = 0; i < 60; ++i) doubled_text = "cel.bind(x, " + doubled_text + ", x + x)";

  const std::string cases[] = {
      // 10^12 steps.
      thousand + ".map(a, " + thousand + ".map(b, " + thousand + ".map(c, " + thousand +
          ".map(d, a + b + c + d))))",
      // The same where errors are absorbed: what is over stays over.
      thousand + ".all(a, " + thousand + ".exists(b, " + thousand + ".exists(c, d)) || true)",
      thousand + ".exists(a, " + thousand + ".all(b, " + thousand + ".all(c, true)) && false)",
      doubled,
      doubled + " == " + doubled,
      "'%s'.format([" + doubled + "])",
      doubled_text,
      long_text + ".replace('', " + long_text + ")",
      thousand + ".map(x, " + long_text + ").join('')",
      thousand + ".map(x, " + long_text + ").map(s, s.contains('y'))",
      thousand + ".map(x, string(x) + '(a{1,100}){1,9}').map(p, 'b'.matches(p))",
      thousand + ".map(x, {'a': 1}.b == 1 || true).map(x, " + thousand + ")" + ".map(x, x + x)",
  };
  for (const std::string& source : cases) {
    INFO(source.substr(0, 60) << "..." << source.size());
    const Result<Value> value = Evaluate(source);
    REQUIRE_FALSE(value);
    CHECK(value.error().code == Code::kResourceExhausted);
  }
}

TEST_CASE("the limit is the caller's to choose", "[expression]") {
  const std::string source = Ones(100) + ".map(x, x + 1).size()";
  CHECK(Evaluate(source, {}, Limits{.steps_max = 10'000})->as_int() == 100);
  CHECK(ErrorOf(Evaluate(source, {}, Limits{.steps_max = 200})) ==
        "RESOURCE_EXHAUSTED: the expression takes more than 200 steps");
}

TEST_CASE("the value has a limit of its own", "[expression]") {
  const Limits limits{.steps_max = 1'000'000, .bytes_max = 1000};
  const Value::Map variables = {{"text", std::string(900, 'x')}};
  CHECK(Evaluate("text + 'y'", variables, limits));
  CHECK(ErrorOf(Evaluate("text + text", variables, limits)) ==
        "RESOURCE_EXHAUSTED: the value has more than 1000 B in `text + text`");
  CHECK(Evaluate("[text, text].size()", variables, limits));
  CHECK_FALSE(Evaluate("[text, text]", variables, limits));
  CHECK_FALSE(Evaluate("{'a': text, 'b': text}", variables, limits));
  CHECK_FALSE(Evaluate("[text].map(t, [t, t])", variables, limits));
  CHECK(Evaluate("text", {{"text", std::string(2000, 'x')}}, limits));

  const auto fill = [&](const Value& value) {
    return Template::Parse(value)->Evaluate(MapScope(variables), limits);
  };
  CHECK(fill("${text}"));
  CHECK(fill("${text} and more"));
  CHECK(fill("${text}${text}").error().code == Code::kResourceExhausted);
  CHECK(fill(Value::List{"${text}", "${text}"}).error().code == Code::kResourceExhausted);
}

TEST_CASE("hostile patterns cost what their text costs", "[expression]") {
  const std::string text(20'000, 'a');
  const Value::Map variables = {{"text", text}};
  CHECK_FALSE(Evaluate("text.matches('^(a+)+b$')", variables)->as_bool());
  CHECK_FALSE(Evaluate("text.matches('(a|aa)*(a|aa)*(a|aa)*b')", variables)->as_bool());
  CHECK_THAT(ErrorOf(Evaluate("text.matches('((a{1,500}){1,500}){1,500}')", variables)),
             Catch::Contains("no regular expression"));
  // Whatever it answers, it ends.
  (void)Evaluate("text.matches('(' + '(a?){1,100}(b|c)*'.replace('b', text) + ')')", variables);
}

TEST_CASE("the expressions of a template share one limit", "[expression]") {
  const Value::Map variables = {{"text", std::string(64'000, 'x')}};
  const auto fill = [&](int times) {
    return Template::Parse(Value::List(50, Value(Repeated("${text}", times))))
        ->Evaluate(MapScope(variables));
  };
  CHECK(fill(1));
  CHECK(fill(40).error().code == Code::kResourceExhausted);
}

TEST_CASE("selecting something large from the scope costs little", "[expression]") {
  const Value large = Value::List(1'000'000, Value("element"));
  CHECK(Evaluate("inputs.rows", {{"inputs", Value::Object({{"rows", large}})}},
                 Limits{.steps_max = 10})
            ->as_list()
            .size() == 1'000'000);
}

}  // namespace recourse::expression
