// Reads what each kind of step has of its own.
#include "engine/definition/loading.h"
#include "engine/definition/members.h"
#include "engine/definition/names.h"
#include "engine/definition/schema.h"
#include "engine/definition/template_text.h"

namespace recourse::definition {
namespace {

using expression::Type;

RetryPolicy ReadRetry(const Node& node, RetryPolicy retry, int step, Loading& loading) {
  using std::chrono::microseconds;
  Members members(node, KindOfMap("retry"), InStep("in the retry", step, loading),
                  loading.problems);
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

// Why this action cannot undo what another has done; empty: it can.
std::string ReasonNotToUndoWith(const ActionStep& action) {
  if (action.repeat == RepeatClass::kOnce) {
    return " can neither be repeated nor asked whether it took effect; what undoes a step must be "
           "one of these";
  }
  // What it found before is in no journal then, and without it its probe has nothing to go by.
  if (action.repeat == RepeatClass::kProbed && action.has_prepare) {
    return " keeps a record of its own of what it found, and can only be a step";
  }
  return {};
}

// `none`, or what undoes the step instead of its own action.
void ReadCompensate(const Node& node, ActionStep& action, int step, Loading& loading) {
  if (node.is_string() && node.scalar.as_string() == "none") {
    action.can_compensate = false;
    return;
  }
  if (!node.is_map()) {
    loading.problems.Add(
        node.place,
        "compensate: expected none or {action: name, with: inputs}, found " +
            (node.is_string() ? Quoted(node.scalar.as_string()) : std::string(Describe(node))));
    return;
  }
  Members members(node, KindOfMap("compensation"), InStep("in the compensate", step, loading),
                  loading.problems);
  const Node* name = members.Require("action");
  const Node* with = members.Take("with");
  const auto timeout = members.TakeDuration("timeout");
  members.RefuseOthers();
  if (name == nullptr) return;
  Position position{action.for_each ? Position::Scope::kItem : Position::Scope::kStep, step};
  position.undoes = true;
  auto compensation = std::make_shared<ActionStep>(ReadAction(*name, with, position, loading));
  if (timeout) compensation->timeout = *timeout;
  if (compensation->known && !loading.stored) {
    const std::string why = ReasonNotToUndoWith(*compensation);
    if (!why.empty())
      loading.problems.Add(name->place, "compensate: " + compensation->action + why);
  }
  action.can_compensate = true;
  action.compensation = std::move(compensation);
}

// What a step says of the ways to run and undo its action.
void ReadConduct(ActionStep& action, const ActionSpec* spec, Members& members, int step,
                 Loading& loading) {
  Step& own = loading.workflow.steps[step];
  own.deadline = members.TakeDuration("deadline");
  if (const auto timeout = members.TakeDuration("timeout")) {
    action.timeout = *timeout;
    action.timeout_given = true;
  }
  if (const Node* retry = members.Take("retry")) {
    action.retry = ReadRetry(*retry, action.retry, step, loading);
  }
  const Node* irreversible_node = members.Take("irreversible");
  if (const auto irreversible = members.TakeBool("irreversible")) {
    own.irreversible = *irreversible;
    const bool changes_nothing = spec != nullptr && spec->repeat == RepeatClass::kReadOnly;
    if (*irreversible && changes_nothing && !loading.stored) {
      loading.problems.Add(irreversible_node->place,
                           "irreversible: " + spec->name + " changes nothing");
    }
  }
  if (const Node* compensate = members.Take("compensate")) {
    ReadCompensate(*compensate, action, step, loading);
  }
}

std::optional<StepKind> ReadActionStep(const Node& node, Members& members, int step,
                                       Loading& loading) {
  Position position{Position::Scope::kStep, step};
  std::optional<expression::Program> for_each;
  if (const Node* list = members.Take("for_each")) {
    for_each = ReadProgram(*list, {kForEach, Type::Of(Value::Kind::kList)}, position, loading);
    position.scope = Position::Scope::kItem;
  }
  const Node* parallel_max = members.Take("max_parallel");
  ActionStep action = ReadAction(node, members.Take("with"), position, loading);
  action.for_each = std::move(for_each);
  if (parallel_max != nullptr) {
    action.parallel_max = static_cast<int>(members.TakeInt("max_parallel", 1, 64).value_or(1));
    if (position.scope != Position::Scope::kItem) {
      loading.problems.Add(parallel_max->place, "max_parallel: the step has no \"for_each\"");
    }
  }
  const ActionSpec* spec = action.known && loading.catalogue != nullptr
                               ? loading.catalogue->Find(action.action)
                               : nullptr;
  ReadConduct(action, spec, members, step, loading);
  if (action.parallel_max > 1 && loading.workflow.steps[step].irreversible) {
    loading.problems.Add(parallel_max->place,
                         "max_parallel: what cannot be undone is done one after "
                         "the other");
  }
  return action;
}

void RequireTrue(const Node& node, std::string_view key, Loading& loading) {
  if (node.scalar.is_bool() && node.scalar.as_bool()) return;
  loading.problems.Add(node.place, std::string(key) + ": expected true");
}

}  // namespace

std::string InStep(std::string_view part, int step, const Loading& loading) {
  return std::string(part) + " of the step " + Quoted(loading.workflow.steps[step].id);
}

ActionStep ReadAction(const Node& node, const Node* with, Position position, Loading& loading) {
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
    action.sends = spec->sends;
    action.without_compensation = spec->without_compensation;
    action.timeout = spec->timeout;
    action.retry = spec->retry;
  }
  ReadWith(with, spec, node.place, position, action, loading);
  return action;
}

std::optional<StepKind> ReadKind(std::string_view name, const Node& node, Members& members,
                                 int step, Loading& loading) {
  if (name == "action") return ReadActionStep(node, members, step, loading);
  if (name == "approval" || name == "manual" || name == "wait") {
    loading.workflow.steps[step].pause_stops_clock =
        members.TakeBool("pause_stops_clock").value_or(false);
  }
  if (name == "approval") return ReadApproval(node, step, loading);
  if (name == "manual") return ReadManual(node, step, loading);
  if (name == "set") return ReadSet(node, step, loading);
  if (name == "parallel") return ReadParallel(node, step, loading);
  if (name == "workflow") return ReadSubWorkflow(node, members.Take("with"), step, loading);
  if (name == "switch") return ReadSwitch(node, step, loading);
  if (name == "wait") return ReadWait(node, step, loading);
  if (name == "fail") return ReadFail(node, step, loading);
  RequireTrue(node, name, loading);
  if (name == "checkpoint") return CheckpointStep{};
  return SucceedStep{};
}

}  // namespace recourse::definition
