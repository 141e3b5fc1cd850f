// The API's AdminService: the server itself and its journal.
#pragma once

#include <mutex>

#include "recourse/v1/admin.grpc.pb.h"
#include "server/core.h"

namespace recourse::server {

class AdminService final : public v1::AdminService::CallbackService {
 public:
  explicit AdminService(Core& core) : core_(core), last_check_(core.start_check) {}

  grpc::ServerUnaryReactor* GetInfo(grpc::CallbackServerContext* context,
                                    const v1::GetInfoRequest* request,
                                    v1::GetInfoResponse* response) override;
  grpc::ServerUnaryReactor* VerifyJournal(grpc::CallbackServerContext* context,
                                          const v1::VerifyJournalRequest* request,
                                          v1::VerifyJournalResponse* response) override;
  grpc::ServerUnaryReactor* BackupJournal(grpc::CallbackServerContext* context,
                                          const v1::BackupJournalRequest* request,
                                          v1::BackupJournalResponse* response) override;
  grpc::ServerUnaryReactor* GetHead(grpc::CallbackServerContext* context,
                                    const v1::GetHeadRequest* request,
                                    v1::SignedHead* response) override;
  grpc::ServerUnaryReactor* GetJournalKey(grpc::CallbackServerContext* context,
                                          const v1::GetJournalKeyRequest* request,
                                          v1::JournalKey* response) override;
  grpc::ServerUnaryReactor* ExportRuns(grpc::CallbackServerContext* context,
                                       const v1::ExportRunsRequest* request,
                                       v1::ExportRunsResponse* response) override;
  grpc::ServerUnaryReactor* PruneRuns(grpc::CallbackServerContext* context,
                                      const v1::PruneRunsRequest* request,
                                      v1::PruneRunsResponse* response) override;

 private:
  Result<v1::GetInfoResponse> Info(journal::Reader& reader);
  Result<v1::VerifyJournalResponse> Verify(const v1::VerifyJournalRequest& request,
                                           journal::Reader& reader);

  Core& core_;
  std::mutex mutex_;
  JournalCheck last_check_;  // under mutex_
};

}  // namespace recourse::server
