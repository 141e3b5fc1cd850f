#include "engine/expression/secret.h"

#include "engine/base/json.h"
#include "tests/unit/engine/expression/evaluate.h"

namespace recourse::expression {
namespace {

using Catch::Contains;

Result<Value> Filled(std::string_view json) {
  Result<Template> parsed = Template::Parse(*ParseJson(json));
  if (!parsed) return std::move(parsed).error();
  return parsed->Evaluate(MapScope({}));
}

}  // namespace

TEST_CASE("a secret is a reference that the journal can hold", "[expression]") {
  const Value secret = *Evaluate("secret('db/password')");
  CHECK(IsSecret(secret));
  CHECK(ToJson(secret) == R"({"$secret":"db/password"})");
  CHECK(IsSecret(*ParseJson(ToJson(secret))));
  CHECK(ToJson(*Filled(R"({"login": ["${secret('a')}", "${true ? secret('b') : 'none'}"]})")) ==
        R"({"login":[{"$secret":"a"},{"$secret":"b"}]})");
  CHECK_FALSE(IsSecret(*ParseJson(R"({"$secret": "a", "more": 1})")));
  CHECK_FALSE(IsSecret(*ParseJson(R"({"$secret": 1})")));
}

TEST_CASE("nothing can be made of a secret", "[expression]") {
  for (const char* source : {"secret('a') + 'b'",
                             "'b' + secret('a')",
                             "secret('a') == secret('a')",
                             "secret('a') != 'x'",
                             "[secret('a')] == [secret('a')]",
                             "secret('a') in [secret('a')]",
                             "'$secret' in secret('a')",
                             "secret('a')['$secret']",
                             "secret('a').`$secret`",
                             "secret('a').size()",
                             "size(secret('a'))",
                             "string(secret('a'))",
                             "type(secret('a'))",
                             "dyn(secret('a'))",
                             "'%s'.format([secret('a')])",
                             "'%s'.format([{'x': secret('a')}])",
                             "secret('a').map(k, k)",
                             "secret('a').exists(k, true)",
                             "secret('a') ? 1 : 2",
                             "!secret('a')",
                             "has(secret('a').x)",
                             "secret('a') < secret('b')"}) {
    INFO(source);
    CHECK_FALSE(Evaluate(source));
  }
  CHECK_THAT(ErrorOf(Evaluate("'pg://' + secret('a')")),
             Contains("can be handed to an action as it is"));
  CHECK_THAT(ErrorOf(Filled(R"({"url": "pg://${secret('a')}@db"})")), Contains("url: a secret"));
  CHECK_THAT(ErrorOf(Filled(R"(["x ${[{'y': secret('a')}]}"])")), Contains("[0]: a secret"));
}

TEST_CASE("which secrets are asked for can be read from the text", "[expression]") {
  CHECK_THAT(ParseErrorOf("secret(inputs.name)"),
             Contains("secret(...) takes the name itself, a text in quotes at column 8"));
  CHECK_THAT(ParseErrorOf("secret('a b')"), Contains("names no secret"));
  CHECK_THAT(ParseErrorOf("secret('')"), Contains("names no secret"));
  CHECK_THAT(ParseErrorOf("secret()"), Contains("expected secret(string)"));
  const auto parsed =
      Template::Parse(*ParseJson(R"({"a": "${secret('x')}", "b": ["${[secret('y')][0]}", "z"]})"));
  REQUIRE(parsed);
  CHECK(parsed->Secrets() == std::vector<std::string>{"x", "y"});
}

TEST_CASE("a reference cannot be written out by hand", "[expression]") {
  CHECK_THAT(ErrorOf(Evaluate("{'$secret': 'a'}")), Contains("a secret is written secret("));
  CHECK_THAT(ErrorOf(Filled(R"({"a": {"$secret": "b"}})")),
             Contains("a: a secret is written ${secret("));
}

TEST_CASE("a reference is found wherever it stands in a value", "[expression]") {
  CHECK(HoldsSecret(*ParseJson(R"([{"b": {"$secret": "db"}}])")));
  CHECK_FALSE(HoldsSecret(Value("$secret")));
}

}  // namespace recourse::expression
