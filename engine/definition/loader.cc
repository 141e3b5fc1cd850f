#include <set>

#include "engine/base/digest.h"
#include "engine/base/json.h"
#include "engine/definition/loading.h"
#include "engine/definition/members.h"
#include "engine/definition/names.h"

namespace recourse::definition {
namespace {

void ReadHead(Members& members, Loading& loading) {
  Workflow& workflow = loading.workflow;
  if (const Node* name = members.Require("name")) {
    workflow.name = ReadName(*name, "name", NameKind::kDashed, loading.problems).value_or("");
  }
  workflow.summary = members.TakeString("summary").value_or("");
  workflow.severity =
      members
          .TakeWord<std::string>(
              "severity",
              {{"critical", "critical"}, {"high", "high"}, {"medium", "medium"}, {"low", "low"}})
          .value_or("");
  if (const Node* inputs = members.Take("inputs")) workflow.inputs = ReadInputs(*inputs, loading);
  const Node* lock = members.Take("lock");
  if (lock != nullptr) {
    workflow.lock = ReadText(*lock, "lock", {Position::Scope::kLock}, loading);
  }
  const Node* on_locked = members.Take("on_locked");
  if (on_locked != nullptr && lock == nullptr) {
    loading.problems.Add(on_locked->place, "on_locked: the workflow has no \"lock\"");
  }
  workflow.on_locked = members
                           .TakeWord<OnLocked>("on_locked", {{"queue", OnLocked::kQueue},
                                                             {"reject", OnLocked::kReject}})
                           .value_or(OnLocked::kQueue);
  workflow.deadline = members.TakeDuration("deadline");
  ReadWindowRule(members, loading);
  workflow.on_failure = members
                            .TakeWord<OnFailure>("on_failure", {{"rollback", OnFailure::kRollback},
                                                                {"pause", OnFailure::kPause},
                                                                {"continue", OnFailure::kContinue},
                                                                {"fail", OnFailure::kFail}})
                            .value_or(OnFailure::kRollback);
}

expression::Template ReadOutputs(const Node& node, int frame, Loading& loading) {
  if (node.is_map()) {
    Position position{Position::Scope::kOutputs};
    position.frame = frame;
    return ReadTemplate(node, {.key = "outputs"}, position, loading);
  }
  loading.problems.Add(node.place, "outputs: expected a map, found " + std::string(Describe(node)));
  return {};
}

// Those of the sub-workflows.
void ReadFrameOutputs(Loading& loading) {
  const std::string_view text = loading.text;
  for (std::size_t i = 0; i < loading.frame_roots.size(); ++i) {
    loading.text = loading.frame_roots[i].text;
    const Member* outputs = loading.frame_roots[i].node->Find("outputs");
    if (outputs == nullptr) continue;
    loading.workflow.frames[i].outputs = ReadOutputs(outputs->value, static_cast<int>(i), loading);
  }
  loading.text = text;
}

void ReadWorkflow(const Node& root, Loading& loading) {
  Members members(root, KindOfMap("workflow"), "with the workflow's keys", loading.problems);
  if (!root.is_map()) return;
  ReadHead(members, loading);
  const Node* steps = members.Require("steps");
  const Node* on_finish = members.Take("on_finish");
  if (loading.stored || !loading.above.empty()) members.TakeHidden(kCarried);
  if (steps != nullptr) {
    loading.above.push_back(loading.workflow.name);
    LayOutSteps(root, *steps, on_finish, loading);
    ReadSteps(loading);
    ReadFrameOutputs(loading);
  }
  if (const Node* outputs = members.Take("outputs")) {
    loading.workflow.outputs = ReadOutputs(*outputs, -1, loading);
  }
  members.RefuseOthers();
  // How steps lead to each other says nothing while some of them could not be read.
  const bool complete = loading.problems.empty();
  CheckReferences(complete ? CheckGraph(loading) : Certainty(std::nullopt), loading);
  CheckTypes(loading);
}

Loaded LoadAs(bool stored, std::string_view text, const ActionCatalogue* catalogue,
              const OtherWorkflows& others) {
  Loading loading;
  loading.text = text;
  loading.catalogue = catalogue;
  loading.stored = stored;
  loading.others = others;
  return Load(loading);
}

// The definition and those that it runs: a stored one needs no other.
Value Whole(const Node& root, const Loading& loading) {
  Value own = ToValue(root);
  if (loading.carried.empty() || loading.stored) return own;
  Value::Map carried;
  for (const auto& [name, canonical] : loading.carried) {
    carried.emplace(name, *ParseJson(canonical));
  }
  return own.With(kCarried, Value(std::move(carried)));
}

}  // namespace

namespace {

void NameSecrets(Workflow& workflow) {
  if (workflow.canonical.find("secret(") == std::string::npos) return;  // as most have none
  std::set<std::string> names;
  for (const Step& step : workflow.steps) {
    const auto* action = std::get_if<ActionStep>(&step.kind);
    for (; action != nullptr; action = action->compensation.get()) {
      for (std::string& name : action->with.Secrets()) names.insert(std::move(name));
    }
  }
  workflow.secrets.assign(names.begin(), names.end());
}

}  // namespace

Loaded Load(Loading& loading) {
  const Node root = loading.stored ? ReadStored(loading.text, loading.problems)
                                   : ReadYaml(loading.text, loading.problems);
  if (loading.problems.empty() || root.is_map()) ReadWorkflow(root, loading);
  if (!loading.problems.empty()) return {nullptr, std::move(loading.problems).Take()};
  loading.workflow.canonical = ToJson(Whole(root, loading));
  if (!loading.stored && loading.workflow.canonical.size() > kTextMax) {
    loading.problems.Add(
        root.place, "with the workflows that it runs the definition has " +
                        HumanBytes(static_cast<std::int64_t>(loading.workflow.canonical.size())) +
                        "; at most " + HumanBytes(kTextMax) + " are accepted");
    return {nullptr, std::move(loading.problems).Take()};
  }
  NameSecrets(loading.workflow);
  loading.workflow.digest = ToHex(Sha256Of(loading.workflow.canonical));
  return {std::make_shared<const Workflow>(std::move(loading.workflow)), {}};
}

Loaded LoadWorkflow(std::string_view text, const ActionCatalogue* catalogue,
                    const OtherWorkflows& others) {
  return LoadAs(catalogue == nullptr, text, catalogue, others);
}

std::string NameIn(std::string_view text) {
  Problems problems;
  const Node root = ReadYaml(text, problems);
  const Member* name = problems.empty() && root.is_map() ? root.Find("name") : nullptr;
  return name != nullptr && name->value.is_string() ? name->value.scalar.as_string() : "";
}

Loaded LoadStoredWorkflow(std::string_view text, const ActionCatalogue* catalogue) {
  return LoadAs(true, text, catalogue, {});
}

}  // namespace recourse::definition
