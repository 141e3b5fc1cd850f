#include "server/approval_view.h"

#include <optional>

#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/machine/event.h"
#include "server/convert.h"

namespace recourse::server {
namespace {

v1::Approval::State StateOf(int settlement) {
  switch (static_cast<machine::Settlement>(settlement)) {
    case machine::Settlement::kApproved:
      return v1::Approval::APPROVED;
    case machine::Settlement::kRejected:
      return v1::Approval::REJECTED;
    case machine::Settlement::kExpired:
      return v1::Approval::EXPIRED;
    case machine::Settlement::kVoid:
      return v1::Approval::VOID;
    case machine::Settlement::kRevoked:
      return v1::Approval::REVOKED;
  }
  return v1::Approval::OPEN;
}

// A list of the row's; an empty text is an empty list.
Result<Value::List> ListOf(const journal::ApprovalRow& row, std::string_view column,
                           const std::string& text) {
  if (text.empty()) return Value::List();
  auto value = ParseJson(text);
  if (value && value->is_list()) return value->as_list();
  return DataLoss("the journal's " + std::string(column) + " of " + row.approval.ToString() +
                  " are no JSON list: " + text);
}

v1::Vote VoteOf(const Value& stored) {
  v1::Vote vote;
  vote.set_principal(stored.StringOr("principal", ""));
  vote.set_decision(stored.StringOr("vote", "") == "approve" ? v1::DECISION_APPROVE
                                                             : v1::DECISION_REJECT);
  vote.set_reason(stored.StringOr("reason", ""));
  vote.set_channel(stored.StringOr("channel", ""));
  vote.set_via(stored.StringOr("via", ""));
  if (const Value& roles = stored["roles"]; roles.is_list()) {
    for (const Value& role : roles.as_list())
      vote.add_roles(role.is_string() ? role.as_string() : "");
  }
  if (auto at = ParseTimestamp(stored.StringOr("at", "")); at) {
    *vote.mutable_time() = ToProto(FromTimestamp(*at));
  }
  return vote;
}

// The row's approvers: a list of roles, or a map that says more.
Result<void> AddApprovers(const journal::ApprovalRow& row, v1::Approval& approval) {
  auto stored = ParseJson(row.approvers.empty() ? "[]" : row.approvers);
  const Value roles = !stored ? Value() : stored->is_map() ? (*stored)["roles"] : *stored;
  if (!roles.is_list()) {
    return DataLoss("the journal's approvers of " + row.approval.ToString() +
                    " are no JSON list: " + row.approvers);
  }
  for (const Value& role : roles.as_list()) {
    if (role.is_string()) approval.add_approvers(role.as_string());
  }
  const Value& groups = (*stored)["groups"];
  if (groups.is_map()) {
    for (const auto& [role, quorum] : groups.as_map()) {
      if (role.is_string() && quorum.is_int()) {
        (*approval.mutable_groups())[role.as_string()] = static_cast<int>(quorum.as_int());
      }
    }
  }
  approval.set_second_factor((*stored)["second_factor"] == Value(true));
  return {};
}

// Who voted so, and why: "ana and bob", "ana: not now".
std::string Voters(const v1::Approval& approval, v1::Decision decision) {
  std::string voters;
  for (const v1::Vote& vote : approval.votes()) {
    if (vote.decision() != decision) continue;
    voters += (voters.empty() ? "" : " and ") + vote.principal();
    if (!vote.reason().empty()) voters += " (" + vote.reason() + ")";
  }
  return voters;
}

}  // namespace

Error SettledError(const v1::Approval& approval) {
  std::string how;
  switch (approval.state()) {
    case v1::Approval::APPROVED:
      how = "was approved by " + Voters(approval, v1::DECISION_APPROVE);
      break;
    case v1::Approval::REJECTED:
      how = "was rejected by " + Voters(approval, v1::DECISION_REJECT);
      break;
    case v1::Approval::EXPIRED:
      how = "expired, because nobody decided in time,";
      break;
    case v1::Approval::REVOKED:
      how = "was given and then taken back";
      break;
    default:
      how = "was withdrawn, because " + approval.run() +
            " was cancelled or rolled back, or asks something else now,";
  }
  Timestamp settled{approval.settle_time().seconds(), 0};
  std::string when = FormatTimestamp(settled);
  return Aborted(approval.id() + " is settled: it " + how + " at " + when +
                 ". Your decision came after that and was not counted; " + approval.run() +
                 " is not changed");
}

Result<v1::Approval> ToProto(const journal::ApprovalRow& row) {
  auto votes = ListOf(row, "votes", row.votes);
  if (!votes) return std::move(votes).error();

  v1::Approval approval;
  approval.set_id(row.approval.ToString());
  approval.set_run(row.run.ToString());
  approval.set_step(row.step);
  approval.set_prompt(row.prompt);
  if (auto added = AddApprovers(row, approval); !added) return std::move(added).error();
  approval.set_quorum(row.quorum);
  approval.set_exclude_requester(row.exclude_requester);
  approval.set_requester(row.requester);
  *approval.mutable_request_time() = ToProto(row.requested);
  if (row.expires) *approval.mutable_expire_time() = ToProto(*row.expires);
  if (row.settled) *approval.mutable_settle_time() = ToProto(*row.settled);
  approval.set_state(StateOf(row.settlement));
  for (const Value& vote : *votes) *approval.add_votes() = VoteOf(vote);
  approval.set_plan_json(row.plan);
  approval.set_digest(row.digest);
  return approval;
}

}  // namespace recourse::server
