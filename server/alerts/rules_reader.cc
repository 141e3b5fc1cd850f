// Reads a file of rules.
#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <variant>

#include "engine/definition/layout.h"
#include "engine/definition/members.h"
#include "engine/definition/names.h"
#include "engine/definition/node.h"
#include "engine/definition/problems.h"
#include "server/alerts/rules.h"

namespace recourse::server::alerts {
namespace {

using definition::Describe;
using definition::Input;
using definition::InputType;
using definition::Member;
using definition::Members;
using definition::NameKind;
using definition::Node;
using definition::Place;
using definition::Problems;
using definition::Quoted;
using definition::Workflow;
using expression::Mistake;
using expression::Program;
using expression::Template;
using expression::Type;

constexpr std::size_t kRulesMax = 1000;
constexpr auto kFlappingMin = std::chrono::seconds(1);
constexpr std::array<std::string_view, 3> kVariables = {"labels", "annotations", "alert"};
constexpr std::array<std::string_view, 5> kAlertMembers = {"name", "key", "started", "ended",
                                                           "run"};

// What an alert's variables hold: texts.
class AlertTypes final : public expression::Types {
 public:
  Type Find(std::span<const std::string_view> path) const override {
    return Type::Only(path.size() == 1 ? Value::Kind::kMap : Value::Kind::kString);
  }
};

class RulesReader {
 public:
  RulesReader(std::string_view text, const definition::WorkflowsByName& workflows,
              const definition::Inventory& inventory, Problems& problems, Problems& launches)
      : text_(text),
        workflows_(workflows),
        inventory_(inventory),
        problems_(problems),
        launches_(launches) {}

  Rules Read(const Node& root) {
    Rules rules;
    Members members(root, "in the alert rules", problems_);
    if (!root.is_map()) return rules;
    if (const Node* fallback = members.Require("fallback"))
      rules.fallback = ReadFallback(*fallback);
    if (const Node* list = members.Require("rules")) ReadRules(*list, rules);
    members.RefuseOthers();
    return rules;
  }

 private:
  void ReadRules(const Node& list, Rules& rules) {
    if (!list.is_list()) {
      return problems_.Add(list.place,
                           "rules: expected a list, found " + std::string(Describe(list)));
    }
    if (list.items.size() > kRulesMax) {
      return problems_.Add(list.place, "rules: more than " + std::to_string(kRulesMax));
    }
    std::set<std::string> names;
    for (const Node& item : list.items) {
      rules.rules.push_back(ReadRule(item));
      const std::string& name = rules.rules.back().name;
      if (!name.empty() && !names.insert(name).second) {
        problems_.Add(item.place, "there are two rules " + Quoted(name));
      }
    }
  }

  Rule ReadRule(const Node& node) {
    Rule rule;
    Members members(node, "in a rule", problems_);
    if (!node.is_map()) return rule;
    if (const Node* name = members.Require("name")) {
      rule.name = ReadName(*name, "rule", NameKind::kDashed, problems_).value_or("");
    }
    if (const Node* matchers = members.Require("matchers")) ReadMatchers(*matchers, rule);
    rule.launch = ReadLaunch(node, members);
    rule.severity =
        members
            .TakeWord<std::string>(
                "severity",
                {{"critical", "critical"}, {"high", "high"}, {"medium", "medium"}, {"low", "low"}})
            .value_or("");
    rule.daily_limit =
        static_cast<int>(members.TakeInt("daily_limit", 0, 1000).value_or(rule.daily_limit));
    if (const Node* flapping = members.Take("flapping")) ReadFlapping(*flapping, rule);
    if (const Node* check = members.Take("on_resolved")) {
      Members of_check(*check, "in on_resolved", problems_);
      if (check->is_map()) {
        rule.on_resolved = ReadLaunch(*check, of_check);
        of_check.RefuseOthers();
      }
    }
    members.RefuseOthers();
    return rule;
  }

