// The inventory: what a target's file may hold, as docs/targets.md tells it.
#include <algorithm>
#include <filesystem>
#include <system_error>

#include "engine/base/dated_name.h"
#include "engine/base/no_such.h"
#include "engine/definition/members.h"
#include "engine/definition/names.h"
#include "engine/definition/schema.h"
#include "engine/definition/target_schema.h"
#include "engine/definition/window.h"
#include "engine/definition/workflow.h"

namespace recourse::definition {
namespace {

bool IsOneOf(std::string_view key, std::initializer_list<std::string_view> keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

bool IsPermissions(const std::string& text) {
  return text.size() >= 3 && text.size() <= 5 &&
         text.find_first_not_of("01234567") == std::string::npos;
}

// What the schema cannot say of a text: that it is a duration, an absolute path, permissions.
void CheckText(std::string_view key, const Node& value, Problems& problems) {
  const std::string& text = value.scalar.as_string();
  const auto expected = [&](std::string_view what) {
    problems.Add(value.place,
                 std::string(key) + ": expected " + std::string(what) + ", found " + Quoted(text));
  };
  if (IsOneOf(key, {"max_age", "request_timeout", "over", "timeout", "connect_timeout"})) {
    (void)ReadDuration(value, key, std::chrono::milliseconds(1), problems);
  } else if (IsOneOf(key, {"settle", "stop_timeout", "latency_max", "interval", "within"})) {
    (void)ReadDuration(value, key, std::chrono::microseconds(0), problems);
  } else if (IsOneOf(key, {"path",
                           "directory",
                           "pid_file",
                           "log",
                           "working_directory",
                           "socket",
                           "journal",
                           "kubeconfig",
                           "runtime_directory",
                           "configuration",
                           "prefix",
                           "error_log",
                           "password_file",
                           "bearer_file",
                           "ca_file",
                           "link",
                           "previous",
                           "from",
                           "to",
                           "off"})) {
    if (!text.starts_with('/')) expected("an absolute path");
  } else if (key == "mode") {
    if (!IsPermissions(text)) expected("permissions in octal, such as 0664");
  } else if (key == "url") {
    if (!text.starts_with("http://") && !text.starts_with("https://")) {
      expected("a URL that begins with http:// or https://");
    }
  } else if (key == "pattern") {
    if (auto names = CheckNamePattern(text); !names) {
      problems.Add(value.place, "pattern: " + names.error().message);
    }
  }
}

// `of` names the resource, or the part of it, that the node is.
void CheckTexts(const Node& node, Problems& problems, std::string_view of = "") {
  for (const Node& item : node.items) CheckTexts(item, problems, of);
  for (const auto& [key, place, value] : node.members) {
    // Names of others, and what a script of the target's understands.
    if (IsOneOf(key, {"json", "environment", "headers", "patterns", "inputs", "probe_codes",
                      "exit_codes"})) {
      continue;
    }
    CheckTexts(value, problems, key);
    if (key == "prefix" && of == "cache") continue;  // of keys, not a directory
    if (value.is_string()) CheckText(key, value, problems);
  }
}

// Who names an owner says all of it: what a restored file gets is then never half right.
void CheckOwner(const Node& database, Problems& problems) {
  if (!database.is_map() || database.Find("owner") == nullptr) return;
  for (const std::string_view key : {"group", "mode"}) {
    if (database.Find(key) == nullptr) {
      problems.Add(database.place, "database: with \"owner\", " + Quoted(key) + " is needed too");
    }
  }
}

// The member's text; empty when it is no text or not there.
std::string TextOf(const Node& map, std::string_view key) {
  const Member* member = map.Find(key);
  return member != nullptr && member->value.is_string() ? member->value.scalar.as_string() : "";
}

bool IsWorkload(const std::string& text) {
  for (const std::string_view kind : {"deployment/", "statefulset/"}) {
    if (text.starts_with(kind)) return text.size() > kind.size();
  }
  return false;
}

void CheckUnit(const Node& service, Problems& problems) {
  const std::string unit = TextOf(service, "unit");
  if (!unit.empty() && (unit.find('.') == std::string::npos || unit.starts_with('-'))) {
    problems.Add(service.Find("unit")->place,
                 "unit: expected a unit's whole name, such as app.service, found " + Quoted(unit));
  }
  const bool of_user = TextOf(service, "scope") == "user";
  if (of_user && service.Find("runtime_directory") == nullptr) {
    problems.Add(service.Find("scope")->place,
                 "scope: with user, \"runtime_directory\" is needed too: /run/user/UID of the "
                 "manager");
  }
  for (const std::string_view key : {"runtime_directory", "bus", "user"}) {
    const Member* member = service.Find(key);
    if (of_user || unit.empty() || member == nullptr) continue;
    problems.Add(member->place, std::string(key) + ": with it, \"scope: user\" is needed too");
  }
}

// What would keep a service from being started, hours later.
void CheckService(const Node& service, Problems& problems) {
  if (!service.is_map()) return;
  if (const Member* command = service.Find("command"); command != nullptr) {
    const auto& words = command->value.items;
    const bool named =
        !words.empty() && (!words[0].is_string() || !words[0].scalar.as_string().empty());
    if (command->value.is_list() && !named) {
      problems.Add(command->value.place,
                   "command: expected a program and its arguments, found " +
                       std::string(words.empty() ? "an empty list" : "an empty name"));
    }
  }
  if (const Member* group = service.Find("group"); group && service.Find("user") == nullptr) {
    problems.Add(group->place, "group: with it, \"user\" is needed too");
  }
  CheckUnit(service, problems);
  if (const std::string workload = TextOf(service, "workload");
      !workload.empty() && !IsWorkload(workload)) {
    problems.Add(
        service.Find("workload")->place,
        "workload: expected deployment/NAME or statefulset/NAME, found " + Quoted(workload));
  }
  const Member* environment = service.Find("environment");
  if (environment == nullptr) return;
  for (const Member& variable : environment->value.members) {
    if (!variable.key.empty() && variable.key.find('=') == std::string::npos) continue;
    problems.Add(variable.place,
                 "environment: " + Quoted(variable.key) + " cannot name a variable");
  }
}

// Where the logs are is said by several paths, and a threshold by a pattern's name.
void CheckLogs(const Node& logs, Problems& problems) {
  if (!logs.is_map()) return;
  std::vector<std::string> known;
  for (const auto& [key, place, value] : logs.members) {
    for (const Member& pattern : value.members) {
      if (key == "patterns") known.push_back(pattern.key);
    }
    if (key != "paths") continue;
    for (const Node& path : value.items) {
      if (path.is_string()) CheckText("path", path, problems);
    }
  }
  for (const std::string_view level : {"warn", "fail"}) {
    const Member* limits = logs.Find(level);
    if (limits == nullptr) continue;
    for (const Member& limit : limits->value.members) {
      if (std::find(known.begin(), known.end(), limit.key) != known.end()) continue;
      problems.AddUnknown(limit.place, "pattern", limit.key, known);
    }
  }
}

void CheckTemporaryFiles(const Node& target, Problems& problems) {
  const Member* files = target.Find("temporary_files");
  if (files == nullptr) return;
  for (const Node& path : files->value.items) {
    if (path.is_string()) CheckText("path", path, problems);
  }
}

void CheckWindow(const Node& window, Problems& problems) {
  if (!window.is_map() || window.Find("cron") == nullptr) return;
  if (auto read = ReadWindow(ToValue(window)); !read) {
    problems.Add(window.place, "window: " + read.error().message);
  }
}

void CheckTarget(const Node& target, Problems& problems) {
  CheckTexts(target, problems);
  if (!target.is_map()) return;
  CheckTemporaryFiles(target, problems);
  for (const auto& [key, place, value] : target.members) {
    if (key == "database") CheckOwner(value, problems);
    if (key == "logs") CheckLogs(value, problems);
    if (key == "window") CheckWindow(value, problems);
    if (key == "name" && value.is_string()) {
      (void)ReadName(value, "name", NameKind::kDashed, problems);
    }
    if (key != "services" && key != "traffic") continue;
    for (const Node& service : value.items) CheckService(service, problems);
  }
}

// What its path leads to; empty: it has none.
std::string DatabaseOf(const Value& target) {
  const std::filesystem::path path = target["database"].StringOr("path", "");
  if (path.empty()) return "";
  std::error_code unreadable;
  const auto real = std::filesystem::weakly_canonical(path, unreadable);
  return unreadable ? path.lexically_normal() : real;
}

}  // namespace

const Value* Inventory::Find(std::string_view name) const {
  const auto found = targets_.find(name);
  return found == targets_.end() ? nullptr : &found->second;
}

std::vector<std::string> Inventory::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, target] : targets_) names.push_back(name);
  return names;
}

