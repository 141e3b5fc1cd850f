#include <catch2/catch.hpp>

#include "engine/base/json.h"
#include "support.h"

namespace recourse::definition {
namespace {

using Catch::Matchers::Contains;

const char* const kWorkflow = R"(
name: w
inputs:
  target: {type: target, requires: [database]}
  backup: {type: string, default: latest, description: a file name}
  count: {type: int, default: 3, enum: [1, 3]}
  ratio: {type: double, default: 1}
  wait: {type: duration, default: 1h30m}
  dry: {type: bool, default: false}
  tags: {type: list, default: []}
  more: {type: map, default: {}}
steps:
  - {id: a, action: read.it}
)";

Inventory Targets() {
  Inventory inventory;
  REQUIRE(inventory.AddFile("name: health\ndatabase: {kind: sqlite, path: /d.db}\n", "h.yaml"));
  REQUIRE(inventory.AddFile("name: bare\n", "b.yaml"));
  return inventory;
}

Result<Value> Resolve(std::string_view given) {
  return ResolveInputs(*Load(kWorkflow), *ParseJson(given), Targets());
}

TEST_CASE("inputs get their defaults, and a target becomes its content", "[definition]") {
  const auto inputs = Resolve(R"({"target": "health", "count": 1.0})");
  REQUIRE(inputs);
  CHECK(
      ToJson(*inputs) ==
      R"({"backup":"latest","count":1,"dry":false,"more":{},"ratio":1.0,"tags":[],)"
      R"("target":{"database":{"kind":"sqlite","path":"/d.db"},"name":"health"},"wait":"5400s"})");
  CHECK((*inputs)["wait"].kind() == Value::Kind::kDuration);
}

TEST_CASE("inputs that do not fit are refused, and the message names the input", "[definition]") {
  struct Case {
    const char* given;
    Code code;
    const char* message;
  };
  const Case cases[] = {
      {R"({})", Code::kInvalidArgument, "inputs.target: is missing"},
      {R"({"target": "helth"})", Code::kNotFound,
       "inputs.target: there is no target \"helth\"; did you mean \"health\"?"},
      {R"({"target": "bare"})", Code::kInvalidArgument,
       "inputs.target: the target \"bare\" has no \"database\", which the workflow needs"},
      {R"({"target": 3})", Code::kInvalidArgument, "inputs.target: expected a target's name"},
      {R"({"target": "health", "bakcup": "x"})", Code::kInvalidArgument,
       "inputs.bakcup: the workflow \"w\" has no such input; did you mean \"backup\"?"},
      {R"({"target": "health", "count": 2})", Code::kInvalidArgument,
       "inputs.count: expected one of 1, 3, found 2"},
      {R"({"target": "health", "count": 1.5})", Code::kInvalidArgument,
       "inputs.count: expected a whole number"},
      {R"({"target": "health", "dry": "yes"})", Code::kInvalidArgument,
       "inputs.dry: expected true or false"},
      {R"({"target": "health", "wait": "soon"})", Code::kInvalidArgument, "inputs.wait: "},
      {R"({"target": "health", "tags": {}})", Code::kInvalidArgument,
       "inputs.tags: expected a list"},
      {R"([])", Code::kInvalidArgument, "inputs: expected a map"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.given);
    const auto inputs = Resolve(one.given);
    REQUIRE_FALSE(inputs);
    CHECK(inputs.error().code == one.code);
    CHECK_THAT(inputs.error().message, Contains(one.message));
  }
}

TEST_CASE("declared inputs are checked", "[definition]") {
  const auto refusal = [](const std::string& inputs) {
    return Refusal("name: w\ninputs:\n" + inputs + "steps: [{id: a, action: read.it}]\n");
  };
  CHECK_THAT(refusal("  a: {type: strnig}\n"),
             Contains("w.yaml:3:13: type: expected one of string, int, double, bool, duration, "
                      "target, list, map, found \"strnig\""));
  CHECK_THAT(refusal("  a: {}\n"), Contains("w.yaml:3:6: \"type\" is missing in the input \"a\""));
  CHECK_THAT(refusal("  a: {type: int, default: x}\n"),
             Contains("default: expected a whole number"));
  CHECK_THAT(refusal("  a: {type: string, default: '${now}'}\n"), Contains("must be a constant"));
  CHECK_THAT(refusal("  a: {type: int, enum: [1, b]}\n"),
             Contains("enum: expected a whole number"));
  CHECK_THAT(refusal("  a: {type: int, enum: [1], default: 2}\n"), Contains("expected one of 1"));
  CHECK_THAT(refusal("  a: {type: int, requires: [x]}\n"), Contains("only a target has resources"));
  CHECK_THAT(refusal("  a: {type: int, defualt: 1}\n"), Contains("did you mean \"default\"?"));
  CHECK_THAT(refusal("  A-b: {type: int}\n"), Contains("\"A-b\" is no name"));
  CHECK_THAT(refusal("  for: {type: int}\n"), Contains("is a word of expressions"));
}

const char* const kChecked = R"(
name: w
inputs:
  target: {type: target, requires: [archives]}
  what: {type: string, default: logs, check: "${inputs.what in inputs.target.archives}", description: an archive}
  since: {type: string, default: "", check: "${inputs.since == '' || timestamp(inputs.since).getFullYear() > 0}"}
steps:
  - {id: a, action: read.it}
)";

Result<Value> ResolveChecked(std::string_view given) {
  Inventory inventory;
  REQUIRE(inventory.AddFile(
      "name: shop\narchives: {logs: {from: /l, paths: [a], to: /a, keep_days: 3}}\n", "shop.yaml"));
  return ResolveInputs(*Load(kChecked), *ParseJson(given), inventory);
}

TEST_CASE("an input that does not pass its check is refused with what it takes", "[definition]") {
  CHECK(ResolveChecked(R"({"target": "shop"})"));
  CHECK(ResolveChecked(R"({"target": "shop", "since": "2026-11-21T03:04:05Z"})"));
  const auto unknown = ResolveChecked(R"({"target": "shop", "what": "nope"})");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Code::kInvalidArgument);
  CHECK(unknown.error().message == "inputs.what: \"nope\" does not fit; it takes an archive");
  const auto yesterday = ResolveChecked(R"({"target": "shop", "since": "yesterday"})");
  REQUIRE_FALSE(yesterday);
  CHECK_THAT(yesterday.error().message,
             Contains("inputs.since: \"yesterday\" does not fit; it takes what makes this true: "));
}

TEST_CASE("a check names inputs only, and answers true or false", "[definition]") {
  const auto refused = [](const std::string& check) {
    return Refusal("name: w\ninputs: {a: {type: string, check: \"" + check +
                   "\"}}\nsteps: [{id: s, action: read.it}]\n");
  };
  CHECK_THAT(refused("${run.id == inputs.a}"), Contains("it may name inputs only"));
  CHECK_THAT(refused("${inputs.b == ''}"),
             Contains("no input \"b\"") || Contains("unknown input \"b\""));
  CHECK_THAT(refused("${size(inputs.a)}"), Contains("check"));
  CHECK_THAT(refused("small"), Contains("check: expected one expression"));
}

}  // namespace
}  // namespace recourse::definition