  void ReadMatchers(const Node& list, Rule& rule) {
    if (!list.is_list()) {
      return problems_.Add(list.place,
                           "matchers: expected a list, found " + std::string(Describe(list)));
    }
    for (const Node& item : list.items) {
      auto matcher = item.is_string() ? Matcher::Parse(item.scalar.as_string())
                                      : Result<Matcher>(InvalidArgument("expected a text"));
      if (matcher) {
        rule.matchers.push_back(*std::move(matcher));
      } else {
        problems_.Add(item.place, "matchers: " + matcher.error().message);
      }
    }
  }

  void ReadFlapping(const Node& node, Rule& rule) {
    Members members(node, "in flapping", problems_);
    if (!node.is_map()) return;
    rule.flapping_times =
        static_cast<int>(members.TakeInt("times", 1, 100).value_or(rule.flapping_times));
    rule.flapping_within =
        members.TakeDuration("within", kFlappingMin).value_or(rule.flapping_within);
    members.RefuseOthers();
  }

  const Workflow* FindWorkflow(const Node& node) {
    const auto name = ReadName(node, "workflow", NameKind::kDashed, problems_);
    if (!name) return nullptr;
    const auto found = workflows_.find(*name);
    if (found != workflows_.end()) return found->second.get();
    std::vector<std::string> names;
    for (const auto& [known, workflow] : workflows_) names.push_back(known);
    launches_.AddUnknown(node.place, "workflow", *name, names);
    return nullptr;
  }

  static std::string NameIn(const Node& node) {
    return node.is_string() ? node.scalar.as_string() : "";
  }

  std::string ReadFallback(const Node& node) {
    const Workflow* workflow = FindWorkflow(node);
    if (workflow == nullptr) return NameIn(node);
    const auto given = Value::Object({{"alert", ""}, {"problem", ""}});
    if (auto fits = definition::ResolveInputs(*workflow, given, inventory_); !fits) {
      launches_.Add(node.place, "fallback: its inputs must be the texts alert and problem: " +
                                    fits.error().message);
    }
    return workflow->name;
  }

  // The keys workflow, target and inputs of `members`, which are those of `node`.
  Launch ReadLaunch(const Node& node, Members& members) {
    const Node* name = members.Require("workflow");
    const Node* target = members.Take("target");
    const Node* inputs = members.Take("inputs");
    Launch launch;
    if (inputs != nullptr && !inputs->is_map()) {
      problems_.Add(inputs->place,
                    "inputs: expected a map, found " + std::string(Describe(*inputs)));
      inputs = nullptr;
    }
    std::vector<std::pair<std::string, const Node*>> given;
    if (target != nullptr) given.emplace_back("target", target);
    if (inputs != nullptr) {
      for (const Member& member : inputs->members) {
        if (target != nullptr && member.key == "target") {
          problems_.Add(member.place, "inputs.target: target stands beside inputs too; keep one");
        }
        given.emplace_back(member.key, &member.value);
      }
    }
    std::vector<std::pair<Value, Template>> templates;
    const std::size_t before = problems_.size();
    for (const auto& [key, value] : given) {
      templates.emplace_back(key, ReadTemplate(*value, "inputs." + key));
    }
    launch.inputs = Template::Map(std::move(templates));
    const Workflow* workflow = name == nullptr ? nullptr : FindWorkflow(*name);
    launch.workflow = name == nullptr ? "" : NameIn(*name);
    if (workflow == nullptr) return launch;
    if (problems_.size() == before) CheckInputs(*workflow, given, launch, node.place);
    return launch;
  }

  // Where nothing hangs on the alert, all of it can be checked; else the names.
  void CheckInputs(const Workflow& workflow,
                   const std::vector<std::pair<std::string, const Node*>>& given,
                   const Launch& launch, Place place) {
    const auto place_of = [&](std::string_view input) {
      for (const auto& [key, value] : given) {
        if (key == input) return value->place;
      }
      return place;
    };
    if (launch.inputs.constant()) {
      auto fits = definition::ResolveInputs(workflow, launch.inputs.source(), inventory_);
      if (fits) return;
      const std::string& message = fits.error().message;
      const std::size_t begin = message.starts_with("inputs.") ? 7 : message.size();
      launches_.Add(place_of(message.substr(begin, message.find(':') - begin)), message);
      return;
    }
    std::vector<std::string> names;
    for (const Input& input : workflow.inputs) {
      names.push_back(input.name);
      const bool is_given = std::any_of(given.begin(), given.end(),
                                        [&](const auto& one) { return one.first == input.name; });
      if (input.required && !is_given) {
        launches_.Add(place, "inputs." + input.name + ": " + workflow.name + " needs it");
      }
    }
    for (const auto& [key, value] : given) {
      if (std::find(names.begin(), names.end(), key) == names.end()) {
        launches_.AddUnknown(value->place, "input", key, names);
      }
    }
  }

