// cancel, pause, resume, retry, skip, rollback, note, signal, answer,
// override-window.
#include <cstdio>

#include "client/cli/verbs.h"

namespace recourse::cli {
namespace {

Result<v1::Finding> FindingOf(const std::string& name) {
  if (name.empty()) return v1::FINDING_UNSPECIFIED;
  if (name == "applied") return v1::FINDING_APPLIED;
  if (name == "not_applied" || name == "not-applied") return v1::FINDING_NOT_APPLIED;
  if (name == "partial") return v1::FINDING_PARTIAL;
  return InvalidArgument("--effect " + name + ": say applied, not_applied or partial");
}

// Sends the request and tells how the run stands then.
template <class Request>
int Send(const Common& common, const SteerArguments& arguments, Request request,
         grpc::Status (v1::RunService::Stub::*method)(grpc::ClientContext*, const Request&, v1::Run*)) {
  request.set_run(arguments.run);
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    auto run = Unary(server, method, server.runs(), request);
    if (!run) return std::move(run).error();
    if (arguments.wait) {
      return Follow(common, server,
                    {.run = run->id(),
                     .until_waiting = true,
                     .after = run->revision(),
                     .answered = true});
    }
    if (common.json) return PrintJson(*run);
    std::printf("%s is %s%s\n", run->id().c_str(), StatusName(run->status()).c_str(),
                run->step().empty() ? "" : (" at " + OneLine(run->step())).c_str());
    if (!IsOver(run->status())) {
      std::printf("follow it: %s watch %s\n", Prefix(common).c_str(), run->id().c_str());
    }
    return kOk;
  });
}

template <class Request>
Request Because(const SteerArguments& arguments) {
  Request request;
  request.set_reason(arguments.reason);
  return request;
}

}  // namespace

int Cancel(const Common& common, const SteerArguments& arguments) {
  auto finding = FindingOf(arguments.finding);
  if (!finding) {
    return Tell(finding.error(), kUsage);
  }
  auto request = Because<v1::CancelRunRequest>(arguments);
  request.set_rollback(arguments.rollback);
  request.set_finding(*finding);
  return Send(common, arguments, request, &v1::RunService::Stub::CancelRun);
}

int Pause(const Common& common, const SteerArguments& arguments) {
  return Send(common, arguments, Because<v1::PauseRunRequest>(arguments),
              &v1::RunService::Stub::PauseRun);
}

int Resume(const Common& common, const SteerArguments& arguments) {
  return Send(common, arguments, Because<v1::ResumeRunRequest>(arguments),
              &v1::RunService::Stub::ResumeRun);
}

int Retry(const Common& common, const SteerArguments& arguments) {
  auto request = Because<v1::RetryStepRequest>(arguments);
  request.set_step(arguments.step);
  return Send(common, arguments, request, &v1::RunService::Stub::RetryStep);
}

int Skip(const Common& common, const SteerArguments& arguments) {
  auto request = Because<v1::SkipStepRequest>(arguments);
  request.set_step(arguments.step);
  request.set_output_json(arguments.output_json);
  return Send(common, arguments, request, &v1::RunService::Stub::SkipStep);
}

int RollBack(const Common& common, const SteerArguments& arguments) {
  auto finding = FindingOf(arguments.finding);
  if (!finding) {
    return Tell(finding.error(), kUsage);
  }
  auto request = Because<v1::RollBackRunRequest>(arguments);
  request.set_checkpoint(arguments.checkpoint);
  request.set_finding(*finding);
  return Send(common, arguments, request, &v1::RunService::Stub::RollBackRun);
}

int Annotate(const Common& common, const SteerArguments& arguments) {
  v1::AnnotateRunRequest request;
  request.set_text(arguments.reason);
  return Send(common, arguments, request, &v1::RunService::Stub::AnnotateRun);
}

int Signal(const Common& common, const SteerArguments& arguments) {
  v1::SignalRunRequest request;
  request.set_name(arguments.name);
  request.set_payload_json(arguments.output_json);
  return Send(common, arguments, request, &v1::RunService::Stub::SignalRun);
}

int OverrideWindow(const Common& common, const SteerArguments& arguments) {
  return Send(common, arguments, Because<v1::OverrideWindowRequest>(arguments),
              &v1::RunService::Stub::OverrideWindow);
}

int AnswerItem(const Common& common, const SteerArguments& arguments) {
  v1::AnswerItemRequest request;
  request.set_item(arguments.name);
  request.set_step(arguments.step);
  request.set_cannot_be_done(arguments.not_done);
  request.set_note(arguments.reason);
  return Send(common, arguments, request, &v1::RunService::Stub::AnswerItem);
}

}  // namespace recourse::cli
