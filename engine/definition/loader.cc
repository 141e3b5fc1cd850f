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
  if (const Node* inputs = members.Take("inputs")) ReadInputs(*inputs, loading);
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
  workflow.on_failure = members
                            .TakeWord<OnFailure>("on_failure", {{"rollback", OnFailure::kRollback},
                                                                {"pause", OnFailure::kPause},
                                                                {"continue", OnFailure::kContinue},
                                                                {"fail", OnFailure::kFail}})
                            .value_or(OnFailure::kRollback);
}

void ReadOutputs(const Node& node, Loading& loading) {
  if (!node.is_map()) {
    loading.problems.Add(node.place,
                         "outputs: expected a map, found " + std::string(Describe(node)));
    return;
  }
  loading.workflow.outputs =
      ReadTemplate(node, {.key = "outputs"}, {Position::Scope::kOutputs}, loading);
}

void ReadWorkflow(const Node& root, Loading& loading) {
  Members members(root, "with the workflow's keys", loading.problems);
  if (!root.is_map()) return;
  ReadHead(members, loading);
  const Node* steps = members.Require("steps");
  if (steps != nullptr) ReadSteps(*steps, loading);
  if (const Node* outputs = members.Take("outputs")) ReadOutputs(*outputs, loading);
  members.RefuseOthers();
  // How steps lead to each other says nothing while some of them could not be read.
  const bool complete = loading.problems.empty();
  CheckReferences(complete ? CheckGraph(loading) : Certainty(std::nullopt), loading);
  CheckTypes(loading);
}

Loaded Load(std::string_view text, const ActionCatalogue* catalogue, bool stored) {
  Loading loading;
  loading.text = text;
  loading.catalogue = catalogue;
  loading.stored = stored;
  const Node root = ReadYaml(text, loading.problems);
  if (loading.problems.empty() || root.is_map()) ReadWorkflow(root, loading);
  if (!loading.problems.empty()) return {nullptr, std::move(loading.problems).Take()};
  loading.workflow.canonical = ToJson(ToValue(root));
  loading.workflow.digest = ToHex(Sha256Of(loading.workflow.canonical));
  return {std::make_shared<const Workflow>(std::move(loading.workflow)), {}};
}

}  // namespace

Loaded LoadWorkflow(std::string_view text, const ActionCatalogue* catalogue) {
  return Load(text, catalogue, catalogue == nullptr);
}

Loaded LoadStoredWorkflow(std::string_view text, const ActionCatalogue* catalogue) {
  return Load(text, catalogue, true);
}

}  // namespace recourse::definition
