// Reads the inputs that a workflow declares.
#include <algorithm>

#include "engine/definition/input_value.h"
#include "engine/definition/loading.h"
#include "engine/definition/members.h"
#include "engine/definition/names.h"
#include "engine/definition/template_text.h"

namespace recourse::definition {
namespace {

void ReadDefault(const Node& node, Input& input, Loading& loading) {
  input.required = false;
  if (node.is_string() && HasExpression(node.scalar.as_string())) {
    loading.problems.Add(node.place, "default: must be a constant");
    return;
  }
  auto value = FitInput(input, ToValue(node));
  if (!value) {
    loading.problems.Add(node.place, "default: " + value.error().message);
    return;
  }
  input.fallback = *std::move(value);
}

void ReadEnum(const Node& node, Input& input, Loading& loading) {
  if (!node.is_list() || node.items.empty()) {
    loading.problems.Add(node.place, "enum: expected a list of values");
  }
  std::vector<Value> values;
  for (const Node& item : node.items) {
    auto value = FitInput(input, ToValue(item));
    if (value) {
      values.push_back(*std::move(value));
    } else {
      loading.problems.Add(item.place, "enum: " + value.error().message);
    }
  }
  input.one_of = std::move(values);
}

void ReadRequires(const Node& node, Input& input, Loading& loading) {
  if (input.type != InputType::kTarget) {
    loading.problems.Add(node.place, "requires: only a target has resources");
    return;
  }
  if (!node.is_list()) loading.problems.Add(node.place, "requires: expected a list of resources");
  for (const Node& item : node.items) {
    const auto name = ReadName(item, "requires", NameKind::kPlain, loading.problems);
    if (name) input.requires_.push_back(*name);
  }
}

void ReadInput(const Member& member, std::vector<Input>& inputs, Loading& loading) {
  if (!CheckName(member.key, member.place, "input", NameKind::kPlain, loading.problems)) return;
  Members members(member.value, KindOfMap("input"), "in the input " + Quoted(member.key),
                  loading.problems);
  if (!member.value.is_map()) return;
  Input input;
  input.name = member.key;
  const Node* type_node = members.Require("type");
  const auto type = members.TakeWord<InputType>("type", {{"string", InputType::kString},
                                                         {"int", InputType::kInt},
                                                         {"double", InputType::kDouble},
                                                         {"bool", InputType::kBool},
                                                         {"duration", InputType::kDuration},
                                                         {"target", InputType::kTarget},
                                                         {"list", InputType::kList},
                                                         {"map", InputType::kMap}});
  input.description = members.TakeString("description").value_or("");
  const Node* one_of = members.Take("enum");
  const Node* requires_node = members.Take("requires");
  const Node* fallback = members.Take("default");
  const Node* check = members.Take("check");
  members.RefuseOthers();
  input.required = fallback == nullptr;
  if (type_node != nullptr && type) {
    input.type = *type;
    if (requires_node != nullptr) ReadRequires(*requires_node, input, loading);
    if (one_of != nullptr) ReadEnum(*one_of, input, loading);
    if (fallback != nullptr) ReadDefault(*fallback, input, loading);
  }
  if (check != nullptr) {
    const Position before_start{Position::Scope::kLock};
    input.check = ReadProgram(*check, {.key = "check", .kinds = kTruth}, before_start, loading);
  }
  inputs.push_back(std::move(input));
}

}  // namespace

std::vector<Input> ReadInputs(const Node& node, Loading& loading) {
  std::vector<Input> inputs;
  if (!node.is_map()) {
    loading.problems.Add(node.place, "inputs: expected a map from names to inputs, found " +
                                         std::string(Describe(node)));
    return inputs;
  }
  for (const Member& member : node.members) ReadInput(member, inputs, loading);
  // By name, as the canonical form has them: equal digests mean equal workflows.
  std::ranges::sort(inputs, {}, &Input::name);
  return inputs;
}

}  // namespace recourse::definition
