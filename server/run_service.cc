#include "server/run_service.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "engine/record/record.h"
#include "server/attention.h"
#include "server/convert.h"
#include "server/log_fields.h"
#include "server/notification_service.h"
#include "server/notify/channel_check.h"
#include "server/reloader.h"
#include "server/run_inputs.h"
#include "server/run_reads.h"
#include "server/run_watch.h"
#include "server/settled_waits.h"
#include "server/skip_check.h"
#include "server/view/run_details.h"

namespace recourse::server {

using Context = grpc::CallbackServerContext;

grpc::ServerUnaryReactor* RunService::StartRun(Context* context, const v1::StartRunRequest* request,
                                               v1::Run* response) {
  auto caller = Admit(core_.principals, *context, "RunService.StartRun");
  if (!caller) return Refuse(context, caller.error());
  auto start = FromProto(*request);
  if (!start) return Refuse(context, start.error());
  if (!request->wait()) {
    grpc::ServerUnaryReactor* call = context->DefaultReactor();
    Start(*std::move(start), *std::move(caller),
          [call, response](const Result<journal::RunRow>& row) {
            if (row) *response = ToProto(*row);
            call->Finish(row ? grpc::Status::OK : ToStatus(row.error()));
          });
    return call;
  }
  auto call = WaitingCall::Make(core_.waits, response);
  Start(*std::move(start), *std::move(caller), [this, call](const Result<journal::RunRow>& row) {
    if (!row) return call->Answer(row.error());
    core_.waits.Join(row->run, call);
  });
  return call.get();
}

void RunService::Start(runtime::StartRequest start, runtime::Caller caller,
                       runtime::RunCallback done) {
  const auto lost =
      notify::CheckChannels(start, *core_.engine.catalogue(), ChannelsOf(core_), core_.clock.Now());
  if (lost) {
    for (const notify::LostMessage& one : *lost) {
      spdlog::warn(
          "a run that is asked for may come to a step that could tell nobody: {}={} {}={}: {}",
          log_field::kWorkflow, start.workflow, log_field::kStep, one.step, one.why);
    }
    return core_.engine.StartRun(std::move(start), std::move(caller), std::move(done));
  }
  if (start.request_id.empty()) return done(lost.error());
  // Whatever has become of the channels: the run that the request started before is its answer.
  auto posted =
      core_.readers.PostForCaller([this, start = std::move(start), caller = std::move(caller), done,
                                   refused = lost.error()](journal::Reader* reader) {
        if (reader == nullptr) return done(StoppingError());
        const auto known = reader->FindRequest(start.request_id);
        if (!known) return done(known.error());
        if (!*known) return done(refused);
        core_.engine.StartRun(start, caller, done);
      });
  if (!posted) done(posted.error());
}

template <class Request>
Result<RunService::Asked> RunService::Take(const Context& context, std::string_view rpc,
                                           const Request& request) const {
  auto caller = Admit(core_.principals, context, rpc);
  if (!caller) return std::move(caller).error();
  auto run = ParseRun("run", request.run());
  if (!run) return std::move(run).error();
  auto input = FromProto(request);
  if (!input) return std::move(input).error();
  std::optional<std::int64_t> revision;
  if (request.has_revision()) revision = request.revision();
  return Asked{*run, *std::move(input), revision, *std::move(caller)};
}

template <class Request>
grpc::ServerUnaryReactor* RunService::Change(Context* context, std::string_view rpc,
                                             const Request& request, v1::Run* response) {
  auto asked = Take(*context, rpc, request);
  if (!asked) return Refuse(context, asked.error());
  grpc::ServerUnaryReactor* call = context->DefaultReactor();
  Submit(call, *std::move(asked), response);
  return call;
}

void RunService::Submit(grpc::ServerUnaryReactor* call, Asked asked, v1::Run* response) {
  core_.engine.Submit(asked.run, std::move(asked.input), asked.revision, std::move(asked.caller),
                      [call, response](const Result<journal::RunRow>& row) {
                        if (row) *response = ToProto(*row);
                        call->Finish(row ? grpc::Status::OK : ToStatus(row.error()));
                      });  // answered once, after the commit
}

namespace {

// A person's word that a step counts as done, as the skip that it amounts to.
machine::Skip SkipIn(const machine::Input& input) {
  if (const auto* skip = std::get_if<machine::Skip>(&input)) return *skip;
  const auto& told = std::get<machine::ResolveEffect>(input);
  return {told.step, told.output, told.reason};
}

// What cannot be read here is told by the engine.
Result<void> CheckBefore(runtime::Engine& engine, const Clock& clock, RunId run,
                         const machine::Skip& skip, journal::Reader& reader) {
  const auto state = record::ReadRun(reader, run);
  if (!state) return {};
  const auto workflow = engine.DefinitionOf(state->digest);
  if (!workflow) return {};
  return CheckSkip(**workflow, *state, skip, clock.Now());
}

}  // namespace

template <class Request>
grpc::ServerUnaryReactor* RunService::ChangeOnceChecked(Context* context, std::string_view rpc,
                                                        const Request& request, v1::Run* response) {
  auto asked = Take(*context, rpc, request);
  if (!asked) return Refuse(context, asked.error());
  grpc::ServerUnaryReactor* call = context->DefaultReactor();
  auto posted = core_.readers.PostForCaller([=, this,
                                             asked = *std::move(asked)](journal::Reader* reader) {
    if (reader == nullptr) return call->Finish(ToStatus(StoppingError()));
    const machine::Skip skip = SkipIn(asked.input);
    if (auto checked = CheckBefore(core_.engine, core_.clock, asked.run, skip, *reader); !checked) {
      return call->Finish(ToStatus(checked.error()));
    }
    Submit(call, asked, response);
  });
  if (!posted) call->Finish(ToStatus(posted.error()));
  return call;
}

grpc::ServerUnaryReactor* RunService::CancelRun(Context* context,
                                                const v1::CancelRunRequest* request,
                                                v1::Run* response) {
  return Change(context, "RunService.CancelRun", *request, response);
}

grpc::ServerUnaryReactor* RunService::PauseRun(Context* context, const v1::PauseRunRequest* request,
                                               v1::Run* response) {
  return Change(context, "RunService.PauseRun", *request, response);
}

grpc::ServerUnaryReactor* RunService::ResumeRun(Context* context,
                                                const v1::ResumeRunRequest* request,
                                                v1::Run* response) {
  return Change(context, "RunService.ResumeRun", *request, response);
}

grpc::ServerUnaryReactor* RunService::RetryStep(Context* context,
                                                const v1::RetryStepRequest* request,
                                                v1::Run* response) {
  return Change(context, "RunService.RetryStep", *request, response);
}

grpc::ServerUnaryReactor* RunService::SkipStep(Context* context, const v1::SkipStepRequest* request,
                                               v1::Run* response) {
  if (request->without_output()) {
    return Change(context, "RunService.SkipStep", *request, response);
  }
  return ChangeOnceChecked(context, "RunService.SkipStep", *request, response);
}

grpc::ServerUnaryReactor* RunService::RollBackRun(Context* context,
                                                  const v1::RollBackRunRequest* request,
                                                  v1::Run* response) {
  return Change(context, "RunService.RollBackRun", *request, response);
}

grpc::ServerUnaryReactor* RunService::AnnotateRun(Context* context,
                                                  const v1::AnnotateRunRequest* request,
                                                  v1::Run* response) {
  return Change(context, "RunService.AnnotateRun", *request, response);
}

grpc::ServerUnaryReactor* RunService::AddReference(Context* context,
                                                   const v1::AddReferenceRequest* request,
                                                   v1::Run* response) {
  return Change(context, "RunService.AddReference", *request, response);
}

grpc::ServerUnaryReactor* RunService::SignalRun(Context* context,
                                                const v1::SignalRunRequest* request,
                                                v1::Run* response) {
  return Change(context, "RunService.SignalRun", *request, response);
}

grpc::ServerUnaryReactor* RunService::OverrideWindow(Context* context,
                                                     const v1::OverrideWindowRequest* request,
                                                     v1::Run* response) {
  return Change(context, "RunService.OverrideWindow", *request, response);
}

grpc::ServerUnaryReactor* RunService::AnswerItem(Context* context,
                                                 const v1::AnswerItemRequest* request,
                                                 v1::Run* response) {
  return Change(context, "RunService.AnswerItem", *request, response);
}

grpc::ServerUnaryReactor* RunService::QuarantineRun(Context* context,
                                                    const v1::QuarantineRunRequest* request,
                                                    v1::Run* response) {
  return Change(context, "RunService.QuarantineRun", *request, response);
}

grpc::ServerUnaryReactor* RunService::ResolveEffect(Context* context,
                                                    const v1::ResolveEffectRequest* request,
                                                    v1::Run* response) {
  if (request->finding() != v1::FINDING_APPLIED || !request->output_json().empty()) {
    return Change(context, "RunService.ResolveEffect", *request, response);
  }
  return ChangeOnceChecked(context, "RunService.ResolveEffect", *request, response);
}

grpc::ServerUnaryReactor* RunService::OverrideInput(Context* context,
                                                    const v1::OverrideInputRequest* request,
                                                    v1::Run* response) {
  return Change(context, "RunService.OverrideInput", *request, response);
}

grpc::ServerUnaryReactor* RunService::AcknowledgeRun(Context* context,
                                                     const v1::AcknowledgeRunRequest* request,
                                                     v1::Run* response) {
  return Change(context, "RunService.AcknowledgeRun", *request, response);
}

grpc::ServerUnaryReactor* RunService::AdoptDefinition(Context* context,
                                                      const v1::AdoptDefinitionRequest* request,
                                                      v1::Run* response) {
  return Change(context, "RunService.AdoptDefinition", *request, response);
}

grpc::ServerUnaryReactor* RunService::ListAttention(Context* context,
                                                    const v1::ListAttentionRequest* request,
                                                    v1::ListAttentionResponse* response) {
  return AnswerFrom(
      core_, core_.readers, context, "RunService.ListAttention", response,
      [this, request](journal::Reader& reader) {
        auto attention =
            ReadAttention(*request, core_.engine, core_.clock.Now(), reader, ChannelsOf(core_));
        if (!attention) return attention;
        for (const std::string& problem : core_.reloader.last().alert_rules_unusable) {
          attention->add_problems(Utf8(problem));
        }
        return attention;
      });
}

grpc::ServerUnaryReactor* RunService::GetRun(Context* context, const v1::GetRunRequest* request,
                                             v1::Run* response) {
  return AnswerFrom(
      core_, core_.readers, context, "RunService.GetRun", response,
      [this, request](journal::Reader& reader) { return ReadRun(*request, core_.engine, reader); });
}

grpc::ServerUnaryReactor* RunService::ListRuns(Context* context, const v1::ListRunsRequest* request,
                                               v1::ListRunsResponse* response) {
  return AnswerFrom(core_, core_.readers, context, "RunService.ListRuns", response,
                    [request](journal::Reader& reader) { return ReadRuns(*request, reader); });
}

grpc::ServerUnaryReactor* RunService::GetTimeline(Context* context,
                                                  const v1::GetTimelineRequest* request,
                                                  v1::GetTimelineResponse* response) {
  return AnswerFrom(core_, core_.readers, context, "RunService.GetTimeline", response,
                    [this, request](journal::Reader& reader) {
                      return ReadTimeline(*request, core_.engine, reader);
                    });
}

grpc::ServerWriteReactor<v1::WatchRunResponse>* RunService::WatchRun(
    Context* context, const v1::WatchRunRequest* request) {
  using Refused = RefusedStream<v1::WatchRunResponse>;
  auto admitted = AdmitStream(core_.principals, *context, "RunService.WatchRun");
  if (!admitted) return new Refused(admitted.error());
  auto run = ParseRun("run", request->run());
  if (!run) return new Refused(run.error());
  if (request->after_sequence() < 0) {
    return new Refused(InvalidArgument(
        "after_sequence: " + std::to_string(request->after_sequence()) + " is negative"));
  }
  return RunWatch::Start(core_, *run, request->after_sequence(), *std::move(admitted));
}

}  // namespace recourse::server
