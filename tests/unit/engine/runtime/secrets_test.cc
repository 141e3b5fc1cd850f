#include "engine/runtime/secrets.h"

#include <array>
#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/expression/secret.h"
#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {
namespace {

using Catch::Contains;
using machine::RunStatus;

class Known final : public SecretSource {
 public:
  Result<std::string> Read(const std::string& name, const std::stop_token&,
                           std::chrono::steady_clock::time_point) const override {
    if (auto known = Knows(name); !known) return std::move(known).error();
    return values.at(name);
  }
  Result<void> Knows(const std::string& name) const override {
    if (values.contains(name)) return {};
    return FailedPrecondition("there is no secret \"" + name + "\"");
  }
  std::map<std::string, std::string> values = {{"db", "hunter2-hunter2"}, {"other", "tr0ub4dor"}};
};

Result<Secrets> ReadFrom(const Known& source, const Value& inputs,
                         const std::vector<std::string>& allowed) {
  return Secrets::Read(&source, inputs, allowed, {}, std::chrono::steady_clock::time_point::max());
}

Secrets Holding(const std::string& text) {
  Known source;
  source.values["x"] = text;
  auto secrets = ReadFrom(source, expression::MakeSecret("x"), {"x"});
  if (!secrets) FAIL(secrets.error().message);
  return *std::move(secrets);
}

// A step whose action gets the secret "db" and an input of the run's caller.
constexpr const char* kUses = R"(
name: uses
on_failure: fail
inputs: {extra: {type: map, default: {}}}
steps:
  - {id: work, action: test.work, with: {login: {password: "${secret('db')}"}, extra: "${inputs.extra}"}}
)";

}  // namespace

TEST_CASE("secrets are put in the place of their references, and nowhere else", "[runtime]") {
  const Known source;
  const Value inputs = *ParseJson(
      R"({"a": {"$secret": "db"}, "b": [{"c": {"$secret": "other"}}, "$secret"], "d": 1})");
  const auto secrets = ReadFrom(source, inputs, {"db", "other"});
  REQUIRE(secrets);
  CHECK(secrets->PutInto(inputs) ==
        *ParseJson(R"({"a": "hunter2-hunter2", "b": [{"c": "tr0ub4dor"}, "$secret"], "d": 1})"));
  const auto [shown, names] = WithoutSecrets(inputs);
  CHECK(shown ==
        *ParseJson(R"({"a": "[secret db]", "b": [{"c": "[secret other]"}, "$secret"], "d": 1})"));
  CHECK(names == std::vector<std::string>{"db", "other"});
}

TEST_CASE("a reference that the step did not write itself is no reference", "[runtime]") {
  const Known source;
  const auto refused = ReadFrom(source, expression::MakeSecret("other"), {"db"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kFailedPrecondition);
  CHECK_THAT(refused.error().message, Contains("looks like the secret \"other\""));
  CHECK_FALSE(Secrets::Read(nullptr, expression::MakeSecret("db"), {"db"}, {},
                            std::chrono::steady_clock::time_point::max()));
}

TEST_CASE("a secret is taken out of texts in every form that texts give it", "[runtime]") {
  for (const auto& [secret, text, scrubbed] : std::vector<std::array<std::string, 3>>{
           {"hunter2", "password=hunter2;", "password=[secret x];"},
           {"hunter2", "hunter2hunter2", "[secret x][secret x]"},
           {"a b/c+d", "url?p=a%20b%2Fc%2Bd", "url?p=[secret x]"},
           {"say \"hi\"", R"({"p":"say \"hi\""})", R"({"p":"[secret x]"})"},
           {"hunter2", "basic aHVudGVyMg==", "basic [secret x]"},
           {"line one\nline two", "got line two", "got [secret x]"},
           {"line one\r\nline two", "line one|line two", "[secret x]|[secret x]"},
           {"line one\nline two", "line one\nline two", "[secret x]"},
           {"hunter2-hunter2", "cut off: hunter2-hun", "cut off: [secret x]"},
           {"hunter2-hunter2", "a\ner2-hunter2 goes on\nb", "a\n[secret x] goes on\nb"},
           {"hunter2", "the hunter is no secret", "the hunter is no secret"}}) {
    INFO(secret << " in " << text);
    CHECK(Holding(secret).Scrubbed(text) == scrubbed);
  }
}

TEST_CASE("a secret is taken out of every part of a value", "[runtime]") {
  const Secrets secrets = Holding("hunter2");
  const Value value = Value::Object(
      {{"hunter2", 1}, {"list", Value::List{"x hunter2", Bytes{"hunter2"}, 7, nullptr}}});
  CHECK(secrets.StandIn(value));
  CHECK(secrets.Scrubbed(value) ==
        Value::Object({{"[secret x]", 1},
                       {"list", Value::List{"x [secret x]", Bytes{"[secret x]"}, 7, nullptr}}}));
  CHECK_FALSE(secrets.StandIn(*ParseJson(R"({"a": ["b", 1.5, null]})")));
  CHECK_FALSE(Secrets().StandIn(value));
}

TEST_CASE("of two secrets the longer one is taken out first", "[runtime]") {
  Known source;
  source.values = {{"short", "hunter"}, {"long", "hunter2-hunter2"}};
  const auto secrets =
      ReadFrom(source, Value::List{expression::MakeSecret("short"), expression::MakeSecret("long")},
               {"short", "long"});
  REQUIRE(secrets);
  CHECK(secrets->Scrubbed(std::string("hunter2-hunter2 hunter")) == "[secret long] [secret short]");
}

