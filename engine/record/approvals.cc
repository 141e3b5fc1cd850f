#include "engine/record/approvals.h"

#include <algorithm>

#include "engine/base/rules.h"
#include "engine/machine/decide.h"
#include "engine/record/stored_text.h"

namespace recourse::record {
namespace {

using namespace machine;  // NOLINT: the rules below name most of it

// Who may decide: a list of roles; with more to say, {"roles": [...], "groups": {...}, ...}.
std::string ApproversOf(const ApprovalRequested& request) {
  Value::List roles(request.approvers.begin(), request.approvers.end());
  if (request.groups.empty() && !request.second_factor) return StoredJson(std::move(roles));
  Value::Map groups;
  for (const auto& group : request.groups) groups.emplace(group.role, std::int64_t(group.quorum));
  return StoredJson(Value::Object({{"roles", Value(std::move(roles))},
                                   {"groups", Value(std::move(groups))},
                                   {"second_factor", request.second_factor}}));
}

std::string JsonOf(const std::vector<AwaitingApproval::Cast>& votes) {
  Value::List list;
  for (const auto& cast : votes) {
    Value::Map vote = {{"principal", cast.principal},
                       {"vote", cast.vote == Vote::kApprove ? "approve" : "reject"},
                       {"roles", Value::List(cast.roles.begin(), cast.roles.end())},
                       {"reason", cast.reason},
                       {"channel", cast.channel},
                       {"at", ToTimestamp(cast.at)}};
    if (!cast.via.empty()) vote.emplace("via", cast.via);
    list.push_back(Value(std::move(vote)));
  }
  return StoredJson(list);
}

}  // namespace

Approvals::Approvals(const definition::Workflow& workflow, const RunState& before)
    : workflow_(&workflow), run_(before.run), requester_(before.requester) {
  for (const AwaitingApproval* awaiting : ApprovalsOf(before)) {
    Request(awaiting->request, awaiting->requested);
    approvals_.back().votes = awaiting->votes;
  }
  for (const auto& [step, known] : before.steps) {
    if (!known.given) continue;
    const AwaitingApproval& given = known.given->approval;
    Request(given.request, given.requested);
    approvals_.back().votes = given.votes;
    approvals_.back().row.settlement = static_cast<int>(Settlement::kApproved);
    approvals_.back().row.settled = known.given->settled;
  }
  if (const Hold* hold = HoldOf(before)) BeginHold(*hold);
}

void Approvals::Add(const Recorded& recorded) {
  const Envelope& envelope = recorded.envelope;
  std::visit(Rules{
                 [&](const RunStarted&) {
                   run_ = envelope.run;
                   requester_ = envelope.principal;
                 },
                 [&](const ApprovalRequested& request) {
                   Request(request, envelope.time);
                   approvals_.back().touched = true;
                 },
                 [&](const VoteCast& cast) {
                   Approval* approval = Find(cast.id);
                   if (approval == nullptr) return;
                   CountVote(approval->votes, envelope, cast);
                   approval->touched = true;
                 },
                 [&](const ApprovalEscalated& escalated) {
                   Approval* approval = Find(escalated.id);
                   if (approval == nullptr) return;
                   AddApprover(*approval, escalated.to);
                   if (escalated.expired) {
                     approval->request.expires.reset();
                     approval->row.expires.reset();
                   }
                   approval->touched = true;
                 },
                 [&](const ApprovalSettled& settled) {
                   Approval* approval = Find(settled.id);
                   if (approval != nullptr) Settle(*approval, settled.settlement, envelope.time);
                 },
                 [&](const ApprovalRevoked& revoked) {
                   Approval* approval = Find(revoked.id);
                   if (approval != nullptr) Settle(*approval, Settlement::kRevoked, envelope.time);
                 },
                 [&](const Escalated& escalated) {
                   if (!escalated.may_decide) return;
                   for (Approval& approval : approvals_) {
                     const bool open = !approval.row.settled && approval.request.groups.empty();
                     if (open) AddApprover(approval, escalated.to);
                   }
                 },
                 [&](const InputOverridden&) { AskAnew(envelope.time); },
                 [&](const DefinitionAdopted&) { AskAnew(envelope.time); },
                 [&](const RunPaused& paused) {
                   EndHold(envelope.time);
                   BeginHold({{}, {}, envelope.time, paused.quarantined});
                 },
                 [&](const RunResumed&) { EndHold(envelope.time); },
                 // A hold ends with these too; what was asked is settled by then.
                 [&](const RollbackStarted&) { hold_.reset(); },
                 [&](const StopRequested&) { hold_.reset(); },
                 [&](const FinishStarted&) { hold_.reset(); },
                 [](const auto&) {},
             },
             recorded.event);
}

std::vector<journal::ApprovalRow> Approvals::Rows() const {
  std::vector<journal::ApprovalRow> rows;
  for (const Approval& approval : approvals_) {
    if (!approval.touched) continue;
    rows.push_back(approval.row);
    rows.back().votes = JsonOf(approval.votes);
  }
  return rows;
}

void Approvals::Request(const ApprovalRequested& request, Time requested) {
  journal::ApprovalRow row;
  row.approval = request.id;
  row.run = run_;
  row.step = NameOf(*workflow_, {request.step, -1});
  row.prompt = StoredText(request.prompt);
  row.approvers = ApproversOf(request);
  row.quorum = request.quorum;
  row.exclude_requester = request.exclude_requester;
  row.requester = requester_;
  row.requested = requested;
  row.expires = request.expires;
  row.plan = request.plan.is_null() ? "null" : StoredJson(request.plan);
  row.digest = request.digest;
  if (hold_ && (hold_->quarantined || request.pause_stops_clock)) row.expires.reset();
  approvals_.push_back({std::move(row), request, {}, false});
}

void Approvals::Settle(Approval& approval, Settlement settlement, Time at) {
  approval.row.settlement = static_cast<int>(settlement);
  approval.row.settled = at;
  approval.touched = true;
}

void Approvals::AddApprover(Approval& approval, const std::string& role) {
  auto& roles = approval.request.approvers;
  if (role.empty() || std::find(roles.begin(), roles.end(), role) != roles.end()) return;
  roles.push_back(role);
  approval.row.approvers = ApproversOf(approval.request);
  approval.touched = true;
}

void Approvals::BeginHold(Hold hold) {
  hold_ = std::move(hold);
  for (Approval& approval : approvals_) {
    const bool stands = hold_->quarantined || approval.request.pause_stops_clock;
    if (!stands || approval.row.settled || !approval.row.expires) continue;
    approval.row.expires.reset();
    approval.touched = true;
  }
}

void Approvals::EndHold(Time at) {
  if (!hold_) return;
  for (Approval& approval : approvals_) {
    const bool stood = hold_->quarantined || approval.request.pause_stops_clock;
    if (!stood || approval.row.settled || !approval.request.expires) continue;
    *approval.request.expires += at - std::max(hold_->since, approval.row.requested);
    approval.row.expires = approval.request.expires;
    approval.touched = true;
  }
  hold_.reset();
}

void Approvals::AskAnew(Time at) {
  for (Approval& approval : approvals_) {
    const bool of_step = !approval.request.overrides && !approval.request.overrides_window;
    if (of_step && !approval.row.settled) Settle(approval, Settlement::kVoid, at);
  }
}

Approvals::Approval* Approvals::Find(ApprovalId id) {
  for (Approval& approval : approvals_) {
    if (approval.row.approval == id) return &approval;
  }
  return nullptr;
}

std::vector<journal::ApprovalRow> ApprovalRowsOf(const definition::Workflow& workflow,
                                                 const RunState& before,
                                                 const std::vector<Recorded>& events) {
  Approvals approvals(workflow, before);
  for (const Recorded& event : events) approvals.Add(event);
  return approvals.Rows();
}

}  // namespace recourse::record
