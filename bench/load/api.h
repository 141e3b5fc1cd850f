// The calls that the load makes, asynchronous.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/server_process.h"
#include "recourse/v1/admin.grpc.pb.h"
#include "recourse/v1/approval.grpc.pb.h"
#include "recourse/v1/event.grpc.pb.h"
#include "recourse/v1/run.grpc.pb.h"

namespace recourse::bench {

// Connections to one server, with the tokens of its two default principals.
class Api {
 public:
  explicit Api(const ServerProcess& server);

  // Waits until the server answers. Ends the bench when it does not within 30 s.
  void WaitUntilServing();

  using Done = std::function<void(const grpc::Status&, const v1::Run&)>;
  // `timeout_s` 0: none. `done` runs on a thread of gRPC's.
  void StartRun(const std::string& workflow, const std::string& request_id, bool wait,
                double timeout_s, Done done);
  // The request_id with which the run was started that waits for the approval.
  std::string RequestOf(const std::string& approval);
  grpc::Status Approve(const std::string& approval);
  grpc::Status WaitForRun(const std::string& workflow, const std::string& request_id, v1::Run* run);
  // When each event of this type in the whole journal was decided, in seconds since 1970.
  std::vector<double> TimesOf(const std::string& type);

 private:
  void Authorize(grpc::ClientContext& context, const std::string& token) const;

  std::string operator_token_;
  std::string approver_token_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RunService::Stub> runs_;
  std::unique_ptr<v1::ApprovalService::Stub> approvals_;
  std::unique_ptr<v1::EventService::Stub> events_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
};

}  // namespace recourse::bench
