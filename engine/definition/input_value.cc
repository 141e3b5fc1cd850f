#include "engine/definition/input_value.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::definition {
namespace {

Value ToDurationValue(std::chrono::microseconds duration) {
  constexpr std::int64_t kMicros = 1'000'000;
  return Duration{duration.count() / kMicros,
                  static_cast<std::int32_t>(duration.count() % kMicros * 1000)};
}

Error Expected(std::string_view what, const Value& value) {
  return InvalidArgument("expected " + std::string(what) + ", found " + ToJson(value));
}

Result<Value> FitType(InputType type, const Value& value) {
  switch (type) {
    case InputType::kString:
    case InputType::kTarget:
      if (value.is_string()) return value;
      return Expected(type == InputType::kString ? "a string" : "a target's name", value);
    case InputType::kInt:
      if (value.is_int()) return value;
      if (value.is_double() && std::trunc(value.as_double()) == value.as_double() &&
          std::abs(value.as_double()) < 0x1p53) {
        return Value(static_cast<std::int64_t>(value.as_double()));
      }
      return Expected("a whole number", value);
    case InputType::kDouble:
      if (value.is_double()) return value;
      if (value.is_int()) return Value(static_cast<double>(value.as_int()));
      return Expected("a number", value);
    case InputType::kBool:
      if (value.is_bool()) return value;
      return Expected("true or false", value);
    case InputType::kDuration: {
      if (value.kind() == Value::Kind::kDuration) return value;
      if (!value.is_string()) return Expected("a duration such as 90s or 1h30m", value);
      auto duration = ParseDuration(value.as_string());
      if (!duration) return std::move(duration).error();
      return ToDurationValue(*duration);
    }
    case InputType::kList:
      if (value.is_list()) return value;
      return Expected("a list", value);
    case InputType::kMap:
      if (value.is_map()) return value;
      return Expected("a map", value);
  }
  return Internal("an input without a type");
}

// A resource that the target lacks is an error that names it.
Result<Value> CheckResources(const Input& input, const Value& target) {
  for (const std::string& resource : input.requires_) {
    if (target.Find(resource) == nullptr) {
      const Value* name = target.Find("name");
      return InvalidArgument("the target " + (name == nullptr ? "" : ToJson(*name)) + " has no \"" +
                             resource + "\", which the workflow needs");
    }
  }
  return target;
}

Result<Value> ResolveTarget(const Input& input, const std::string& name,
                            const Inventory& inventory) {
  const Value* target = inventory.Find(name);
  if (target == nullptr) {
    return inventory.NoTarget(name);
  }
  return CheckResources(input, *target);
}

}  // namespace

std::string_view NameOf(InputType type) {
  switch (type) {
    case InputType::kString:
      return "string";
    case InputType::kInt:
      return "int";
    case InputType::kDouble:
      return "double";
    case InputType::kBool:
      return "bool";
    case InputType::kDuration:
      return "duration";
    case InputType::kTarget:
      return "target";
    case InputType::kList:
      return "list";
    case InputType::kMap:
      return "map";
  }
  return "?";
}

Result<Value> FitInput(const Input& input, const Value& value) {
  auto fitting = FitType(input.type, value);
  if (!fitting || input.one_of.empty()) return fitting;
  std::string allowed;
  for (const Value& one : input.one_of) {
    if (one == *fitting) return fitting;
    allowed += (allowed.empty() ? "" : ", ") + ToJson(one);
  }
  return Expected("one of " + allowed, value);
}

namespace {

using Targets = std::function<Result<Value>(const Input& input, const Value& given)>;

// What an input takes, for a message: as its author says it.
std::string WhatItTakes(const Input& input) {
  return input.description.empty() ? "what makes this true: " + input.check->source()
                                   : input.description;
}

// Asks the checks of all inputs, which may look at one another.
Result<void> PassChecks(const std::vector<Input>& inputs, const Value& resolved) {
  if (std::ranges::none_of(inputs, [](const Input& input) { return input.check.has_value(); })) {
    return {};
  }
  const expression::MapScope scope(Value::Map{{Value("inputs"), resolved}});
  for (const Input& input : inputs) {
    if (!input.check) continue;
    const auto holds = input.check->Evaluate(scope);
    if (holds && holds->is_bool() && holds->as_bool()) continue;
    const Value& given = resolved[input.name];
    const bool is_target = input.type == InputType::kTarget;
    return InvalidArgument("inputs." + input.name + ": " +
                           ToJson(is_target ? given["name"] : given) + " does not fit; it takes " +
                           WhatItTakes(input) + (holds ? "" : " (" + holds.error().message + ")"));
  }
  return {};
}

// `whose` names the workflow in messages.
Result<Value> Fit(const std::vector<Input>& inputs, const Value& given, const std::string& whose,
                  const Targets& target) {
  if (!given.is_null() && !given.is_map()) return InvalidArgument("inputs: expected a map");
  std::vector<std::string> names;
  for (const Input& input : inputs) names.push_back(input.name);
  Value::Map none;
  for (const auto& [key, value] : given.is_map() ? given.as_map() : none) {
    const std::string name = key.is_string() ? key.as_string() : ToJson(key);
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const std::string nearest = Nearest(name, names);
    return InvalidArgument("inputs." + name + ": " + whose + " has no such input" +
                           (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"));
  }
  Value::Map resolved;
  for (const Input& input : inputs) {
    const Value* value = given.Find(input.name);
    if (value == nullptr && input.required) {
      return InvalidArgument("inputs." + input.name + ": is missing; " + whose + " needs it (" +
                             std::string(NameOf(input.type)) +
                             (input.description.empty() ? "" : ": " + input.description) + ")");
    }
    auto fitting = value == nullptr                   ? Result<Value>(input.fallback)
                   : input.type == InputType::kTarget ? target(input, *value)
                                                      : FitInput(input, *value);
    if (!fitting) return std::move(fitting).error().In("inputs." + input.name);
    resolved.emplace(input.name, *std::move(fitting));
  }
  Value all(std::move(resolved));
  if (auto passed = PassChecks(inputs, all); !passed) return std::move(passed).error();
  return all;
}

}  // namespace

Result<Value> ResolveInputs(const Workflow& workflow, const Value& given,
                            const Inventory& inventory) {
  return Fit(workflow.inputs, given, "the workflow \"" + workflow.name + "\"",
             [&](const Input& input, const Value& value) -> Result<Value> {
               auto name = FitInput(input, value);
               if (!name) return name;
               return ResolveTarget(input, name->as_string(), inventory);
             });
}

Result<Value> FitInputs(const std::vector<Input>& inputs, const Value& given) {
  return Fit(inputs, given, "the sub-workflow", [](const Input& input, const Value& value) {
    return value.is_map()
               ? CheckResources(input, value)
               : InvalidArgument("expected a target's content, such as ${inputs.target}");
  });
}

}  // namespace recourse::definition