  Template ReadTemplate(const Node& node, const std::string& name) {
    if (node.is_list()) {
      std::vector<Template> elements;
      for (const Node& item : node.items) elements.push_back(ReadTemplate(item, name));
      return Template::List(std::move(elements));
    }
    if (node.is_map()) {
      std::vector<std::pair<Value, Template>> members;
      for (const Member& member : node.members) {
        members.emplace_back(member.key, ReadTemplate(member.value, name + "." + member.key));
      }
      return Template::Map(std::move(members));
    }
    if (!node.is_string()) return Template::Constant(node.scalar);
    const std::string& text = node.scalar.as_string();
    const expression::Layout layout = definition::LayoutOf(node, text_);
    auto read = Template::Read(text, name, layout);
    if (const auto* mistake = std::get_if<Mistake>(&read)) {
      problems_.Add(layout.PlaceOf(text, mistake->offset), mistake->error.message);
      return {};
    }
    auto& found = std::get<Template>(read);
    for (const auto& [program, offset, whole] : found.Expressions()) CheckProgram(program, name);
    return std::move(found);
  }

  void CheckProgram(const Program& program, const std::string& name) {
    const std::size_t before = problems_.size();
    for (const expression::Reference& used : program.References()) {
      const Place place = program.PlaceOf(used.offset);
      if (std::find(kVariables.begin(), kVariables.end(), used.path[0]) == kVariables.end()) {
        problems_.AddUnknown(place, "variable", used.path[0], kVariables);
      } else if (used.path[0] == "alert" && used.path.size() > 1 &&
                 std::find(kAlertMembers.begin(), kAlertMembers.end(), used.path[1]) ==
                     kAlertMembers.end()) {
        problems_.AddUnknown(place, "member of alert", used.path[1], kAlertMembers);
      }
    }
    if (!program.Secrets().empty()) {
      problems_.Add(program.PlaceOf(0), name + ": a secret may stand in a workflow only");
    }
    if (problems_.size() != before) return;
    for (const Mistake& mistake : program.TypeWith(AlertTypes()).mistakes) {
      problems_.Add(program.PlaceOf(mistake.offset), mistake.error.message);
    }
  }

  const std::string_view text_;
  const definition::WorkflowsByName& workflows_;
  const definition::Inventory& inventory_;
  Problems& problems_;
  Problems& launches_;  // with the workflows that are named, and what they are given
};

std::string ReportOf(Problems problems, std::string_view file) {
  definition::Loaded read;  // for its report
  read.problems = std::move(problems).Take();
  std::string report = read.Report(file);
  if (report.ends_with('\n')) report.pop_back();
  return report;
}

}  // namespace

Result<std::shared_ptr<const Rules>> LoadRules(std::string_view text, std::string_view file,
                                               const definition::WorkflowsByName& workflows,
                                               const definition::Inventory& inventory,
                                               std::string* unusable) {
  Problems problems;
  Problems launches;
  const Node root = definition::ReadYaml(text, problems);
  Rules rules;
  if (problems.empty()) {
    rules =
        RulesReader(text, workflows, inventory, problems, unusable == nullptr ? problems : launches)
            .Read(root);
  }
  if (!problems.empty()) return InvalidArgument(ReportOf(std::move(problems), file));
  for (Rule& rule : rules.rules) {
    rule.launch.file = file;
    if (rule.on_resolved) rule.on_resolved->file = file;
  }
  if (unusable != nullptr) *unusable = ReportOf(std::move(launches), file);
  return std::make_shared<const Rules>(std::move(rules));
}

}  // namespace recourse::server::alerts
