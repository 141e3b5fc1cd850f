// The API's ApprovalService: translates, submits, translates.
#pragma once

#include "recourse/v1/approval.grpc.pb.h"
#include "server/core.h"

namespace recourse::server {

class ApprovalService final : public v1::ApprovalService::CallbackService {
 public:
  explicit ApprovalService(Core& core) : core_(core) {}

  grpc::ServerUnaryReactor* ListApprovals(grpc::CallbackServerContext* context,
                                          const v1::ListApprovalsRequest* request,
                                          v1::ListApprovalsResponse* response) override;
  grpc::ServerUnaryReactor* GetApproval(grpc::CallbackServerContext* context,
                                        const v1::GetApprovalRequest* request,
                                        v1::Approval* response) override;
  grpc::ServerUnaryReactor* Decide(grpc::CallbackServerContext* context,
                                   const v1::DecideRequest* request,
                                   v1::Approval* response) override;

 private:
  Core& core_;
};

}  // namespace recourse::server