Result<void> Inventory::AddFile(std::string_view text, std::string_view file) {
  Loaded read;  // for its report
  Problems problems;
  const Node node = ReadYaml(text, problems);
  Value target = ToValue(node);
  if (problems.empty()) {
    for (const Misfit& misfit : FindMisfits(target, TargetSchema(), Strings::kAsTheyAre)) {
      problems.Add(
          PlaceIn(node, misfit.path, misfit.names_key),
          JoinPath("target", misfit.path) + (misfit.names_key ? " " : ": ") + misfit.message);
    }
    CheckTarget(node, problems);
    const auto owner = databases_.find(DatabaseOf(target));
    if (owner != databases_.end() && owner->second != target.StringOr("name", "")) {
      problems.Add(node.Find("database")->place,
                   "database: " + owner->first + " is the database of the target " +
                       Quoted(owner->second) + " already, from " + files_[owner->second] +
                       ": a lock of each would not keep the runs of the other away");
    }
    const Member* policy = node.is_map() ? node.Find("escalation_policy") : nullptr;
    if (policy != nullptr && policy->value.is_string()) {
      const std::string& named = policy->value.scalar.as_string();
      std::vector<std::string> names;
      for (const auto& [known, rules] : policies_) names.push_back(known);
      if (!policies_.contains(named)) {
        problems.AddUnknown(policy->value.place, "escalation policy", named, names);
      }
    }
  }
  if (!problems.empty()) {
    read.problems = std::move(problems).Take();
    std::string report = read.Report(file);
    if (report.ends_with('\n')) report.pop_back();
    return InvalidArgument(std::move(report));
  }
  const std::string name = target["name"].as_string();
  if (targets_.contains(name)) {
    return Error{Code::kAlreadyExists, std::string(file) + ": a target " + Quoted(name) +
                                           " is there already, from " + files_[name]};
  }
  if (kind_ == Targets::kSideBySide) databases_.emplace(DatabaseOf(target), name);
  databases_.erase("");
  targets_.emplace(name, std::move(target));
  files_.emplace(name, std::string(file));
  return {};
}