TEST_CASE_METHOD(EngineFixture, "an action has its secret in every phase, and answers without it",
                 "[runtime]") {
  const Known source;
  options.secrets = &source;
  Scripted& action = AddAction("test.work");
  std::vector<std::string> seen;
  const auto see = [&](const Context& context) {
    seen.push_back(context.inputs["login"].StringOr("password", "none"));
    return seen.back();
  };
  action.spec.has_prepare = true;
  action.spec.has_verify = true;
  action.prepare = [&](const Context& context) -> Outcome {
    see(context);
    return Value::Object({{"was", 7}});
  };
  action.apply = [&](const Context& context) -> Outcome {
    return Value::Object({{"as", "root:" + see(context)}});
  };
  action.verify = [&](const Context& context, const Value&) {
    return Verification{Verification::Verdict::kPassed, "logged in with " + see(context), {}};
  };
  AddWorkflow(kUses);
  StartEngine();
  const RunId run = Begin("uses");
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
  CHECK(seen == std::vector<std::string>(3, "hunter2-hunter2"));
  std::string stored;
  auto events = OpenReader()->EventsOfRun(run, 0, 100);
  REQUIRE(events);
  for (const journal::StoredEvent& event : *events) stored += event.payload;
  CHECK_THAT(stored, !Contains("hunter2"));
  CHECK_THAT(stored, Contains("root:[secret db]") && Contains("logged in with [secret db]"));
}

TEST_CASE_METHOD(EngineFixture, "what must be stored as it is must not hold a secret",
                 "[runtime]") {
  const Known source;
  options.secrets = &source;
  Scripted& action = AddAction("test.work");
  bool applied = false;
  Result<void> saved;
  action.apply = [&](const Context& context) -> Outcome {
    applied = true;
    saved = context.save_progress(context.inputs);
    return Value();
  };

  SECTION("an undo record with one fails the attempt before anything is done") {
    action.spec.has_prepare = true;
    action.prepare = [](const Context& context) -> Outcome { return context.inputs; };
    AddWorkflow(kUses);
    StartEngine();
    const RunId run = Begin("uses");
    CHECK(Settle(run).status == static_cast<int>(RunStatus::kFailed));
    CHECK_THAT(Row(run).error_message,
               Contains("the undo record of test.work holds a secret, which must not be stored; "
                        "nothing was done"));
    CHECK_FALSE(applied);
  }
  SECTION("a checkpoint with one is refused") {
    AddWorkflow(kUses);
    StartEngine();
    const RunId run = Begin("uses");
    CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
    REQUIRE_FALSE(saved);
    CHECK(saved.error().code == Code::kFailedPrecondition);
  }
}

TEST_CASE_METHOD(EngineFixture, "an input that looks like a secret brings none", "[runtime]") {
  const Known source;
  options.secrets = &source;
  Scripted& action = AddAction("test.work");
  bool applied = false;
  action.apply = [&](const Context&) -> Outcome {
    applied = true;
    return Value();
  };
  AddWorkflow(kUses);
  StartEngine();
  const auto started =
      Start("uses", *ParseJson(R"({"extra": {"password": {"$secret": "other"}}})")).Get();
  REQUIRE_FALSE(started);
  CHECK(started.error().code == Code::kInvalidArgument);
  CHECK_THAT(started.error().message, Contains("a secret is named by a definition only"));
  CHECK_FALSE(applied);
}

TEST_CASE_METHOD(EngineFixture, "no run starts that will ask for a secret nobody knows",
                 "[runtime]") {
  AddAction("test.work");
  AddWorkflow(kUses);
  StartEngine();
  const auto started = Start("uses", Value::Object({})).Get();
  REQUIRE_FALSE(started);
  CHECK(started.error().code == Code::kFailedPrecondition);
  CHECK_THAT(started.error().message, Contains("start uses: step work: there is no secret \"db\": "
                                               "this server's configuration has none"));
}

TEST_CASE("a secret is taken out of what base64 makes of a text around it", "[runtime]") {
  const auto secrets = Holding("hunter2-hunter2");
  for (const std::string before : {"", "u", "us", "user:"}) {
    const std::string header = "Basic " + Base64(before + "hunter2-hunter2" + "!");
    INFO(header);
    const std::string scrubbed = secrets.Scrubbed(header);
    CHECK_THAT(scrubbed, Contains("[secret x]"));
    CHECK(scrubbed.size() < header.size());
  }
}

TEST_CASE_METHOD(EngineFixture, "what one step was told is taken out of what a later one answers",
                 "[runtime]") {
  const Known source;
  options.secrets = &source;
  AddAction("test.work").apply = [](const Context&) -> Outcome { return Value(); };
  AddAction("test.tell").apply = [](const Context&) -> Outcome {
    return Value("found hunter2-hunter2 there");
  };
  AddWorkflow(R"(
name: later
steps:
  - {id: work, action: test.work, with: {password: "${secret('db')}"}}
  - {id: tell, action: test.tell}
)");
  StartEngine();
  const RunId run = Begin("later");
  CHECK(Settle(run).status == static_cast<int>(RunStatus::kSucceeded));
  std::string stored;
  const auto events = OpenReader()->EventsOfRun(run, 0, 100);
  REQUIRE(events);
  for (const journal::StoredEvent& event : *events) stored += event.payload;
  CHECK_THAT(stored, !Contains("hunter2"));
  CHECK(StateOf(run).steps.at(1).output == Value("found [secret db] there"));
}

}  // namespace recourse::runtime
