// Reads the steps that lead a run on: switch, wait, set, parallel, sub-workflow, fail.
#include <algorithm>

#include "engine/definition/input_value.h"
#include "engine/definition/loading.h"
#include "engine/definition/members.h"
#include "engine/definition/names.h"
#include "engine/definition/template_text.h"

namespace recourse::definition {
namespace {

using expression::Type;

// What is given to a sub-workflow, as far as it is known before it is evaluated.
void CheckSubInputs(const std::vector<Input>& inputs, const Node& with, Place place,
                    Loading& loading) {
  if (loading.stored || !with.is_map()) return;
  std::vector<std::string_view> names;
  for (const Input& input : inputs) names.push_back(input.name);
  for (const Member& member : with.members) {
    const auto input = std::ranges::find(inputs, member.key, &Input::name);
    if (input == inputs.end()) {
      loading.problems.AddUnknown(member.place, "input", member.key, names);
      continue;
    }
    if (member.value.is_string() && HasExpression(member.value.scalar.as_string())) continue;
    if (input->type == InputType::kTarget) {
      loading.problems.Add(member.value.place, member.key +
                                                   ": expected an expression that answers a "
                                                   "target, such as ${inputs.target}");
    } else if (auto fits = FitInput(*input, ToValue(member.value)); !fits) {
      if (member.value.kind == Node::Kind::kScalar) {
        loading.problems.Add(member.value.place, member.key + ": " + fits.error().message);
      }
    }
  }
  for (const Input& input : inputs) {
    if (!input.required || with.Find(input.name) != nullptr) continue;
    loading.problems.Add(place, "with: the input " + Quoted(input.name) + " is missing (" +
                                    std::string(NameOf(input.type)) +
                                    (input.description.empty() ? "" : ": " + input.description) +
                                    ")");
  }
}

}  // namespace

std::optional<StepKind> ReadSwitch(const Node& node, int step, Loading& loading) {
  SwitchStep result;
  if (!node.is_list() || node.items.empty()) {
    loading.problems.Add(node.place,
                         "switch: expected a list of cases {when: \"${...}\", goto: "
                         "step}, the last of which may be {default: step}");
    return result;
  }
  for (const Node& item : node.items) {
    const bool is_default = item.is_map() && item.Find("default") != nullptr;
    Members members(item, KindOfMap(is_default ? "default_case" : "case"),
                    InStep("in a case", step, loading), loading.problems);
    if (is_default) {
      const Node* otherwise = members.Take("default");
      result.otherwise = loading.FindStep(*otherwise, "default", step);
      if (&item != &node.items.back()) {
        loading.problems.Add(item.place, "the default must be the last case");
      }
    } else {
      const Node* when = members.Require("when");
      const Node* go_to = members.Require("goto");
      if (when != nullptr && go_to != nullptr) {
        auto program =
            ReadProgram(*when, {"when", kTruth}, {Position::Scope::kStep, step}, loading);
        const auto target = loading.FindStep(*go_to, "goto", step);
        if (program && target) result.cases.push_back({*std::move(program), *target});
      }
    }
    if (item.is_map()) members.RefuseOthers();
  }
  return result;
}

std::optional<StepKind> ReadWait(const Node& node, int step, Loading& loading) {
  Members members(node, KindOfMap("wait"), InStep("in the wait", step, loading), loading.problems);
  const Position position{Position::Scope::kStep, step};
  WaitStep wait;
  const Node* duration = members.Take("for");
  const Node* until = members.Take("until");
  const Node* signal = members.Take("signal");
  const int said = (duration != nullptr) + (until != nullptr) + (signal != nullptr);
  if (node.is_map() && said != 1) {
    loading.problems.Add(node.place, "wait: expected one of \"for\", \"until\" and \"signal\"");
  }
  if (signal != nullptr) {
    wait.signal = ReadName(*signal, "signal", NameKind::kDashed, loading.problems).value_or("");
  }
  const Node* timeout = members.Take("timeout");
  wait.timeout = members.TakeDuration("timeout");
  if (timeout != nullptr && signal == nullptr) {
    loading.problems.Add(timeout->place, "timeout: only a wait for a signal has one");
  }
  if (duration != nullptr) {
    constexpr Type::Kinds kSpan = Type::Of(Value::Kind::kDuration) | Type::Of(Value::Kind::kString);
    wait.duration = ReadTemplate(*duration, {"for", kSpan}, position, loading);
    if (wait.duration->constant()) {
      (void)ReadDuration(*duration, "for", std::chrono::microseconds(1), loading.problems);
    }
  }
  if (until != nullptr) {
    wait.until =
        ReadProgram(*until, {"until", Type::Of(Value::Kind::kTimestamp)}, position, loading);
  }
  members.RefuseOthers();
  return wait;
}

std::optional<StepKind> ReadSet(const Node& node, int step, Loading& loading) {
  SetStep set;
  if (!node.is_map() || node.members.empty()) {
    loading.problems.Add(node.place, "set: expected a map from names to values");
    return set;
  }
  for (const Member& member : node.members) {
    CheckName(member.key, member.place, "value", NameKind::kPlain, loading.problems);
  }
  set.values = ReadTemplate(node, {.key = "set"}, {Position::Scope::kStep, step}, loading);
  return set;
}

std::optional<StepKind> ReadParallel(const Node& node, int step, Loading& loading) {
  Members members(node, KindOfMap("parallel"), InStep("in the parallel", step, loading),
                  loading.problems);
  ParallelStep parallel;
  if (const Node* branches = members.Require("branches")) {
    if (!branches->is_map() || branches->members.size() < 2) {
      loading.problems.Add(branches->place,
                           "branches: expected a map of at least two names, each with "
                           "its list of steps");
    }
    for (const Member& branch : branches->members) {
      CheckName(branch.key, branch.place, "branch", NameKind::kPlain, loading.problems);
    }
  }
  parallel.collect = members.TakeWord<bool>("when_one_fails", {{"stop", false}, {"collect", true}})
                         .value_or(false);
  members.RefuseOthers();
  for (std::size_t i = 0; i < loading.workflow.blocks.size(); ++i) {
    if (loading.workflow.blocks[i].owner == step) parallel.branches.push_back(static_cast<int>(i));
  }
  return parallel;
}

std::optional<StepKind> ReadSubWorkflow(const Node& node, const Node* with, int step,
                                        Loading& loading) {
  const Position position{Position::Scope::kStep, step};
  SubWorkflowStep sub;
  if (!node.is_string()) {
    loading.problems.Add(
        node.place, "workflow: expected a workflow's name, found " + std::string(Describe(node)));
    return std::nullopt;
  }
  if (with != nullptr && !with->is_map()) {
    loading.problems.Add(with->place, "with: expected a map of the workflow's inputs, found " +
                                          std::string(Describe(*with)));
  }
  Node none;
  none.kind = Node::Kind::kMap;
  sub.with = ReadTemplate(with == nullptr ? none : *with, {.key = "with"}, position, loading);
  const auto& blocks = loading.workflow.blocks;
  const auto block = std::ranges::find(blocks, step, &Block::owner);
  if (block == blocks.end()) return std::nullopt;  // it was not found
  sub.block = static_cast<int>(block - blocks.begin());
  const auto frame = std::ranges::find(loading.workflow.frames, step, &Frame::owner);
  CheckSubInputs(frame->inputs, with == nullptr ? none : *with, node.place, loading);
  return sub;
}

std::optional<StepKind> ReadFail(const Node& node, int step, Loading& loading) {
  Members members(node, KindOfMap("failure"), InStep("in the fail", step, loading),
                  loading.problems);
  FailStep fail;
  if (const Node* code = members.Take("code")) {
    fail.code = ReadCode(*code, loading.problems).value_or(fail.code);
  }
  if (const Node* message = members.Require("message")) {
    fail.message = ReadText(*message, "message", {Position::Scope::kStep, step}, loading);
  }
  members.RefuseOthers();
  return fail;
}

}  // namespace recourse::definition
