#include "engine/definition/schedule.h"

#include <vector>

#include "engine/base/digest.h"
#include "engine/definition/members.h"
#include "engine/definition/names.h"
#include "engine/definition/template_text.h"

namespace recourse::definition {
namespace {

constexpr int kCatchUpMax = 100;
constexpr auto kJitterMax = std::chrono::hours(24);

void RefuseExpressions(const Node& node, Problems& problems) {
  for (const Node& item : node.items) RefuseExpressions(item, problems);
  for (const Member& member : node.members) RefuseExpressions(member.value, problems);
  if (node.is_string() && HasExpression(node.scalar.as_string())) {
    problems.Add(node.place, "inputs: a schedule's inputs must be constants");
  }
}

// Where the input stands that a message of ResolveInputs begins with: "inputs.target: ...".
Place PlaceOfInput(const Node& root, const Node* inputs, const std::string& message) {
  if (inputs == nullptr) return root.place;
  constexpr std::string_view kPrefix = "inputs.";
  if (!message.starts_with(kPrefix)) return inputs->place;
  const std::string name = message.substr(kPrefix.size(), message.find(':') - kPrefix.size());
  const Member* member = inputs->Find(name);
  return member == nullptr ? inputs->place : member->place;
}

void ReadWorkflow(Members& members, const Node& root, const WorkflowsByName& workflows,
                  const Inventory& inventory, Schedule& schedule, Problems& problems) {
  const Node* workflow = members.Require("workflow");
  const Node* inputs = members.Take("inputs");
  schedule.inputs = inputs == nullptr ? Value(Value::Map()) : ToValue(*inputs);
  if (inputs != nullptr && !inputs->is_map()) {
    problems.Add(inputs->place, "inputs: expected a map, found " + std::string(Describe(*inputs)));
    return;
  }
  if (inputs != nullptr) RefuseExpressions(*inputs, problems);
  if (workflow == nullptr) return;
  const auto name = ReadName(*workflow, "workflow", NameKind::kDashed, problems);
  if (!name) return;
  schedule.workflow = *name;
  const auto found = workflows.find(*name);
  if (found == workflows.end()) {
    std::vector<std::string> names;
    for (const auto& [known, definition] : workflows) names.push_back(known);
    return problems.AddUnknown(workflow->place, "workflow", *name, names);
  }
  const auto fitting = ResolveInputs(*found->second, schedule.inputs, inventory);
  if (!fitting) {
    problems.Add(PlaceOfInput(root, inputs, fitting.error().message), fitting.error().message);
  }
}

std::optional<calendar::Cron> ReadCron(Members& members, Problems& problems) {
  const Node* node = members.Require("cron");
  const Node* zone_node = members.Take("time_zone");
  std::optional<calendar::Zone> zone;
  if (zone_node != nullptr && !zone_node->is_string()) {
    problems.Add(zone_node->place, "time_zone: expected a name such as Europe/Berlin, found " +
                                       std::string(Describe(*zone_node)));
  } else {
    auto found = calendar::Zone::Find(zone_node ? zone_node->scalar.as_string() : "UTC");
    if (found) {
      zone = *std::move(found);
    } else {
      problems.Add(zone_node != nullptr ? zone_node->place : Place{1, 1},
                   "time_zone: " + found.error().message);
    }
  }
  if (node == nullptr) return std::nullopt;
  if (!node->is_string()) {
    problems.Add(node->place, "cron: expected an expression such as \"0 2 * * *\", found " +
                                  std::string(Describe(*node)));
    return std::nullopt;
  }
  if (!zone) return std::nullopt;
  auto cron = calendar::Cron::Parse(node->scalar.as_string(), *std::move(zone));
  if (!cron) {
    problems.Add(node->place, "cron: " + cron.error().message);
    return std::nullopt;
  }
  return *std::move(cron);
}

void ReadRules(Members& members, Schedule& schedule, Problems& problems) {
  const Node* jitter = members.Take("jitter");
  if (jitter != nullptr) {
    schedule.jitter =
        ReadDuration(*jitter, "jitter", microseconds(0), problems).value_or(microseconds(0));
    if (schedule.jitter > kJitterMax) {
      problems.Add(jitter->place, "jitter: must be at most " + FormatDuration(kJitterMax));
    }
  }
  schedule.overlap =
      members.TakeWord<Overlap>("overlap", {{"skip", Overlap::kSkip}, {"queue", Overlap::kQueue}})
          .value_or(Overlap::kSkip);
  const Node* catch_up = members.Take("catch_up");
  schedule.catch_up = members
                          .TakeWord<CatchUp>("catch_up", {{"none", CatchUp::kNone},
                                                          {"last", CatchUp::kLast},
                                                          {"all", CatchUp::kAll}})
                          .value_or(CatchUp::kNone);
  const Node* limit = members.Take("catch_up_limit");
  schedule.catch_up_limit = static_cast<int>(
      members.TakeInt("catch_up_limit", 1, kCatchUpMax).value_or(schedule.catch_up_limit));
  if (limit != nullptr && schedule.catch_up != CatchUp::kAll) {
    problems.Add(limit->place, "catch_up_limit: has a meaning with \"catch_up: all\" only");
  }
  if (schedule.catch_up == CatchUp::kAll && schedule.overlap == Overlap::kSkip) {
    problems.Add(catch_up->place,
                 "catch_up: all needs \"overlap: queue\"; with skip, all but the first of them "
                 "would be skipped");
  }
  schedule.paused = members.TakeBool("paused").value_or(false);
}

Schedule ReadSchedule(Members& members, const Node& root, const WorkflowsByName& workflows,
                      const Inventory& inventory, Problems& problems) {
  Schedule schedule;
  if (auto cron = ReadCron(members, problems)) schedule.cron = *std::move(cron);
  if (const Node* name = members.Require("name")) {
    schedule.name = ReadName(*name, "name", NameKind::kDashed, problems).value_or("");
  }
  schedule.summary = members.TakeString("summary").value_or("");
  ReadWorkflow(members, root, workflows, inventory, schedule, problems);
  ReadRules(members, schedule, problems);
  return schedule;
}

}  // namespace

std::string_view ToString(Overlap value) { return value == Overlap::kSkip ? "skip" : "queue"; }

std::string_view ToString(CatchUp value) {
  switch (value) {
    case CatchUp::kNone:
      return "none";
    case CatchUp::kLast:
      return "last";
    case CatchUp::kAll:
      return "all";
  }
  return "";
}

Time Schedule::StartOf(Time time) const {
  if (jitter.count() == 0) return time;
  const Digest digest = Sha256Of(RequestIdOf(time));
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(number); ++i) number = number << 8 | digest[i];
  return time + microseconds(number % static_cast<std::uint64_t>(jitter.count() + 1));
}

std::string Schedule::RequestIdOf(Time time) const {
  return "schedule/" + name + "/" + FormatTimestamp(ToTimestamp(time));
}

Result<std::shared_ptr<const Schedule>> LoadSchedule(std::string_view text, std::string_view file,
                                                     const WorkflowsByName& workflows,
                                                     const Inventory& inventory) {
  Problems problems;
  const Node root = ReadYaml(text, problems);
  std::optional<Schedule> schedule;
  if (problems.empty() || root.is_map()) {
    Members members(root, "with the schedule's keys", problems);
    if (root.is_map()) {
      schedule = ReadSchedule(members, root, workflows, inventory, problems);
      members.RefuseOthers();
    }
  }
  if (problems.empty()) return std::make_shared<const Schedule>(*std::move(schedule));
  Loaded read;  // for its report
  read.problems = std::move(problems).Take();
  std::string report = read.Report(file);
  if (report.ends_with('\n')) report.pop_back();
  return InvalidArgument(std::move(report));
}

}  // namespace recourse::definition
