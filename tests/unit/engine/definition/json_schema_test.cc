// The JSON Schema of the language says what the loader says: the same keys, and no others.
#include "engine/definition/json_schema.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <regex>

#include "engine/base/json.h"
#include "engine/definition/keys.h"
#include "engine/definition/node.h"
#include "engine/definition/problems.h"
#include "examples.h"
#include "support.h"

namespace recourse::definition {
namespace {

using Catch::Contains;

// The part of JSON Schema that the language needs.
class Validator {
 public:
  // What does not fit, as "steps[0].retry: ..."; empty: all does.
  std::string Misfit(const Value& value) const { return Check(value, root_, "it"); }

 private:
  std::string Check(const Value& value, const Value& schema, const std::string& at) const {
    for (const auto& [key, rule] : schema.as_map()) {
      const std::string misfit = CheckRule(key.as_string(), rule, value, schema, at);
      if (!misfit.empty()) return misfit;
    }
    return "";
  }

  std::string CheckRule(const std::string& key, const Value& rule, const Value& value,
                        const Value& schema, const std::string& at) const {
    const std::string wrong = at + " breaks " + key;
    if (key == "$ref") return Check(value, root_["$defs"][rule.as_string().substr(8)], at);
    if (key == "anyOf" || key == "oneOf") return CheckChoice(key, rule, value, at);
    if (key == "const") return value == rule ? "" : wrong;
    if (key == "enum") return Has(rule, value) ? "" : wrong;
    if (key == "type") return IsA(value, rule) ? "" : wrong;
    if (!Applies(key, value)) return "";
    if (key == "minimum") return CompareNumbers(value, rule) >= 0 ? "" : wrong;
    if (key == "maximum") return CompareNumbers(value, rule) <= 0 ? "" : wrong;
    if (key == "pattern") {
      return std::regex_search(value.as_string(), std::regex(rule.as_string())) ? "" : wrong;
    }
    if (key == "minItems") return int(value.as_list().size()) >= rule.as_int() ? "" : wrong;
    if (key == "minProperties") return int(value.as_map().size()) >= rule.as_int() ? "" : wrong;
    if (key == "items") return CheckItems(rule, value, at);
    if (key == "required") return CheckRequired(rule, value, at);
    if (key == "propertyNames") return CheckNames(rule, value, at);
    if (key == "additionalProperties") return CheckMembers(rule, value, schema, at);
    return "";  // $schema, $defs, title, description
  }

  std::string CheckChoice(const std::string& key, const Value& choices, const Value& value,
                          const std::string& at) const {
    int fitting = 0;
    std::string why;
    for (const Value& choice : choices.as_list()) {
      const std::string misfit = Check(value, choice, at);
      fitting += misfit.empty() ? 1 : 0;
      if (!misfit.empty()) why += " | " + misfit;
    }
    if (fitting == 1 || (fitting > 1 && key == "anyOf")) return "";
    return at + " fits " + std::to_string(fitting) + " of " + key + why;
  }
  std::string CheckItems(const Value& rule, const Value& value, const std::string& at) const {
    for (std::size_t i = 0; i < value.as_list().size(); ++i) {
      const auto misfit = Check(value.as_list()[i], rule, at + "[" + std::to_string(i) + "]");
      if (!misfit.empty()) return misfit;
    }
    return "";
  }
  static std::string CheckRequired(const Value& rule, const Value& value, const std::string& at) {
    for (const Value& name : rule.as_list()) {
      if (value.Find(name.as_string()) == nullptr) return at + " lacks " + name.as_string();
    }
    return "";
  }
  std::string CheckNames(const Value& rule, const Value& value, const std::string& at) const {
    for (const auto& [name, member] : value.as_map()) {
      const std::string misfit = Check(name, rule, at + "." + name.as_string());
      if (!misfit.empty()) return misfit;
    }
    return "";
  }
  std::string CheckMembers(const Value& rule, const Value& value, const Value& schema,
                           const std::string& at) const {
    for (const auto& [name, member] : value.as_map()) {
      const std::string below = at + "." + name.as_string();
      const Value* known = schema["properties"].Find(name.as_string());
      if (known == nullptr && rule == Value(false)) return below + " is unknown";
      const std::string misfit = Check(member, known != nullptr ? *known : rule, below);
      if (!misfit.empty()) return misfit;
    }
    return "";
  }

  // Whether the rule is about values of this kind; the others it lets be.
  static bool Applies(const std::string& key, const Value& value) {
    if (key == "minimum" || key == "maximum") return IsNumber(value);
    if (key == "pattern") return value.is_string();
    if (key == "minItems" || key == "items") return value.is_list();
    return value.is_map();
  }
  static bool Has(const Value& list, const Value& value) {
    return std::ranges::find(list.as_list(), value) != list.as_list().end();
  }
  static bool IsA(const Value& value, const Value& type) {
    if (type.is_list()) {
      return std::ranges::any_of(type.as_list(), [&](const auto& one) { return IsA(value, one); });
    }
    const std::string& name = type.as_string();
    return (name == "object" && value.is_map()) || (name == "array" && value.is_list()) ||
           (name == "string" && value.is_string()) || (name == "boolean" && value.is_bool()) ||
           (name == "integer" && value.is_int()) || (name == "number" && IsNumber(value));
  }

