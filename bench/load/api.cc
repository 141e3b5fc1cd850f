#include "bench/load/api.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <chrono>

namespace recourse::bench {

Api::Api(const ServerProcess& server)
    : operator_token_(server.Token("operator")), approver_token_(server.Token("approver")) {
  grpc::ChannelArguments arguments;
  // A server that has just been started again is found at once, not after gRPC's back-off.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 10);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 10);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 50);
  channel_ = grpc::CreateCustomChannel("unix:" + server.socket(),
                                       grpc::InsecureChannelCredentials(), arguments);
  runs_ = v1::RunService::NewStub(channel_);
  approvals_ = v1::ApprovalService::NewStub(channel_);
  events_ = v1::EventService::NewStub(channel_);
  admin_ = v1::AdminService::NewStub(channel_);
}

void Api::WaitUntilServing() {
  if (!channel_->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(30))) {
    GiveUp("the server does not answer");
  }
}

void Api::Authorize(grpc::ClientContext& context, const std::string& token) const {
  context.AddMetadata("authorization", "Bearer " + token);
}

void Api::StartRun(const std::string& workflow, const std::string& request_id, bool wait,
                   double timeout_s, Done done) {
  struct Call {
    grpc::ClientContext context;
    v1::StartRunRequest request;
    v1::Run run;
    Done done;
  };
  auto* call = new Call;
  call->done = std::move(done);
  call->request.set_workflow(workflow);
  call->request.set_request_id(request_id);
  call->request.set_wait(wait);
  Authorize(call->context, operator_token_);
  if (timeout_s > 0) {
    call->context.set_deadline(std::chrono::system_clock::now() +
                               std::chrono::microseconds(static_cast<long>(timeout_s * 1e6)));
  }
  runs_->async()->StartRun(&call->context, &call->request, &call->run, [call](grpc::Status status) {
    const std::unique_ptr<Call> owned(call);
    owned->done(status, owned->run);
  });
}

std::string Api::RequestOf(const std::string& approval) {
  grpc::ClientContext first;
  Authorize(first, operator_token_);
  v1::GetApprovalRequest which;
  which.set_approval(approval);
  v1::Approval found;
  if (!approvals_->GetApproval(&first, which, &found).ok()) GiveUp("no approval " + approval);
  grpc::ClientContext second;
  Authorize(second, operator_token_);
  v1::GetRunRequest request;
  request.set_run(found.run());
  request.set_view(v1::RUN_VIEW_BASIC);
  v1::Run run;
  if (!runs_->GetRun(&second, request, &run).ok()) GiveUp("no run " + found.run());
  return run.request_id();
}

grpc::Status Api::Approve(const std::string& approval) {
  grpc::ClientContext context;
  Authorize(context, approver_token_);
  v1::DecideRequest request;
  request.set_approval(approval);
  request.set_decision(v1::DECISION_APPROVE);
  v1::Approval answer;
  return approvals_->Decide(&context, request, &answer);
}

grpc::Status Api::WaitForRun(const std::string& workflow, const std::string& request_id,
                             v1::Run* run) {
  grpc::ClientContext context;
  Authorize(context, operator_token_);
  v1::StartRunRequest request;
  request.set_workflow(workflow);
  request.set_request_id(request_id);
  request.set_wait(true);
  return runs_->StartRun(&context, request, run);
}

std::vector<double> Api::TimesOf(const std::string& type) {
  grpc::ClientContext asked;
  Authorize(asked, operator_token_);
  v1::GetInfoResponse info;
  if (!admin_->GetInfo(&asked, {}, &info).ok()) GiveUp("GetInfo failed");
  grpc::ClientContext context;
  Authorize(context, operator_token_);
  v1::WatchEventsRequest request;
  request.set_after_position(0);
  auto reader = events_->WatchEvents(&context, request);
  std::vector<double> times;
  v1::WatchEventsResponse response;
  while (reader->Read(&response)) {
    const v1::Event& event = response.event();
    if (event.type() == type) {
      times.push_back(static_cast<double>(event.time().seconds()) + event.time().nanos() * 1e-9);
    }
    if (event.position() >= info.last_position()) {
      context.TryCancel();
      return times;
    }
  }
  GiveUp("the stream of events ended");
}

}  // namespace recourse::bench
