#include "server/approval_service.h"

#include <optional>

#include "engine/machine/decide.h"
#include "server/approval_view.h"
#include "server/convert.h"
#include "server/pages.h"

namespace recourse::server {
namespace {

constexpr std::size_t kChannelMax = 32;

Result<v1::ListApprovalsResponse> List(const v1::ListApprovalsRequest& request,
                                       journal::Reader& reader) {
  const auto size = PageSize(request.page_size());
  if (!size) return size.error();
  RunId run;  // none: of all runs
  if (!request.run().empty()) {
    auto parsed = ParseRun("run", request.run());
    if (!parsed) return std::move(parsed).error();
    run = *parsed;
  }
  std::optional<ApprovalId> before;
  if (!request.page_token().empty()) {
    auto parsed = ParseApproval("page_token", request.page_token());
    if (!parsed) return std::move(parsed).error();
    before = *parsed;
  }

  v1::ListApprovalsResponse response;
  auto more = ReadPage(
      {*size},
      [&](std::int64_t limit) {
        return reader.ListApprovals(!request.include_settled(), run, before,
                                    static_cast<int>(limit));
      },
      [](const journal::ApprovalRow& row) { return ToProto(row); },
      [&](const journal::ApprovalRow& row, v1::Approval approval) {
        *response.add_approvals() = std::move(approval);
        before = row.approval;
      });
  if (!more) return std::move(more).error();
  if (*more) response.set_next_page_token(before->ToString());
  return response;
}

Result<v1::Approval> Get(const v1::GetApprovalRequest& request, journal::Reader& reader) {
  auto id = ParseApproval("approval", request.approval());
  if (!id) return std::move(id).error();
  auto row = reader.FindApproval(*id);
  if (!row) return std::move(row).error();
  if (!row->has_value()) return NotFound("there is no approval " + id->ToString());
  return ToProto(**row);
}

// Who votes, and through which channel, the engine takes from the caller.
Result<machine::CastVote> FromProto(const v1::DecideRequest& request) {
  auto id = ParseApproval("approval", request.approval());
  if (!id) return std::move(id).error();
  if (auto fits = CheckReason("reason", request.reason()); !fits) {
    return std::move(fits).error();
  }
  if (auto fits = CheckSize("channel", request.channel(), kChannelMax); !fits) {
    return std::move(fits).error();
  }
  machine::CastVote vote;
  vote.id = *id;
  switch (request.decision()) {
    case v1::DECISION_APPROVE:
      vote.vote = machine::Vote::kApprove;
      break;
    case v1::DECISION_REJECT:
      vote.vote = machine::Vote::kReject;
      break;
    case v1::DECISION_WITHDRAW:
      vote.vote = machine::Vote::kWithdraw;
      break;
    default:
      return InvalidArgument(
          "decision: must be DECISION_APPROVE, DECISION_REJECT or DECISION_WITHDRAW");
  }
  vote.reason = request.reason();
  vote.digest = request.digest();
  return vote;
}

// What a vote that was refused comes to when the approval is settled: the same word of the same
// person again is taken, as it would be while the approval is open; others are told who was first.
Result<v1::Approval> AnswerLate(const machine::CastVote& vote, const std::string& voter,
                                const Error& refusal, journal::Reader& reader) {
  auto row = reader.FindApproval(vote.id);
  if (!row || !row->has_value() || !(*row)->settled) return refusal;
  auto approval = ToProto(**row);
  if (!approval) return refusal;
  if (vote.vote == machine::Vote::kWithdraw) {
    return FailedPrecondition(vote.id.ToString() +
                              " is settled and what it allowed has begun; nothing "
                              "is taken back. Pause, cancel or roll back " +
                              approval->run() + " instead");
  }
  const auto decision =
      vote.vote == machine::Vote::kApprove ? v1::DECISION_APPROVE : v1::DECISION_REJECT;
  const bool as_shown = vote.digest.empty() || vote.digest == approval->digest();
  const bool stands =
      approval->state() != v1::Approval::REVOKED && approval->state() != v1::Approval::VOID;
  for (const v1::Vote& cast : approval->votes()) {
    if (stands && cast.principal() == voter && cast.decision() == decision && as_shown)
      return approval;
  }
  return SettledError(*approval);
}

}  // namespace

grpc::ServerUnaryReactor* ApprovalService::ListApprovals(grpc::CallbackServerContext* context,
                                                         const v1::ListApprovalsRequest* request,
                                                         v1::ListApprovalsResponse* response) {
  return AnswerFrom(core_, core_.readers, context, "ApprovalService.ListApprovals", response,
                    [request](journal::Reader& reader) { return List(*request, reader); });
}

grpc::ServerUnaryReactor* ApprovalService::GetApproval(grpc::CallbackServerContext* context,
                                                       const v1::GetApprovalRequest* request,
                                                       v1::Approval* response) {
  return AnswerFrom(core_, core_.readers, context, "ApprovalService.GetApproval", response,
                    [request](journal::Reader& reader) { return Get(*request, reader); });
}

grpc::ServerUnaryReactor* ApprovalService::Decide(grpc::CallbackServerContext* context,
                                                  const v1::DecideRequest* request,
                                                  v1::Approval* response) {
  auto caller = Admit(core_.principals, *context, "ApprovalService.Decide");
  if (!caller) return Refuse(context, caller.error());
  if (!request->channel().empty() && caller->via.empty()) caller->channel = request->channel();
  auto vote = FromProto(*request);
  if (!vote) return Refuse(context, vote.error());
  if (!request->one_time_code().empty()) {
    if (auto right = core_.principals.CheckCode(caller->principal, request->one_time_code(),
                                                vote->id.ToString());
        !right) {
      return Refuse(context, right.error());
    }
    vote->second_factor = true;
  }

  grpc::ServerUnaryReactor* call = context->DefaultReactor();
  const auto answer = [call, response](const Result<v1::Approval>& approval) {
    if (approval) *response = *approval;
    call->Finish(approval ? grpc::Status::OK : ToStatus(approval.error()));
  };
  const machine::CastVote cast = *vote;
  const std::string voter = caller->principal;
  core_.engine.Vote(
      *std::move(vote), *std::move(caller),
      [this, cast, voter, answer](Result<journal::ApprovalRow> row) {
        if (row) return answer(ToProto(*row));
        const Error refusal = std::move(row).error();
        if (refusal.code != Code::kAborted && refusal.code != Code::kFailedPrecondition) {
          return answer(refusal);
        }
        core_.readers.Post([=](journal::Reader* reader) {
          answer(reader == nullptr ? Result<v1::Approval>(refusal)
                                   : AnswerLate(cast, voter, refusal, *reader));
        });
      });  // answered once, after the commit
  return call;
}

}  // namespace recourse::server
