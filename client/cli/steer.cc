// cancel, pause, resume, retry, skip, rollback, note, signal, answer, override-window, quarantine,
// resolve, override, ack, adopt.
#include <cstdio>
#include <type_traits>

#include "client/cli/verbs.h"
#include "engine/base/json.h"

namespace recourse::cli {
namespace {

Result<v1::Finding> FindingOf(const std::string& name) {
  if (name.empty()) return v1::FINDING_UNSPECIFIED;
  if (name == "applied") return v1::FINDING_APPLIED;
  if (name == "not_applied" || name == "not-applied") return v1::FINDING_NOT_APPLIED;
  if (name == "partial") return v1::FINDING_PARTIAL;
  return InvalidArgument("--effect " + name + ": say applied, not_applied or partial");
}

// A refusal names the request's field; people know the option.
Error InOptions(Error error) {
  for (const auto& [field, option] :
       {std::pair("finding: ", "--effect: "), std::pair("output_json: ", "--step-output: "),
        std::pair("checkpoint: ", "--to: "), std::pair("step: ", "--step: "),
        std::pair("reason: ", "--reason: "), std::pair("set without_output", "--without-output")}) {
    const std::string name = field;
    const auto at = error.message.find(name);
    if (at == 0 || (at != std::string::npos && !name.ends_with(": "))) {
      error.message.replace(at, name.size(), option);
    }
  }
  return error;
}

// The command again, with the option that was missing.
template <class Request>
std::string Again(const Common& common, const Request& request, const Error& error) {
  const std::string prefix = "\nagain: " + Prefix(common) + " ";
  const auto about = [&](std::string_view option) { return error.message.starts_with(option); };
  if constexpr (std::is_same_v<Request, v1::RollBackRunRequest>) {
    if (about("--effect")) {
      return prefix + "rollback " + request.run() + " --effect applied|not_applied|partial";
    }
  } else if constexpr (std::is_same_v<Request, v1::CancelRunRequest>) {
    if (about("--effect")) {
      return prefix + "cancel " + request.run() +
             " --rollback --effect applied|not_applied|partial";
    }
  } else if constexpr (std::is_same_v<Request, v1::SkipStepRequest>) {
    if (about("--step-output") && error.code == Code::kFailedPrecondition) {
      return prefix + "skip " + request.run() + " --reason \"WHY\" --step-output '{...}'";
    }
  }
  return "";
}

// What the answered request means for the run, beyond its status; empty: nothing.
template <class Request>
std::string Meaning(const Common& common, const Request& request, const v1::Run& run) {
  if constexpr (std::is_same_v<Request, v1::CancelRunRequest>) {
    return request.rollback()
               ? "it is cancelled once what it did is undone"
               : "it is cancelled once what is at work has been stopped; nothing is undone";
  } else if constexpr (std::is_same_v<Request, v1::AcknowledgeRunRequest>) {
    return "you take care of it: nobody else is told, until it asks for something new";
  } else if constexpr (std::is_same_v<Request, v1::QuarantineRunRequest>) {
    return "nothing begins and its timers stand still, until: " + Prefix(common) + " resume " +
           run.id();
  } else if constexpr (std::is_same_v<Request, v1::OverrideInputRequest>) {
    return OneLine(request.input()) + " of step " + OneLine(request.step()) + " is now " +
           OneLine(request.value_json()) + "; what was asked with the old value is asked anew" +
           (run.open_approvals().empty() ? "" : ": " + Prefix(common) + " approvals");
  } else if constexpr (std::is_same_v<Request, v1::AdoptDefinitionRequest>) {
    return "it goes on by definition " + run.digest().substr(0, 12);
  }
  return "";
}

// Sends the request and tells how the run stands then.
template <class Request>
int Send(const Common& common, const SteerArguments& arguments, Request request,
         grpc::Status (v1::RunService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                      v1::Run*)) {
  request.set_run(arguments.run);
  if (arguments.revision) request.set_revision(*arguments.revision);
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    auto run = Unary(server, method, server.runs(), request);
    if (!run) {
      Error error = InOptions(std::move(run).error());
      error.message += Again(common, request, error);
      return error;
    }
    if (arguments.wait) {
      return Follow(
          common, server,
          {.run = run->id(), .until_waiting = true, .after = run->revision(), .answered = true});
    }
    if (common.json) return PrintJson(*run);
    std::printf("%s is %s%s\n", run->id().c_str(), StatusName(run->status()).c_str(),
                run->step().empty() ? "" : (" at " + OneLine(run->step())).c_str());
    if (IsOver(run->status())) {
      std::printf("%s\n", LeftText(common, server, *run).c_str());
      return kOk;
    }
    const std::string meaning = Meaning(common, request, *run);
    if (!meaning.empty()) std::printf("%s\n", meaning.c_str());
    std::printf("follow it: %s watch %s\n", Prefix(common).c_str(), run->id().c_str());
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
  if (!arguments.finding.empty() && !arguments.rollback) {
    return Tell(
        InvalidArgument("--effect tells a rollback what is true; a cancel without --rollback "
                        "undoes nothing and leaves the effect as it is"),
        kUsage);
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
  request.set_without_output(arguments.without_output);
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
  request.set_run(arguments.run);
  request.set_text(arguments.reason);
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    auto run = Unary(server, &v1::RunService::Stub::AnnotateRun, server.runs(), request);
    if (!run) return std::move(run).error();
    if (common.json) return PrintJson(*run);
    std::printf("noted in the timeline of %s, which is %s: %s timeline %s\n", run->id().c_str(),
                StatusName(run->status()).c_str(), Prefix(common).c_str(), run->id().c_str());
    return kOk;
  });
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

int Quarantine(const Common& common, const SteerArguments& arguments) {
  return Send(common, arguments, Because<v1::QuarantineRunRequest>(arguments),
              &v1::RunService::Stub::QuarantineRun);
}

int Resolve(const Common& common, const SteerArguments& arguments) {
  auto finding = FindingOf(arguments.finding);
  if (!finding) return Tell(finding.error(), kUsage);
  auto request = Because<v1::ResolveEffectRequest>(arguments);
  request.set_step(arguments.step);
  request.set_finding(*finding);
  request.set_output_json(arguments.output_json);
  return Send(common, arguments, request, &v1::RunService::Stub::ResolveEffect);
}

int Override(const Common& common, const SteerArguments& arguments) {
  const auto equals = arguments.name.find('=');
  if (equals == std::string::npos || equals == 0) {
    return Tell(InvalidArgument(arguments.name + ": write it as input=value"), kUsage);
  }
  const std::string text = arguments.name.substr(equals + 1);
  auto request = Because<v1::OverrideInputRequest>(arguments);
  request.set_step(arguments.step);
  request.set_input(arguments.name.substr(0, equals));
  request.set_value_json(ParseJson(text) ? text : ToJson(Value(text)));
  return Send(common, arguments, request, &v1::RunService::Stub::OverrideInput);
}

int Acknowledge(const Common& common, const SteerArguments& arguments) {
  return Send(common, arguments, Because<v1::AcknowledgeRunRequest>(arguments),
              &v1::RunService::Stub::AcknowledgeRun);
}

int Adopt(const Common& common, const SteerArguments& arguments) {
  auto request = Because<v1::AdoptDefinitionRequest>(arguments);
  request.set_digest(arguments.name);
  return Send(common, arguments, request, &v1::RunService::Stub::AdoptDefinition);
}

}  // namespace recourse::cli
