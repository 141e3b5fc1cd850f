// The API's ReportService: a run for the record.
#pragma once

#include "recourse/v1/report.grpc.pb.h"
#include "server/core.h"

namespace recourse::server {

class ReportService final : public v1::ReportService::CallbackService {
 public:
  explicit ReportService(Core& core) : core_(core) {}

  grpc::ServerUnaryReactor* GetReport(grpc::CallbackServerContext* context,
                                      const v1::GetReportRequest* request,
                                      v1::Report* response) override;

 private:
  Core& core_;
};

}  // namespace recourse::server
