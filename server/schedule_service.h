// The API's ScheduleService: when runs are started by themselves.
#pragma once

#include "recourse/v1/schedule.grpc.pb.h"
#include "server/core.h"

namespace recourse::server {

class ScheduleService final : public v1::ScheduleService::CallbackService {
 public:
  explicit ScheduleService(Core& core) : core_(core) {}

  grpc::ServerUnaryReactor* ListSchedules(grpc::CallbackServerContext* context,
                                          const v1::ListSchedulesRequest* request,
                                          v1::ListSchedulesResponse* response) override;
  grpc::ServerUnaryReactor* GetSchedule(grpc::CallbackServerContext* context,
                                        const v1::GetScheduleRequest* request,
                                        v1::Schedule* response) override;
  grpc::ServerUnaryReactor* PauseSchedule(grpc::CallbackServerContext* context,
                                          const v1::PauseScheduleRequest* request,
                                          v1::Schedule* response) override;
  grpc::ServerUnaryReactor* ResumeSchedule(grpc::CallbackServerContext* context,
                                           const v1::ResumeScheduleRequest* request,
                                           v1::Schedule* response) override;

 private:
  grpc::ServerUnaryReactor* Steer(grpc::CallbackServerContext* context, std::string_view rpc,
                                  const std::string& name, const std::string& reason, bool pause,
                                  v1::Schedule* response);

  Core& core_;
};

}  // namespace recourse::server
