// Reads the list of steps: what every kind of step has.
#include <algorithm>
#include <set>

#include "engine/definition/loading.h"
#include "engine/definition/members.h"
#include "engine/definition/names.h"

namespace recourse::definition {
namespace {

// Every key that some kind of step has.
constexpr std::string_view kStepKeys[] = {"id",
                                          "summary",
                                          "when",
                                          "next",
                                          "on_error",
                                          "on_failure",
                                          "max_visits",
                                          "expect",
                                          "with",
                                          "for_each",
                                          "timeout",
                                          "retry",
                                          "irreversible",
                                          "compensate",
                                          "deadline",
                                          "max_parallel",
                                          "pause_stops_clock",
                                          "action",
                                          "approval",
                                          "manual",
                                          "switch",
                                          "checkpoint",
                                          "wait",
                                          "set",
                                          "parallel",
                                          "workflow",
                                          "succeed",
                                          "fail"};

// The rule's answer to the error: `continue`, {goto: step} or {rollback_to: checkpoint, goto:
// step}. False after a problem.
bool ReadAnswer(const Node& node, ErrorRule& rule, int step, Loading& loading) {
  constexpr std::string_view kExpected =
      "expected continue, {goto: step} or {rollback_to: checkpoint, goto: step}";
  if (node.is_string() && node.scalar.as_string() == "continue") return true;
  if (!node.is_map()) {
    loading.problems.Add(node.place,
                         std::string(kExpected) + ", found " + std::string(Describe(node)));
    return false;
  }
  Members members(node, KindOfMap("error_answer"),
                  "in the on_error of the step " + Quoted(loading.workflow.steps[step].id),
                  loading.problems);
  const bool proceeds = members.TakeBool("continue").value_or(false);
  const Node* go_to = members.Take("goto");
  const Node* rollback_to = members.Take("rollback_to");
  if (go_to != nullptr) rule.go_to = loading.FindStep(*go_to, "goto", step);
  if (rollback_to != nullptr)
    rule.rollback_to = loading.FindStep(*rollback_to, "rollback_to", step);
  members.RefuseOthers();
  if (proceeds == (go_to != nullptr) || (rollback_to != nullptr && go_to == nullptr)) {
    loading.problems.Add(node.place, std::string(kExpected));
    return false;
  }
  return proceeds || rule.go_to.has_value();
}

void ReadErrorRules(const Node& node, int step, Loading& loading) {
  if (!node.is_map()) {
    loading.problems.Add(node.place, "on_error: expected a map from error codes to what follows");
    return;
  }
  std::vector<ErrorRule>& rules = loading.workflow.steps[step].on_error;
  for (const Member& member : node.members) {
    ErrorRule rule;
    if (member.key != "*") {
      rule.code = CheckCode(member.key, member.place, loading.problems);
      if (!rule.code) continue;
    }
    if (ReadAnswer(member.value, rule, step, loading)) rules.push_back(rule);
  }
  // "*" is for what no other rule names, wherever it stands: the members of a map have no order.
  std::stable_partition(rules.begin(), rules.end(),
                        [](const ErrorRule& rule) { return rule.code.has_value(); });
}

// The one key of the step that names its kind; empty after a problem.
std::string_view FindKind(const Node& node, Loading& loading) {
  std::string_view kind;
  for (const Member& member : node.members) {
    const auto known = std::ranges::find(kKinds, member.key);
    if (known == std::end(kKinds)) continue;
    if (!kind.empty()) {
      loading.problems.Add(member.place, "a step is one thing: this one has both " + Quoted(kind) +
                                             " and " + Quoted(member.key));
    } else {
      kind = *known;
    }
  }
  if (!kind.empty()) return kind;
  for (const Member& member : node.members) {
    if (std::ranges::find(kStepKeys, member.key) == std::end(kStepKeys)) {
      loading.problems.AddUnknown(member.place, "key", member.key, kStepKeys);
    }
  }
  std::string kinds;
  for (const std::string_view one : kKinds) kinds += (kinds.empty() ? "" : ", ") + std::string(one);
  loading.problems.Add(node.place, "the step does not say what it does: expected one of " + kinds);
  return kind;
}

bool MayFail(std::string_view kind) { return kind != "checkpoint" && kind != "succeed"; }

// Tells what is wrong with where the step stands. One of a sub-workflow was right in its own file:
// the mistake is the step of this file that runs it there.
void RefuseThere(int index, const std::string& message, Loading& loading) {
  const Step& step = loading.workflow.steps[index];
  int outer = index;
  while (loading.workflow.steps[outer].frame >= 0) {
    outer = loading.workflow.frames[loading.workflow.steps[outer].frame].owner;
  }
  const std::string before = outer == index ? "" : step.id + ": ";
  loading.problems.Add(loading.workflow.steps[outer].place, before + message);
}

// What stands in a branch, or in on_finish, is not alone on its way: some things cannot be said
// there.
void CheckBlock(std::string_view kind, int index, Loading& loading) {
  const Step& step = loading.workflow.steps[index];
  if (loading.stored) return;
  for (int at = step.block; at >= 0;) {
    const Block& block = loading.workflow.blocks[at];
    const bool branch = block.kind == Block::Kind::kBranch;
    const std::string where = branch ? "in a branch" : "in on_finish";
    if (block.kind != Block::Kind::kSubWorkflow) {
      if (kind == "checkpoint") {
        RefuseThere(index,
                    "a checkpoint cannot stand " + where +
                        ": what else is done at the same time "
                        "would not be undone with it",
                    loading);
      }
      if (kind == "succeed" && at == step.block) {
        RefuseThere(index, "succeed cannot stand " + where + "; \"next: end\" ends it", loading);
      }
      if (step.irreversible) {
        RefuseThere(index, "irreversible: what cannot be undone cannot stand " + where, loading);
      }
      for (const ErrorRule& rule : step.on_error) {
        if (rule.rollback_to) RefuseThere(index, "rollback_to cannot stand " + where, loading);
      }
      if (!branch && kind == "approval") {
        RefuseThere(index, "an approval cannot stand in on_finish, which runs whatever the end was",
                    loading);
      }
    }
    at = block.owner < 0 ? -1 : loading.workflow.steps[block.owner].block;
  }
}

// What a gate, or a step with one inside, says of going on as if it had been passed: an approval
// that was rejected or has expired is not given, so neither the step nor the workflow can let the
// run through. A stored definition that says so, of a server that took it, is read so that a person
// decides.
void HoldGate(const Node& node, Step& step, Loading& loading, const std::string& what) {
  const bool inherited = node.Find("on_failure") == nullptr;
  if (step.on_failure.value_or(loading.workflow.on_failure) == OnFailure::kContinue) {
    step.on_failure = OnFailure::kPause;
    const Member* on_failure = node.Find("on_failure");
    if (!inherited && !loading.stored && on_failure != nullptr) {
      loading.problems.Add(on_failure->value.place,
                           "on_failure: " + what +
                               " cannot be passed; expected "
                               "one of rollback, pause, fail, found \"continue\"");
    }
  }
  const auto passing =
      std::erase_if(step.on_error, [](const ErrorRule& rule) { return !rule.go_to; });
  if (passing > 0 && !loading.stored) {
    loading.problems.Add(
        node.Find("on_error")->value.place,
        "on_error: " + what +
            " cannot be passed; expected "
            "{goto: step} or {rollback_to: checkpoint, goto: step}, found continue");
  }
}

// A fail step ends the run also where failures otherwise do not.
void EndThere(Step& step, const Workflow& workflow) {
  if (step.on_failure.value_or(workflow.on_failure) == OnFailure::kContinue) {
    step.on_failure = OnFailure::kFail;
  }
}

// A sub-workflow says for its steps what the workflow says for its own; what runs at last goes on.
void InheritOnFailure(Step& step, const Workflow& workflow) {
  if (step.frame >= 0) step.on_failure = workflow.frames[step.frame].on_failure;
  if (step.block >= 0 && workflow.blocks[step.block].kind == Block::Kind::kFinish) {
    step.on_failure = OnFailure::kContinue;
  }
}

void ReadStep(const Node& node, int index, Loading& loading) {
  Step& step = loading.workflow.steps[index];
  const std::string_view kind = FindKind(node, loading);
  if (kind.empty()) return;
  Members members(node, KindOfStep(kind),
                  "in the " + std::string(kind) + " step " + Quoted(step.id), loading.problems);
  members.Take("id");  // read before
  step.summary = members.TakeString("summary").value_or("");
  if (const Node* when = members.Take("when")) {
    step.when =
        ReadProgram(*when, {"when", kTruth}, {Position::Scope::kStep, index, true}, loading);
  }
  if (kind != "switch" && kind != "succeed" && kind != "fail") {
    if (const Node* next = members.Take("next")) {
      const bool is_end = next->is_string() && next->scalar.as_string() == "end";
      step.next = is_end ? static_cast<int>(loading.workflow.steps.size())
                         : loading.FindStep(*next, "next", index);
    }
  }
  if (MayFail(kind)) {
    step.on_failure = members.TakeWord<OnFailure>("on_failure", {{"rollback", OnFailure::kRollback},
                                                                 {"pause", OnFailure::kPause},
                                                                 {"continue", OnFailure::kContinue},
                                                                 {"fail", OnFailure::kFail}});
    if (!step.on_failure) InheritOnFailure(step, loading.workflow);
    if (kind == "fail") EndThere(step, loading.workflow);
    const Node* on_error = kind == "fail" ? nullptr : members.Take("on_error");
    if (on_error != nullptr) ReadErrorRules(*on_error, index, loading);
  }
  step.visits_max = static_cast<int>(members.TakeInt("max_visits", 1, 1'000'000).value_or(100));
  step.expect = members.TakeDuration("expect");
  if (auto read = ReadKind(kind, *members.Take(kind), members, index, loading)) {
    step.kind = *std::move(read);
  }
  members.RefuseOthers(kStepKeys);
  CheckBlock(kind, index, loading);
}

}  // namespace

std::optional<int> Loading::FindNamed(std::string_view id, int frame) const {
  const auto found =
      frame < 0 ? step_ids.find(id) : step_ids.find(PrefixOf(frame) + std::string(id));
  if (found == step_ids.end() || workflow.steps[found->second].frame != frame) return std::nullopt;
  return found->second;
}

std::optional<int> Loading::FindStep(const Node& node, std::string_view what, int step) {
  if (!node.is_string()) {
    problems.Add(node.place, std::string(what) + ": expected a step's id, found " +
                                 std::string(Describe(node)));
    return std::nullopt;
  }
  const Step& here = workflow.steps[step];
  const std::string& id = node.scalar.as_string();
  const auto found = FindNamed(id, here.frame);
  if (!found) {
    std::vector<std::string_view> names;
    for (const Step& one : workflow.steps) {
      if (one.frame == here.frame) names.push_back(workflow.NameIn(one));
    }
    problems.AddUnknown(node.place, "step", id, names);
    return std::nullopt;
  }
  if (workflow.steps[*found].block != here.block) {
    problems.Add(node.place, std::string(what) + ": no path leads from here to the step " +
                                 Quoted(id) +
                                 ": one of them stands inside a branch, or in "
                                 "on_finish, and the other does not");
    return std::nullopt;
  }
  return found;
}

namespace {

// Holds each approval, and each step that has one inside.
void HoldGates(Loading& loading) {
  std::set<int> held;
  for (std::size_t i = 0; i < loading.slots.size(); ++i) {
    const Step& approval = loading.workflow.steps[i];
    if (!std::holds_alternative<ApprovalStep>(approval.kind)) continue;
    for (int at = static_cast<int>(i); at >= 0;) {
      Step& step = loading.workflow.steps[at];
      const std::string what = at == static_cast<int>(i) ? "an approval that is not given"
                                                         : "the approval " + Quoted(approval.id) +
                                                               " inside, when it is not given,";
      if (held.insert(at).second) {
        loading.text = loading.slots[at].text;
        HoldGate(*loading.slots[at].node, step, loading, what);
      }
      at = step.block < 0 ? -1 : loading.workflow.blocks[step.block].owner;
    }
  }
}

}  // namespace

void ReadSteps(Loading& loading) {
  const std::string_view text = loading.text;
  for (std::size_t i = 0; i < loading.slots.size(); ++i) {
    loading.text = loading.slots[i].text;
    if (loading.slots[i].node->is_map()) {
      ReadStep(*loading.slots[i].node, static_cast<int>(i), loading);
    }
  }
  HoldGates(loading);
  loading.text = text;
}

}  // namespace recourse::definition
