#include "engine/base/json.h"
#include "tests/unit/engine/expression/evaluate.h"

namespace recourse::expression {
namespace {

const Value::Map kVariables = {
    {"inputs", Value::Object({{"name", "shop"}, {"rows", 3}, {"list", Value::List{1, "b"}}})}};

Result<Value> Fill(const Value& value) {
  Result<Template> parsed = Template::Parse(value);
  if (!parsed) return std::move(parsed).error();
  return parsed->Evaluate(MapScope(kVariables));
}

}  // namespace

TEST_CASE("a string that is one expression keeps its type, others become strings", "[expression]") {
  CHECK(*Fill("${inputs.rows}") == Value(3));
  CHECK(*Fill("${inputs.list}") == Value(Value::List{1, "b"}));
  CHECK(*Fill("${inputs.rows} rows") == Value("3 rows"));
  CHECK(*Fill(" ${inputs.rows}") == Value(" 3"));
  CHECK(*Fill("${inputs.name}/${inputs.rows + 1}") == Value("shop/4"));
  CHECK(*Fill("${inputs.list} ${null} ${1.5} ${true} ${duration('90s')}") ==
        Value("[1,\"b\"] null 1.5 true 90s"));
}

TEST_CASE("braces and strings within an expression do not end it", "[expression]") {
  CHECK(*Fill("${{'a': {'b': 1}}.a.b}") == Value(1));
  CHECK(*Fill("${'}'}${\"{\"}${'''}'''}${r'\\}'}") == Value("}{}\\}"));
  CHECK(*Fill("${'a' + // }\n'b'}.") == Value("ab."));
}

TEST_CASE("a doubled dollar stands for a ${ that is none", "[expression]") {
  CHECK(*Fill("$${inputs.name}") == Value("${inputs.name}"));
  CHECK(*Fill("$$${inputs.rows}") == Value("$${inputs.rows}"));
  CHECK(*Fill("$ {} } $") == Value("$ {} } $"));
}

TEST_CASE("lists and maps are filled in, their keys are not", "[expression]") {
  const Value source = *ParseJson(R"({"${a}": [1, {"file": "/srv/${inputs.name}.db"}], "n": 2})");
  CHECK(ToJson(*Fill(source)) == R"({"${a}":[1,{"file":"/srv/shop.db"}],"n":2})");
}

TEST_CASE("a template without expressions is constant and answers its source", "[expression]") {
  const Value source = *ParseJson(R"({"a": [1, "b $ {}"]})");
  const Result<Template> constant = Template::Parse(source);
  REQUIRE(constant);
  CHECK(constant->constant());
  CHECK(constant->References().empty());
  CHECK(*constant->Evaluate(MapScope({})) == source);
  CHECK_FALSE(Template::Parse("${1}")->constant());
  CHECK_FALSE(Template::Parse("$${1}")->constant());
  CHECK(Template().constant());
  CHECK(Template().Evaluate(MapScope({}))->is_null());
}

TEST_CASE("a template's errors name the member and the column in its string", "[expression]") {
  const auto error_of = [](std::string_view json) { return ErrorOf(Fill(*ParseJson(json))); };
  CHECK(error_of(R"({"services": [{"name": "a ${1 + }"}]})") ==
        "INVALID_ARGUMENT: services[0].name: expected a value, found the end of the expression at "
        "column 9");
  CHECK(error_of(R"({"services": [{"name": "ä ${inputs.name"}]})") ==
        "INVALID_ARGUMENT: services[0].name: expected \"}\" to close the \"${\" at column 16");
  CHECK(error_of(R"(["a", "${'b}"])") ==
        "INVALID_ARGUMENT: [1]: the string has no closing ' at column 3");
  CHECK(error_of(R"("${}")") ==
        "INVALID_ARGUMENT: expected a value, found the end of the expression at column 3");
  CHECK(error_of(R"({"with": {"file": "${inputs.nmae}"}})") ==
        "NOT_FOUND: with.file: there is no member \"nmae\" (did you mean \"name\"?) in "
        "`inputs.nmae`");

  Value deep = "${1}";
  for (int i = 0; i < 200; ++i) deep = Value::List{deep};
  CHECK_THAT(ErrorOf(Fill(deep)), Catch::EndsWith("nested deeper than 100 levels"));
}

TEST_CASE("a template's references are those of all its expressions", "[expression]") {
  const Result<Template> parsed =
      Template::Parse(*ParseJson(R"({"a": "x ${steps.one.output}", "b": ["${has(inputs.c)}"]})"));
  REQUIRE(parsed);
  const std::vector<Reference> references = parsed->References();
  REQUIRE(references.size() == 2);
  CHECK(references[0].path == std::vector<std::string>{"steps", "one", "output"});
  CHECK(references[0].offset == 4);
  CHECK_FALSE(references[0].guarded);
  CHECK(references[1].path == std::vector<std::string>{"inputs", "c"});
  CHECK(references[1].guarded);
}

}  // namespace recourse::expression