void Inventory::LeaveOut(std::string name, std::string problem) {
  left_out_.insert_or_assign(std::move(name), std::move(problem));
}

Error Inventory::NoTarget(const std::string& name) const {
  const auto found = left_out_.find(name);
  if (found == left_out_.end()) return NoSuch("target", name, Names());
  const std::string& problem = found->second;
  const std::size_t end = problem.find('\n');
  return NotFound(
      "the target " + Quoted(name) +
      " was left out when the server read its file: " + problem.substr(0, end) +
      "; correct it and send the server a SIGHUP. All that was left out: recourse info");
}

Result<void> Inventory::AddPolicyFile(std::string_view text, std::string_view file) {
  auto policy = LoadEscalationPolicy(text, file);
  if (!policy) return std::move(policy).error();
  const std::string name = policy->name;
  if (!policies_.emplace(name, *std::move(policy)).second) {
    return Error{Code::kAlreadyExists, std::string(file) + ": an escalation policy " +
                                           Quoted(name) + " is there already, from another file"};
  }
  return {};
}

const EscalationPolicy* Inventory::PolicyOf(const Value& target) const {
  const auto found = policies_.find(target.StringOr("escalation_policy", ""));
  return found == policies_.end() ? nullptr : &found->second;
}

}  // namespace recourse::definition
