#include "server/run_inputs.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>

#include "engine/base/json.h"
#include "server/convert.h"

namespace recourse::server {
namespace {

using Input = machine::Input;

constexpr std::size_t kRequestIdMax = 128;
constexpr std::size_t kReferenceKindMax = 32;
constexpr std::size_t kReferencePlaceMax = 512;

Result<std::optional<machine::Finding>> ToFinding(v1::Finding finding) {
  using Found = std::optional<machine::Finding>;
  switch (finding) {
    case v1::FINDING_UNSPECIFIED:
      return Found();
    case v1::FINDING_APPLIED:
      return Found(machine::Finding::kApplied);
    case v1::FINDING_NOT_APPLIED:
      return Found(machine::Finding::kNotApplied);
    case v1::FINDING_PARTIAL:
      return Found(machine::Finding::kPartial);
    default:
      return InvalidArgument("finding: " + std::to_string(finding) + " is none");
  }
}

Result<Value> ToValue(std::string_view field, const std::string& json) {
  auto value = ParseJson(json);
  if (!value) return std::move(value).error().In(field);
  return value;
}

// The start that a request describes by its workflow and inputs.
template <class Request>
Result<runtime::StartRequest> ToStart(const Request& request, std::string request_id) {
  if (request.workflow().empty()) return InvalidArgument("workflow: must be set");
  auto inputs =
      ToValue("inputs_json", request.inputs_json().empty() ? "{}" : request.inputs_json());
  if (!inputs) return std::move(inputs).error();
  if (!inputs->is_map()) return InvalidArgument("inputs_json: must be a JSON object");
  return runtime::StartRequest{request.workflow(), *std::move(inputs), std::move(request_id)};
}

}  // namespace

Result<runtime::StartRequest> FromProto(const v1::StartRunRequest& request) {
  if (auto fits = CheckSize("request_id", request.request_id(), kRequestIdMax); !fits) {
    return std::move(fits).error();
  }
  auto start = ToStart(request, request.request_id());
  if (!start) return start;
  constexpr std::string_view kSeverities[] = {"", "critical", "high", "medium", "low"};
  if (std::find(std::begin(kSeverities), std::end(kSeverities), request.severity()) ==
      std::end(kSeverities)) {
    return InvalidArgument("severity: \"" + request.severity() +
                           "\" is none; say critical, high, medium or low");
  }
  start->severity = request.severity();
  if (auto fits = CheckReason("hold", request.hold()); !fits) return fits.error();
  start->hold = request.hold();
  return start;
}

Result<runtime::StartRequest> FromProto(const v1::PlanRunRequest& request) {
  return ToStart(request, "");
}

Result<Input> FromProto(const v1::CancelRunRequest& request) {
  if (auto fits = CheckReason("reason", request.reason()); !fits) return fits.error();
  const auto finding = ToFinding(request.finding());
  if (!finding) return finding.error();
  return Input(machine::Cancel{request.reason(), request.rollback(), *finding});
}

Result<Input> FromProto(const v1::PauseRunRequest& request) {
  if (auto fits = CheckReason("reason", request.reason()); !fits) return fits.error();
  return Input(machine::Pause{request.reason()});
}

Result<Input> FromProto(const v1::ResumeRunRequest& request) {
  if (auto fits = CheckReason("reason", request.reason()); !fits) return fits.error();
  return Input(machine::Resume{request.reason()});
}

Result<Input> FromProto(const v1::RetryStepRequest& request) {
  if (auto fits = CheckReason("reason", request.reason()); !fits) return fits.error();
  return Input(machine::Retry{request.reason(), request.step()});
}

Result<Input> FromProto(const v1::SkipStepRequest& request) {
  if (auto fits = CheckReason("reason", request.reason()); !fits) return fits.error();
  if (request.reason().empty()) {
    return InvalidArgument("reason: must be set; the timeline says why a step was not done");
  }
  auto output =
      ToValue("output_json", request.output_json().empty() ? "null" : request.output_json());
  if (!output) return std::move(output).error();
  return Input(machine::Skip{request.step(), *std::move(output), request.reason()});
}

Result<Input> FromProto(const v1::RollBackRunRequest& request) {
  if (auto fits = CheckReason("reason", request.reason()); !fits) return fits.error();
  const auto finding = ToFinding(request.finding());
  if (!finding) return finding.error();
  return Input(machine::RollBack{request.checkpoint(), request.reason(), *finding});
}

Result<Input> FromProto(const v1::AnnotateRunRequest& request) {
  if (auto fits = CheckSize("text", request.text(), kReasonMax); !fits) return fits.error();
  if (request.text().empty()) return InvalidArgument("text: must be set");
  return Input(machine::Annotate{request.text()});
}

Result<Input> FromProto(const v1::AddReferenceRequest& request) {
  const v1::Reference& reference = request.reference();
  for (const auto& [field, text, size_max] :
       {std::tuple("reference.kind", &reference.kind(), kReferenceKindMax),
        std::tuple("reference.about", &reference.about(), kReferenceKindMax),
        std::tuple("reference.place", &reference.place(), kReferencePlaceMax)}) {
    if (text->empty()) return InvalidArgument(std::string(field) + ": must be set");
    if (auto fits = CheckSize(field, *text, size_max); !fits) return fits.error();
  }
  return Input(machine::Annotate{
      {}, machine::Reference{reference.kind(), reference.about(), reference.place()}});
}

Result<Input> FromProto(const v1::SignalRunRequest& request) {
  if (request.name().empty()) return InvalidArgument("name: must be set");
  if (auto fits = CheckSize("name", request.name(), kRequestIdMax); !fits) return fits.error();
  auto payload =
      ToValue("payload_json", request.payload_json().empty() ? "null" : request.payload_json());
  if (!payload) return std::move(payload).error();
  return Input(machine::SendSignal{request.name(), *std::move(payload)});
}

Result<Input> FromProto(const v1::OverrideWindowRequest& request) {
  if (auto fits = CheckReason("reason", request.reason()); !fits) return fits.error();
  return Input(machine::OverrideWindow{request.reason()});
}

Result<Input> FromProto(const v1::QuarantineRunRequest& request) {
  if (auto fits = CheckReason("reason", request.reason()); !fits) return fits.error();
  return Input(machine::Quarantine{request.reason()});
}

Result<Input> FromProto(const v1::ResolveEffectRequest& request) {
  if (auto fits = CheckReason("reason", request.reason()); !fits) return fits.error();
  const auto finding = ToFinding(request.finding());
  if (!finding) return finding.error();
  if (!*finding) return InvalidArgument("finding: say applied, not_applied or partial");
  auto output =
      ToValue("output_json", request.output_json().empty() ? "null" : request.output_json());
  if (!output) return std::move(output).error();
  return Input(
      machine::ResolveEffect{request.step(), **finding, *std::move(output), request.reason()});
}

Result<Input> FromProto(const v1::OverrideInputRequest& request) {
  if (auto fits = CheckReason("reason", request.reason()); !fits) return fits.error();
  if (request.step().empty()) return InvalidArgument("step: must be set");
  if (request.input().empty()) return InvalidArgument("input: must be set");
  auto value = ToValue("value_json", request.value_json());
  if (!value) return std::move(value).error();
  return Input(
      machine::OverrideInput{request.step(), request.input(), *std::move(value), request.reason()});
}

Result<Input> FromProto(const v1::AcknowledgeRunRequest& request) {
  if (auto fits = CheckReason("reason", request.reason()); !fits) return fits.error();
  return Input(machine::Acknowledge{request.reason()});
}

Result<Input> FromProto(const v1::AdoptDefinitionRequest& request) {
  if (auto fits = CheckReason("reason", request.reason()); !fits) return fits.error();
  return Input(machine::AdoptDefinition{nullptr, request.reason(), request.digest()});
}

Result<Input> FromProto(const v1::AnswerItemRequest& request) {
  if (request.item().empty()) return InvalidArgument("item: must be set");
  // What was found may be any sign; why something cannot be done may not.
  auto fits = request.cannot_be_done() ? CheckReason("note", request.note())
                                       : CheckSize("note", request.note(), kReasonMax);
  if (!fits) return fits.error();
  return Input(machine::AnswerItem{
      request.step(), request.item(), !request.cannot_be_done(), request.note(), {}});
}

}  // namespace recourse::server
