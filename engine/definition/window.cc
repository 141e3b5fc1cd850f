#include "engine/definition/window.h"

#include "engine/base/text.h"
#include "engine/definition/loading.h"
#include "engine/definition/members.h"
#include "engine/definition/names.h"

namespace recourse::definition {
namespace {

Result<std::string> TextIn(const Value& value, const char* name, const char* otherwise) {
  const Value* found = value.Find(name);
  if (found == nullptr && otherwise != nullptr) return std::string(otherwise);
  if (found != nullptr && found->is_string()) return found->as_string();
  return InvalidArgument(std::string(name) +
                         (found == nullptr ? ": is missing" : ": expected a text"));
}

}  // namespace

Result<calendar::Window> ReadWindow(const Value& value) {
  if (!value.is_map())
    return InvalidArgument("expected {cron: ..., time_zone: ..., duration: ...}");
  for (const auto& [key, part] : value.as_map()) {
    const std::string name = key.is_string() ? key.as_string() : "";
    if (name == "cron" || name == "time_zone" || name == "duration") continue;
    return InvalidArgument("unknown member \"" + name + "\"; expected cron, time_zone, duration");
  }
  auto cron_text = TextIn(value, "cron", nullptr);
  if (!cron_text) return std::move(cron_text).error();
  auto zone_name = TextIn(value, "time_zone", "UTC");
  if (!zone_name) return std::move(zone_name).error();
  auto zone = calendar::Zone::Find(*zone_name);
  if (!zone) return std::move(zone).error().In("time_zone");
  auto cron = calendar::Cron::Parse(*cron_text, *std::move(zone));
  if (!cron) return std::move(cron).error().In("cron");
  auto text = TextIn(value, "duration", nullptr);
  if (!text) return std::move(text).error();
  auto duration = ParseDuration(*text);
  if (!duration) return std::move(duration).error().In("duration");
  if (duration->count() <= 0) return InvalidArgument("duration: must be above 0");
  return calendar::Window{*std::move(cron), *duration};
}

void ReadWindowRule(Members& members, Loading& loading) {
  const Node* window = members.Take("window");
  const Node* on_closing = members.Take("on_window_closing");
  const Node* override_by = members.Take("window_override");
  for (const Node* alone : {on_closing, override_by}) {
    if (alone == nullptr || window != nullptr) continue;
    loading.problems.Add(alone->place, "the workflow has no \"window\" that this could be about");
  }
  if (window == nullptr) return;
  WindowRule rule;
  rule.window = ReadTemplate(*window, {.key = "window"}, {Position::Scope::kLock}, loading);
  if (rule.window.constant()) {
    auto read = ReadWindow(ToValue(*window));
    if (!read) loading.problems.Add(window->place, "window: " + read.error().message);
  }
  rule.on_closing =
      members
          .TakeWord<OnClosing>("on_window_closing", {{"rollback", OnClosing::kRollback},
                                                     {"pause", OnClosing::kPause},
                                                     {"finish", OnClosing::kFinish}})
          .value_or(OnClosing::kRollback);
  if (override_by != nullptr) {
    rule.override_by = ReadRoles(*override_by, "window_override", loading);
  }
  loading.workflow.window = std::move(rule);
}

}  // namespace recourse::definition
