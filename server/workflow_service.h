// The API's WorkflowService: what can be run, and the check of definitions.
#pragma once

#include "recourse/v1/workflow.grpc.pb.h"
#include "server/core.h"

namespace recourse::server {

class WorkflowService final : public v1::WorkflowService::CallbackService {
 public:
  explicit WorkflowService(Core& core) : core_(core) {}

  grpc::ServerUnaryReactor* ListWorkflows(grpc::CallbackServerContext* context,
                                          const v1::ListWorkflowsRequest* request,
                                          v1::ListWorkflowsResponse* response) override;
  grpc::ServerUnaryReactor* GetWorkflow(grpc::CallbackServerContext* context,
                                        const v1::GetWorkflowRequest* request,
                                        v1::Workflow* response) override;
  grpc::ServerUnaryReactor* GetGraph(grpc::CallbackServerContext* context,
                                     const v1::GetGraphRequest* request,
                                     v1::Graph* response) override;
  grpc::ServerUnaryReactor* PlanRun(grpc::CallbackServerContext* context,
                                    const v1::PlanRunRequest* request,
                                    v1::RunPlan* response) override;
  grpc::ServerUnaryReactor* ValidateWorkflow(grpc::CallbackServerContext* context,
                                             const v1::ValidateWorkflowRequest* request,
                                             v1::ValidateWorkflowResponse* response) override;
  grpc::ServerUnaryReactor* ApplyWorkflows(grpc::CallbackServerContext* context,
                                           const v1::ApplyWorkflowsRequest* request,
                                           v1::ApplyWorkflowsResponse* response) override;
  grpc::ServerUnaryReactor* ListActions(grpc::CallbackServerContext* context,
                                        const v1::ListActionsRequest* request,
                                        v1::ListActionsResponse* response) override;
  grpc::ServerUnaryReactor* GetAction(grpc::CallbackServerContext* context,
                                      const v1::GetActionRequest* request,
                                      v1::Action* response) override;
  grpc::ServerUnaryReactor* ListTargets(grpc::CallbackServerContext* context,
                                        const v1::ListTargetsRequest* request,
                                        v1::ListTargetsResponse* response) override;
  grpc::ServerUnaryReactor* GetTarget(grpc::CallbackServerContext* context,
                                      const v1::GetTargetRequest* request,
                                      v1::Target* response) override;

 private:
  Result<v1::RunPlan> Plan(const runtime::StartRequest& start, const runtime::Caller& caller,
                           journal::Reader& reader) const;

  Core& core_;
};

}  // namespace recourse::server
