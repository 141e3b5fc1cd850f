// Reads what each kind of step has of its own.
#include "engine/definition/loading.h"
#include "engine/definition/members.h"
#include "engine/definition/names.h"
#include "engine/definition/schema.h"
#include "engine/definition/template_text.h"

namespace recourse::definition {
namespace {

using expression::Type;

std::string InStep(std::string_view part, int step, const Loading& loading) {
  return std::string(part) + " of the step " + Quoted(loading.workflow.steps[step].id);
}

RetryPolicy ReadRetry(const Node& node, RetryPolicy retry, int step, Loading& loading) {
  using std::chrono::microseconds;
  Members members(node, InStep("in the retry", step, loading), loading.problems);
  if (const auto value = members.TakeInt("attempts", 1, 1000)) {
    retry.attempts = static_cast<int>(*value);
  }
  if (const auto value = members.TakeDuration("delay", microseconds(0))) retry.delay = *value;
  if (const auto value = members.TakeNumber("backoff", 1, 100)) retry.backoff = *value;
  if (const auto value = members.TakeDuration("max_delay", microseconds(0))) {
    retry.delay_max = *value;
  }
  if (const Node* on = members.Take("on")) {
    retry.on.clear();
    if (!on->is_list()) loading.problems.Add(on->place, "on: expected a list of error codes");
    for (const Node& item : on->items) {
      if (const auto code = ReadCode(item, loading.problems)) retry.on.push_back(*code);
    }
  }
  members.RefuseOthers();
  return retry;
}

void CheckInputs(const ActionSpec& spec, const Value& value, const Node* with, Place place,
                 Loading& loading) {
  for (const Misfit& misfit : FindMisfits(value, spec.inputs, Strings::kTemplates)) {
    loading.problems.Add(with == nullptr ? place : PlaceIn(*with, misfit.path, misfit.names_key),
                         JoinPath("with", misfit.path) + (misfit.names_key ? " " : ": ") +
                             misfit.message + " (inputs of " + spec.name + ")");
  }
}

const ActionSpec* FindAction(const Node& node, Loading& loading) {
  if (loading.catalogue == nullptr) return nullptr;
  const std::string& name = node.scalar.as_string();
  const ActionSpec* spec = loading.catalogue->Find(name);
  if (spec != nullptr || loading.stored) return spec;
  std::vector<std::string> names;
  if (!loading.problems.full()) {
    for (const ActionSpec* one : loading.catalogue->All()) names.push_back(one->name);
  }
  loading.problems.AddUnknown(node.place, "action", name, names);
  return nullptr;
}

// What a step says of the ways to run and undo its action.
void ReadConduct(ActionStep& action, const ActionSpec* spec, Members& members, int step,
                 Loading& loading) {
  if (const auto timeout = members.TakeDuration("timeout")) {
    action.timeout = *timeout;
    action.timeout_given = true;
  }
  if (const Node* retry = members.Take("retry")) {
    action.retry = ReadRetry(*retry, action.retry, step, loading);
  }
  const Node* irreversible_node = members.Take("irreversible");
  if (const auto irreversible = members.TakeBool("irreversible")) {
    loading.workflow.steps[step].irreversible = *irreversible;
    const bool changes_nothing = spec != nullptr && spec->repeat == RepeatClass::kReadOnly;
    if (*irreversible && changes_nothing && !loading.stored) {
      loading.problems.Add(irreversible_node->place,
                           "irreversible: " + spec->name + " changes nothing");
    }
  }
  if (members.TakeWord<bool>("compensate", {{"none", false}})) action.can_compensate = false;
}

// `with`: a map of the action's inputs, or one expression that answers it.
void ReadWith(const Node* with, const ActionSpec* spec, Place place, Position position,
              ActionStep& action, Loading& loading) {
  Node none;
  none.kind = Node::Kind::kMap;
  if (with != nullptr && !with->is_map() &&
      !(with->is_string() && HasExpression(with->scalar.as_string()))) {
    loading.problems.Add(with->place, "with: expected a map of the action's inputs, found " +
                                          std::string(Describe(*with)));
    return;
  }
  Wanted wanted{.key = "with"};
  wanted.schema = spec == nullptr ? nullptr : &spec->inputs;
  wanted.secrets = true;
  const std::size_t before = loading.problems.size();
  action.with = ReadTemplate(with == nullptr ? none : *with, wanted, position, loading);
  if (spec == nullptr || loading.stored) return;
  // A template that could not be read does not hold all that stands there.
  const bool read = loading.problems.size() == before;
  CheckInputs(*spec, read ? action.with.source() : ToValue(*with), with, place, loading);
}

std::optional<StepKind> ReadAction(const Node& node, Members& members, int step, Loading& loading) {
  ActionStep action;
  const ActionSpec* spec = nullptr;
  if (node.is_string()) {
    action.action = node.scalar.as_string();
    spec = FindAction(node, loading);
  } else {
    loading.problems.Add(node.place,
                         "action: expected an action's name, found " + std::string(Describe(node)));
  }
  action.timeout = std::chrono::minutes(5);
  // Of an unknown action nobody can say that it has no way back, but the definition.
  action.known = spec != nullptr;
  action.can_compensate = true;
  if (spec != nullptr) {
    action.repeat = spec->repeat;
    action.has_plan = spec->has_plan;
    action.has_prepare = spec->has_prepare;
    action.can_compensate = spec->can_compensate;
    action.timeout = spec->timeout;
    action.retry = spec->retry;
  }
  Position position{Position::Scope::kStep, step};
  if (const Node* for_each = members.Take("for_each")) {
    action.for_each =
        ReadProgram(*for_each, {kForEach, Type::Of(Value::Kind::kList)}, position, loading);
    position.scope = Position::Scope::kItem;
  }
  const Node* with = members.Take("with");
  ReadWith(with, spec, node.place, position, action, loading);
  ReadConduct(action, spec, members, step, loading);
  return action;
}

std::optional<StepKind> ReadApproval(const Node& node, int step, Loading& loading) {
  Members members(node, InStep("in the approval", step, loading), loading.problems);
  const Position position{Position::Scope::kStep, step};
  ApprovalStep approval;
  if (const Node* prompt = members.Require("prompt")) {
    approval.prompt = ReadText(*prompt, "prompt", position, loading);
  }
  if (const Node* approvers = members.Require("approvers")) {
    if (!approvers->is_list()) {
      loading.problems.Add(approvers->place, "approvers: expected a list of roles, found " +
                                                 std::string(Describe(*approvers)));
    }
    for (const Node& role : approvers->items) {
      const auto name = ReadName(role, "approvers", NameKind::kDashed, loading.problems);
      if (name) approval.approvers.push_back(*name);
    }
  }
  approval.quorum = static_cast<int>(members.TakeInt("quorum", 1, 100).value_or(1));
  approval.exclude_requester = members.TakeBool("exclude_requester").value_or(false);
  approval.expires = members.TakeDuration("expires");
  const Node* on_expiry = members.Take("on_expiry");
  if (on_expiry != nullptr && members.Take("expires") == nullptr) {
    loading.problems.Add(on_expiry->place, "on_expiry: the approval has no \"expires\"");
  }
  approval.on_expiry = members
                           .TakeWord<OnExpiry>("on_expiry", {{"hold", OnExpiry::kHold},
                                                             {"reject", OnExpiry::kReject}})
                           .value_or(OnExpiry::kHold);
  members.RefuseOthers();
  return approval;
}

std::optional<StepKind> ReadSwitch(const Node& node, int step, Loading& loading) {
  SwitchStep result;
  if (!node.is_list() || node.items.empty()) {
    loading.problems.Add(node.place,
                         "switch: expected a list of cases {when: \"${...}\", goto: "
                         "step}, the last of which may be {default: step}");
    return result;
  }
  for (const Node& item : node.items) {
    Members members(item, InStep("in a case", step, loading), loading.problems);
    if (const Node* otherwise = members.Take("default")) {
      result.otherwise = loading.FindStep(*otherwise, "default");
      if (&item != &node.items.back()) {
        loading.problems.Add(item.place, "the default must be the last case");
      }
    } else {
      const Node* when = members.Require("when");
      const Node* go_to = members.Require("goto");
      if (when != nullptr && go_to != nullptr) {
        auto program =
            ReadProgram(*when, {"when", kTruth}, {Position::Scope::kStep, step}, loading);
        const auto target = loading.FindStep(*go_to, "goto");
        if (program && target) result.cases.push_back({*std::move(program), *target});
      }
    }
    if (item.is_map()) members.RefuseOthers();
  }
  return result;
}

std::optional<StepKind> ReadWait(const Node& node, int step, Loading& loading) {
  Members members(node, InStep("in the wait", step, loading), loading.problems);
  const Position position{Position::Scope::kStep, step};
  WaitStep wait;
  const Node* duration = members.Take("for");
  const Node* until = members.Take("until");
  if (node.is_map() && (duration == nullptr) == (until == nullptr)) {
    loading.problems.Add(node.place, "wait: expected either \"for\" or \"until\"");
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

std::optional<StepKind> ReadFail(const Node& node, int step, Loading& loading) {
  Members members(node, InStep("in the fail", step, loading), loading.problems);
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

void RequireTrue(const Node& node, std::string_view key, Loading& loading) {
  if (node.scalar.is_bool() && node.scalar.as_bool()) return;
  loading.problems.Add(node.place, std::string(key) + ": expected true");
}

}  // namespace

std::optional<StepKind> ReadKind(std::string_view name, const Node& node, Members& members,
                                 int step, Loading& loading) {
  if (name == "action") return ReadAction(node, members, step, loading);
  if (name == "approval") return ReadApproval(node, step, loading);
  if (name == "switch") return ReadSwitch(node, step, loading);
  if (name == "wait") return ReadWait(node, step, loading);
  if (name == "fail") return ReadFail(node, step, loading);
  RequireTrue(node, name, loading);
  if (name == "checkpoint") return CheckpointStep{};
  return SucceedStep{};
}

}  // namespace recourse::definition
