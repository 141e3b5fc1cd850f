#include "support.h"

#include <catch2/catch.hpp>
#include <deque>

#include "engine/base/json.h"

namespace recourse::definition {
namespace {

class Actions final : public ActionCatalogue {
 public:
  Actions() {
    Add("backup.choose", RepeatClass::kReadOnly,
        R"({"type": "object", "additionalProperties": false, "required": ["backups"],
            "properties": {"backups": {"type": "object"},
                           "which": {"type": "string", "minLength": 1},
                           "verified": {"type": "boolean"},
                           "limit": {"type": "integer", "minimum": 1, "maximum": 10}}})",
        R"({"type": "object", "additionalProperties": false,
            "properties": {"path": {"type": "string"}, "rows": {"type": "integer"},
                           "manifest": {"type": "object"}}})");
    Add("do.it", RepeatClass::kIdempotent, R"({"type": "object"})", R"({"type": "object"})");
    Add("list.it", RepeatClass::kReadOnly, R"({"type": "object"})",
        R"({"type": "object", "properties": {"name": {"type": "string"}}})");
    Add("once.it", RepeatClass::kOnce, R"({"type": "object"})", R"({"type": "object"})");
    Add("read.it", RepeatClass::kReadOnly, R"({"type": "object"})", R"({"type": "object"})");
    Add("undo.it", RepeatClass::kProbed, R"({"type": "object"})", R"({"type": "object"})");
    ActionSpec& undo = specs_.back();
    undo.has_plan = undo.has_prepare = undo.can_compensate = true;
    undo.timeout = std::chrono::minutes(7);
    undo.retry = {.attempts = 4, .delay = std::chrono::seconds(9)};
  }

  const ActionSpec* Find(std::string_view name) const override {
    for (const ActionSpec& spec : specs_) {
      if (spec.name == name) return &spec;
    }
    return nullptr;
  }
  std::vector<const ActionSpec*> All() const override {
    std::vector<const ActionSpec*> all;
    for (const ActionSpec& spec : specs_) all.push_back(&spec);
    return all;
  }

 private:
  void Add(std::string name, RepeatClass repeat, std::string_view inputs, std::string_view output) {
    ActionSpec& spec = specs_.emplace_back();
    spec.name = std::move(name);
    spec.repeat = repeat;
    spec.inputs = ParseJson(inputs).value();
    spec.output = ParseJson(output).value();
  }

  std::deque<ActionSpec> specs_;
};

}  // namespace

const ActionCatalogue& TestActions() {
  static const Actions actions;
  return actions;
}

std::shared_ptr<const Workflow> Load(std::string_view yaml) {
  Loaded loaded = LoadWorkflow(yaml, &TestActions());
  INFO(loaded.Report("w.yaml"));
  REQUIRE(loaded.workflow != nullptr);
  CHECK(loaded.problems.empty());
  return loaded.workflow;
}

std::string Refusal(std::string_view yaml) {
  const Loaded loaded = LoadWorkflow(yaml, &TestActions());
  REQUIRE(loaded.workflow == nullptr);
  REQUIRE_FALSE(loaded.problems.empty());
  return loaded.Report("w.yaml");
}

std::string WithSteps(std::string_view steps) {
  return "name: w\ninputs:\n  target: {type: target, requires: [backups, services]}\nsteps:\n" +
         std::string(steps);
}

}  // namespace recourse::definition
