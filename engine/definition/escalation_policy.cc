#include "engine/definition/escalation_policy.h"

#include <algorithm>
#include <array>

#include "engine/definition/members.h"
#include "engine/definition/names.h"
#include "engine/definition/workflow.h"

namespace recourse::definition {
namespace {

constexpr std::array<std::string_view, 4> kSeverities = {"critical", "high", "medium", "low"};

void CheckSeverity(const std::string& name, Place place, Problems& problems) {
  if (std::find(kSeverities.begin(), kSeverities.end(), name) != kSeverities.end()) return;
  problems.AddUnknown(place, "severity", name,
                      std::vector<std::string>(kSeverities.begin(), kSeverities.end()));
}

EscalationPolicy::Level ReadLevel(const Node& node, Problems& problems) {
  EscalationPolicy::Level level;
  Members members(node, "in a level", problems);
  level.after = members.TakeDuration("after", std::chrono::microseconds(0)).value_or(level.after);
  if (const Node* to = members.Require("to")) {
    level.to = ReadName(*to, "to", NameKind::kDashed, problems).value_or("");
  }
  if (const Node* severities = members.Take("severities")) {
    if (!severities->is_list() || severities->items.empty()) {
      problems.Add(severities->place, "severities: expected a list such as [critical, high]");
    }
    for (const Node& one : severities->items) {
      const std::string name =
          one.is_string() ? one.scalar.as_string() : std::string(Describe(one));
      CheckSeverity(name, one.place, problems);
      level.severities.push_back(name);
    }
  }
  members.RefuseOthers();
  return level;
}

EscalationPolicy Read(const Node& root, Problems& problems) {
  EscalationPolicy policy;
  Members members(root, "in the escalation policy", problems);
  if (const Node* name = members.Require("name")) {
    policy.name = ReadName(*name, "name", NameKind::kDashed, problems).value_or("");
  }
  policy.summary = members.TakeString("summary").value_or("");
  if (const Node* levels = members.Require("levels")) {
    if (!levels->is_list() || levels->items.empty()) {
      problems.Add(levels->place, "levels: expected a list of {after: time, to: role}");
    }
    for (const Node& one : levels->items) policy.levels.push_back(ReadLevel(one, problems));
  }
  std::stable_sort(policy.levels.begin(), policy.levels.end(),
                   [](const auto& a, const auto& b) { return a.after < b.after; });
  policy.may_decide = members.TakeBool("may_decide").value_or(false);
  if (const Node* within = members.Take("respond_within")) {
    Members times(*within, "in respond_within", problems);
    for (const Member& member : within->members) {
      CheckSeverity(member.key, member.place, problems);
      if (const auto time = times.TakeDuration(member.key)) {
        policy.respond_within.emplace(member.key, *time);
      }
    }
  }
  members.RefuseOthers();
  return policy;
}

}  // namespace

Result<EscalationPolicy> LoadEscalationPolicy(std::string_view text, std::string_view file) {
  Problems problems;
  const Node root = ReadYaml(text, problems);
  EscalationPolicy policy;
  if (problems.empty()) policy = Read(root, problems);
  if (problems.empty()) return policy;
  Loaded read;  // for its report
  read.problems = std::move(problems).Take();
  std::string report = read.Report(file);
  if (report.ends_with('\n')) report.pop_back();
  return InvalidArgument(std::move(report));
}

Value PolicyFor(const EscalationPolicy& policy, std::string_view severity) {
  Value::List levels;
  for (const EscalationPolicy::Level& level : policy.levels) {
    const auto& only = level.severities;
    if (!only.empty() && std::find(only.begin(), only.end(), severity) == only.end()) continue;
    levels.push_back(
        Value::Object({{"after_us", std::int64_t(level.after.count())}, {"to", level.to}}));
  }
  Value::Map kept;
  kept.emplace("name", policy.name);
  kept.emplace("levels", Value(std::move(levels)));
  kept.emplace("may_decide", policy.may_decide);
  const auto within = policy.respond_within.find(std::string(severity));
  if (within != policy.respond_within.end()) {
    kept.emplace("respond_within_us", std::int64_t(within->second.count()));
  }
  return Value(std::move(kept));
}

}  // namespace recourse::definition
