#include "client/chatops/calls.h"

namespace recourse::chatops {

Result<v1::Run> Asking::GetRun(const std::string& run) const {
  v1::GetRunRequest request;
  request.set_run(run);
  return Call(&v1::RunService::Stub::GetRun, server_.runs(), request);
}

Result<v1::Approval> Asking::GetApproval(const std::string& approval) const {
  v1::GetApprovalRequest request;
  request.set_approval(approval);
  return Call(&v1::ApprovalService::Stub::GetApproval, server_.approvals(), request);
}

Result<v1::ListApprovalsResponse> Asking::OpenApprovals(int limit) const {
  v1::ListApprovalsRequest request;
  request.set_page_size(limit);
  return Call(&v1::ApprovalService::Stub::ListApprovals, server_.approvals(), request);
}

Result<v1::ListApprovalsResponse> Asking::ApprovalsOf(const std::string& run) const {
  v1::ListApprovalsRequest request;
  request.set_run(run);
  request.set_include_settled(true);
  return Call(&v1::ApprovalService::Stub::ListApprovals, server_.approvals(), request);
}

bool IsUnanswered(const Error& error) {
  return error.code == Code::kUnavailable || error.code == Code::kDeadlineExceeded ||
         error.code == Code::kCancelled || error.code == Code::kUnknown;
}

}  // namespace recourse::chatops
