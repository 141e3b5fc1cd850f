// Reads the steps at which a run waits for people.
#include "engine/definition/loading.h"
#include "engine/definition/members.h"
#include "engine/definition/names.h"

namespace recourse::definition {
namespace {

void ReadEscalate(const Node& node, ApprovalStep& approval, int step, Loading& loading) {
  if (!node.is_list() || node.items.empty()) {
    loading.problems.Add(node.place, "escalate: expected a list of {after: time, to: role}");
    return;
  }
  for (const Node& item : node.items) {
    Members members(item, KindOfMap("escalation"), InStep("in the escalate", step, loading),
                    loading.problems);
    Escalation escalation;
    const Node* after = members.Require("after");
    if (after != nullptr)
      escalation.after = members.TakeDuration("after").value_or(escalation.after);
    const Node* to = members.Require("to");
    if (to != nullptr) {
      escalation.to = ReadName(*to, "to", NameKind::kDashed, loading.problems).value_or("");
    }
    members.RefuseOthers();
    if (!approval.escalate.empty() && escalation.after <= approval.escalate.back().after) {
      loading.problems.Add(item.place, "escalate: each comes later than the one before it");
    }
    if (approval.expires && escalation.after >= *approval.expires) {
      loading.problems.Add(item.place, "escalate: the approval has expired by then");
    }
    approval.escalate.push_back(std::move(escalation));
  }
}

// A list of roles, or a map from each role to how many of it must agree.
void ReadApprovers(const Node& node, ApprovalStep& approval, Loading& loading) {
  if (!node.is_map()) {
    approval.approvers = ReadRoles(node, "approvers", loading);
    return;
  }
  Members members(node, "in the approvers", loading.problems);
  approval.quorum = 0;
  for (const Member& member : node.members) {
    CheckName(member.key, member.place, "role", NameKind::kDashed, loading.problems);
    const auto quorum = members.TakeInt(member.key, 1, 20);
    if (!quorum) continue;
    approval.groups.push_back({member.key, static_cast<int>(*quorum)});
    approval.approvers.push_back(member.key);
    approval.quorum += static_cast<int>(*quorum);
  }
  if (node.members.empty()) {
    loading.problems.Add(node.place, "approvers: expected roles with how many must agree");
  }
}

// An item of the checklist: {id, text} or {id, text, check: {action, with}}.
std::optional<ManualStep::Item> ReadItem(const Node& node, int step, Loading& loading) {
  Members members(node, KindOfMap("item"), InStep("in an item", step, loading), loading.problems);
  if (!node.is_map()) return std::nullopt;
  const Position position{Position::Scope::kStep, step};
  ManualStep::Item item;
  if (const Node* id = members.Require("id")) {
    item.id = ReadName(*id, "id", NameKind::kPlain, loading.problems).value_or("");
  }
  if (const Node* text = members.Require("text")) {
    item.text = ReadText(*text, "text", position, loading);
  }
  if (const Node* check = members.Take("check")) {
    Members parts(*check, KindOfMap("check"), InStep("in a check", step, loading),
                  loading.problems);
    const Node* action = parts.Require("action");
    const Node* with = parts.Take("with");
    const auto timeout = parts.TakeDuration("timeout");
    parts.RefuseOthers();
    if (action != nullptr) {
      auto read = std::make_shared<ActionStep>(ReadAction(*action, with, position, loading));
      if (timeout) read->timeout = *timeout;
      if (read->known && read->repeat != RepeatClass::kReadOnly && !loading.stored) {
        loading.problems.Add(action->place, "check: " + read->action +
                                                " changes something; only an "
                                                "action that reads can answer an item");
      }
      item.check = std::move(read);
    }
  }
  members.RefuseOthers();
  return item;
}

}  // namespace

std::vector<std::string> ReadRoles(const Node& node, const std::string& key, Loading& loading) {
  std::vector<std::string> roles;
  if (!node.is_list()) {
    loading.problems.Add(node.place,
                         key + ": expected a list of roles, found " + std::string(Describe(node)));
  }
  for (const Node& role : node.items) {
    const auto name = ReadName(role, key, NameKind::kDashed, loading.problems);
    if (name) roles.push_back(*name);
  }
  return roles;
}

std::optional<StepKind> ReadApproval(const Node& node, int step, Loading& loading) {
  Members members(node, KindOfMap("approval"), InStep("in the approval", step, loading),
                  loading.problems);
  const Position position{Position::Scope::kStep, step};
  ApprovalStep approval;
  if (const Node* prompt = members.Require("prompt")) {
    approval.prompt = ReadText(*prompt, "prompt", position, loading);
  }
  if (const Node* approvers = members.Require("approvers")) {
    ReadApprovers(*approvers, approval, loading);
  }
  if (const Node* quorum = members.Take("quorum")) {
    if (!approval.groups.empty()) {
      loading.problems.Add(quorum->place,
                           "quorum: \"approvers\" says how many it takes of each role");
    }
    approval.quorum = static_cast<int>(members.TakeInt("quorum", 1, 100).value_or(1));
  }
  approval.second_factor = members.TakeBool("second_factor").value_or(false);
  approval.exclude_requester = members.TakeBool("exclude_requester").value_or(false);
  approval.expires = members.TakeDuration("expires");
  const Node* on_expiry = members.Take("on_expiry");
  if (on_expiry != nullptr && members.Take("expires") == nullptr) {
    loading.problems.Add(on_expiry->place, "on_expiry: the approval has no \"expires\"");
  }
  approval.on_expiry = members
                           .TakeWord<OnExpiry>("on_expiry", {{"hold", OnExpiry::kHold},
                                                             {"reject", OnExpiry::kReject},
                                                             {"escalate", OnExpiry::kEscalate}})
                           .value_or(OnExpiry::kHold);
  if (const Node* escalate = members.Take("escalate")) {
    ReadEscalate(*escalate, approval, step, loading);
  } else if (approval.on_expiry == OnExpiry::kEscalate) {
    loading.problems.Add(on_expiry->place,
                         "on_expiry: the approval has no \"escalate\" to say to whom");
  }
  members.RefuseOthers();
  return approval;
}

std::optional<StepKind> ReadManual(const Node& node, int step, Loading& loading) {
  Members members(node, KindOfMap("checklist"), InStep("in the checklist", step, loading),
                  loading.problems);
  ManualStep manual;
  if (const Node* prompt = members.Require("prompt")) {
    manual.prompt = ReadText(*prompt, "prompt", {Position::Scope::kStep, step}, loading);
  }
  if (const Node* by = members.Require("by")) manual.by = ReadRoles(*by, "by", loading);
  if (const Node* items = members.Require("items")) {
    if (!items->is_list() || items->items.empty()) {
      loading.problems.Add(items->place, "items: expected a list of {id: name, text: what to do}");
    }
    for (const Node& one : items->items) {
      auto item = ReadItem(one, step, loading);
      if (!item) continue;
      for (const ManualStep::Item& other : manual.items) {
        if (other.id != item->id || item->id.empty()) continue;
        loading.problems.Add(one.place, "id: an item " + Quoted(item->id) + " is there already");
      }
      manual.items.push_back(*std::move(item));
    }
  }
  manual.expires = members.TakeDuration("expires");
  members.RefuseOthers();
  return manual;
}

}  // namespace recourse::definition
