#include "engine/record/approvals.h"

#include <algorithm>

#include "engine/base/rules.h"
#include "engine/machine/decide.h"
#include "engine/record/stored_text.h"

namespace recourse::record {
namespace {

using namespace machine;  // NOLINT: the rules below name most of it

std::string JsonOf(const std::vector<std::string>& texts) {
  return StoredJson(Value::List(texts.begin(), texts.end()));
}

std::string JsonOf(const std::vector<AwaitingApproval::Cast>& votes) {
  Value::List list;
  for (const auto& cast : votes) {
    list.push_back(Value::Object({{"principal", cast.principal},
                                  {"vote", cast.vote == Vote::kApprove ? "approve" : "reject"},
                                  {"reason", cast.reason},
                                  {"channel", cast.channel},
                                  {"at", ToTimestamp(cast.at)}}));
  }
  return StoredJson(list);
}

}  // namespace

Approvals::Approvals(const definition::Workflow& workflow, const RunState& before)
    : workflow_(workflow), run_(before.run), requester_(before.requester) {
  for (const AwaitingApproval* awaiting : ApprovalsOf(before)) {
    Request(awaiting->request, awaiting->requested);
    approvals_.back().votes = awaiting->votes;
  }
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
                   auto& roles = approval->approvers;
                   const bool known = std::find(roles.begin(), roles.end(), escalated.to) != roles.end();
                   if (!escalated.to.empty() && !known) roles.push_back(escalated.to);
                   approval->row.approvers = JsonOf(roles);
                   if (escalated.expired) approval->row.expires.reset();
                   approval->touched = true;
                 },
                 [&](const ApprovalSettled& settled) {
                   Approval* approval = Find(settled.id);
                   if (approval == nullptr) return;
                   approval->row.settlement = static_cast<int>(settled.settlement);
                   approval->row.settled = envelope.time;
                   approval->touched = true;
                 },
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
  row.step = NameOf(workflow_, {request.step, -1});
  row.prompt = StoredText(request.prompt);
  row.approvers = JsonOf(request.approvers);
  row.quorum = request.quorum;
  row.exclude_requester = request.exclude_requester;
  row.requester = requester_;
  row.requested = requested;
  row.expires = request.expires;
  row.plan = request.plan.is_null() ? "null" : StoredJson(request.plan);
  row.digest = request.digest;
  approvals_.push_back({std::move(row), request.approvers, {}, false});
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