  const Value root_ = JsonSchemaOfWorkflows();
};

// Every kind of map once, each with a mark where one more member may stand.
constexpr const char* kEveryKey = R"(
{<workflow> name: everything, severity: low, deadline: 1h,
 inputs: {rows: {<input> type: int, default: 1}},
 steps: [
  {<action_step> id: act, action: do.it, max_visits: 3, irreversible: false,
   retry: {<retry> attempts: 2, delay: 1s, backoff: 1.5, on: [ABORTED]},
   compensate: {<compensation> action: undo.it},
   on_error: {DATA_LOSS: {<error_answer> goto: pick}, "*": continue}},
  {<approval_step> id: ask, approval: {<approval> prompt: "Go on?", approvers: [dba], expires: 1h,
   escalate: [{<escalation> after: 10m, to: level-2}]}},
  {<manual_step> id: people, manual: {<checklist> prompt: Do it, by: [dba],
   items: [{<item> id: one, text: Look, check: {<check> action: read.it}}]}},
  {<switch_step> id: pick, switch: [{<case> when: "${inputs.rows > 1}", goto: pause},
   {<default_case> default: pause}]},
  {<wait_step> id: pause, wait: {<wait> for: 5s}},
  {<set_step> id: keep, set: {rows: 1}},
  {<parallel_step> id: both, parallel: {<parallel> branches: {a: [{id: x, action: do.it}],
   b: [{id: y, action: do.it}]}, when_one_fails: collect}},
  {<workflow_step> id: other, workflow: other-one},
  {<checkpoint_step> id: point, checkpoint: true},
  {<fail_step> id: bad, when: "${inputs.rows > 2}", fail: {<failure> code: INTERNAL, message: no}},
  {<succeed_step> id: good, succeed: true}]}
)";

// kEveryKey with one more member in maps of this kind.
std::string With(std::string_view kind, const std::string& member) {
  std::string text =
      std::regex_replace(kEveryKey, std::regex("<" + std::string(kind) + ">"), member);
  return std::regex_replace(text, std::regex("<[a-z_]+>"), "");
}

Value ValueOf(const std::string& yaml) {
  Problems problems;
  const Node node = ReadYaml(yaml, problems);
  REQUIRE(problems.empty());
  return ToValue(node);
}

}  // namespace

TEST_CASE("a definition with every kind of map fits the schema, and the loader knows its keys",
          "[definition]") {
  const std::string whole = With("nothing", "");
  CHECK(Validator().Misfit(ValueOf(whole)) == "");
  CHECK(LoadWorkflow(whole, nullptr).Report("w").find("unknown key") == std::string::npos);
}

TEST_CASE("what the loader does not know the schema refuses too, in every kind of map",
          "[definition]") {
  for (const MapKind& kind : MapKinds()) {
    INFO(kind.name);
    const std::string text = With(kind.name, "bogus_key: 1,");
    REQUIRE(text != With("nothing", ""));
    CHECK_FALSE(Validator().Misfit(ValueOf(text)) == "");
    CHECK_THAT(LoadWorkflow(text, nullptr).Report("w"), Contains("unknown key \"bogus_key\""));
  }
}

TEST_CASE("every kind of step has its map in the schema, and every key a line for its author",
          "[definition]") {
  for (const MapKind& kind : MapKinds()) {
    INFO(kind.name);
    CHECK_FALSE(kind.what.empty());
    for (const Key& key : kind.keys) {
      INFO(key.name);
      CHECK_FALSE(key.what.empty());
      CHECK((key.shape != Shape::kOther || ParseJson(key.detail)));
    }
  }
}

TEST_CASE("every shipped workflow fits the schema of the language", "[definition][docs]") {
  int workflows = 0;
  for (const auto& file : std::filesystem::directory_iterator(Path("workflows"))) {
    const std::string name = file.path().filename();
    if (name.ends_with(".test.yaml")) continue;
    ++workflows;
    INFO(name);
    CHECK(Validator().Misfit(ValueOf(Read("workflows/" + name))) == "");
  }
  CHECK(workflows >= 3);
}

TEST_CASE("the schema refuses what an editor should mark", "[definition]") {
  const auto misfit = [](const std::string& step) {
    return Validator().Misfit(ValueOf("name: w\nsteps:\n  - " + step + "\n"));
  };
  CHECK(misfit("{id: a, action: do.it}") == "");
  CHECK_FALSE(misfit("{id: a}") == "");
  CHECK_FALSE(misfit("{id: a, action: do.it, timeout: soon}") == "");
  CHECK_FALSE(misfit("{id: a, action: do.it, on_failure: explode}") == "");
  CHECK_FALSE(misfit("{id: a, action: do.it, max_visits: 0}") == "");
  CHECK_FALSE(misfit("{id: a, action: do.it, when: yes}") == "");
  CHECK_FALSE(misfit("{id: a, action: do.it, on_error: {NO_SUCH: continue}}") == "");
}

}  // namespace recourse::definition
