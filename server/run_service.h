// The API's RunService: translates, submits, translates.
#pragma once

#include <optional>
#include <string_view>

#include "engine/machine/decide.h"
#include "recourse/v1/run.grpc.pb.h"
#include "server/core.h"

namespace recourse::server {

class RunService final : public v1::RunService::CallbackService {
 public:
  explicit RunService(Core& core) : core_(core) {}

  grpc::ServerUnaryReactor* StartRun(grpc::CallbackServerContext* context,
                                     const v1::StartRunRequest* request,
                                     v1::Run* response) override;
  grpc::ServerUnaryReactor* GetRun(grpc::CallbackServerContext* context,
                                   const v1::GetRunRequest* request, v1::Run* response) override;
  grpc::ServerUnaryReactor* ListRuns(grpc::CallbackServerContext* context,
                                     const v1::ListRunsRequest* request,
                                     v1::ListRunsResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchRunResponse>* WatchRun(
      grpc::CallbackServerContext* context, const v1::WatchRunRequest* request) override;
  grpc::ServerUnaryReactor* CancelRun(grpc::CallbackServerContext* context,
                                      const v1::CancelRunRequest* request,
                                      v1::Run* response) override;
  grpc::ServerUnaryReactor* PauseRun(grpc::CallbackServerContext* context,
                                     const v1::PauseRunRequest* request,
                                     v1::Run* response) override;
  grpc::ServerUnaryReactor* ResumeRun(grpc::CallbackServerContext* context,
                                      const v1::ResumeRunRequest* request,
                                      v1::Run* response) override;
  grpc::ServerUnaryReactor* RetryStep(grpc::CallbackServerContext* context,
                                      const v1::RetryStepRequest* request,
                                      v1::Run* response) override;
  grpc::ServerUnaryReactor* SkipStep(grpc::CallbackServerContext* context,
                                     const v1::SkipStepRequest* request,
                                     v1::Run* response) override;
  grpc::ServerUnaryReactor* RollBackRun(grpc::CallbackServerContext* context,
                                        const v1::RollBackRunRequest* request,
                                        v1::Run* response) override;
  grpc::ServerUnaryReactor* AddReference(grpc::CallbackServerContext* context,
                                         const v1::AddReferenceRequest* request,
                                         v1::Run* response) override;
  grpc::ServerUnaryReactor* AnnotateRun(grpc::CallbackServerContext* context,
                                        const v1::AnnotateRunRequest* request,
                                        v1::Run* response) override;
  grpc::ServerUnaryReactor* SignalRun(grpc::CallbackServerContext* context,
                                      const v1::SignalRunRequest* request,
                                      v1::Run* response) override;
  grpc::ServerUnaryReactor* AnswerItem(grpc::CallbackServerContext* context,
                                       const v1::AnswerItemRequest* request,
                                       v1::Run* response) override;
  grpc::ServerUnaryReactor* OverrideWindow(grpc::CallbackServerContext* context,
                                           const v1::OverrideWindowRequest* request,
                                           v1::Run* response) override;
  grpc::ServerUnaryReactor* QuarantineRun(grpc::CallbackServerContext* context,
                                          const v1::QuarantineRunRequest* request,
                                          v1::Run* response) override;
  grpc::ServerUnaryReactor* ResolveEffect(grpc::CallbackServerContext* context,
                                          const v1::ResolveEffectRequest* request,
                                          v1::Run* response) override;
  grpc::ServerUnaryReactor* OverrideInput(grpc::CallbackServerContext* context,
                                          const v1::OverrideInputRequest* request,
                                          v1::Run* response) override;
  grpc::ServerUnaryReactor* AcknowledgeRun(grpc::CallbackServerContext* context,
                                           const v1::AcknowledgeRunRequest* request,
                                           v1::Run* response) override;
  grpc::ServerUnaryReactor* AdoptDefinition(grpc::CallbackServerContext* context,
                                            const v1::AdoptDefinitionRequest* request,
                                            v1::Run* response) override;
  grpc::ServerUnaryReactor* ListAttention(grpc::CallbackServerContext* context,
                                          const v1::ListAttentionRequest* request,
                                          v1::ListAttentionResponse* response) override;
  grpc::ServerUnaryReactor* GetTimeline(grpc::CallbackServerContext* context,
                                        const v1::GetTimelineRequest* request,
                                        v1::GetTimelineResponse* response) override;

 private:
  // What a call asks of a run, by one who may.
  struct Asked {
    RunId run;
    machine::Input input;
    std::optional<std::int64_t> revision;
    runtime::Caller caller;
  };
  template <class Request>
  Result<Asked> Take(const grpc::CallbackServerContext& context, std::string_view rpc,
                     const Request& request) const;
  // Submits what the request asks of its run, and answers the run as it is after the commit.
  template <class Request>
  grpc::ServerUnaryReactor* Change(grpc::CallbackServerContext* context, std::string_view rpc,
                                   const Request& request, v1::Run* response);
  // The same of a skip, or of an effect that is told, refused where later steps use what its output
  // lacks.
  template <class Request>
  grpc::ServerUnaryReactor* ChangeOnceChecked(grpc::CallbackServerContext* context,
                                              std::string_view rpc, const Request& request,
                                              v1::Run* response);
  // Answers as the engine does. A step that would tell a channel that there is not refuses a run
  // that there is not yet.
  void Start(runtime::StartRequest start, runtime::Caller caller, runtime::RunCallback done);
  // Answers `call` after the commit of what is asked, or with its refusal.
  void Submit(grpc::ServerUnaryReactor* call, Asked asked, v1::Run* response);

  Core& core_;
};

}  // namespace recourse::server
