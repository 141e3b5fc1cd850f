// What requests ask of a run, as the machine's inputs.
//
// kInvalidArgument of every function: a field is wrong; the message names it.
#pragma once

#include "engine/base/error.h"
#include "engine/machine/decide.h"
#include "engine/runtime/engine.h"
#include "recourse/v1/run.pb.h"
#include "recourse/v1/workflow.pb.h"

namespace recourse::server {

Result<runtime::StartRequest> FromProto(const v1::StartRunRequest& request);
Result<runtime::StartRequest> FromProto(const v1::PlanRunRequest& request);

Result<machine::Input> FromProto(const v1::CancelRunRequest& request);
Result<machine::Input> FromProto(const v1::PauseRunRequest& request);
Result<machine::Input> FromProto(const v1::ResumeRunRequest& request);
Result<machine::Input> FromProto(const v1::RetryStepRequest& request);
Result<machine::Input> FromProto(const v1::SkipStepRequest& request);
Result<machine::Input> FromProto(const v1::RollBackRunRequest& request);
Result<machine::Input> FromProto(const v1::AnnotateRunRequest& request);
Result<machine::Input> FromProto(const v1::AddReferenceRequest& request);
Result<machine::Input> FromProto(const v1::SignalRunRequest& request);
Result<machine::Input> FromProto(const v1::AnswerItemRequest& request);
Result<machine::Input> FromProto(const v1::OverrideWindowRequest& request);
Result<machine::Input> FromProto(const v1::QuarantineRunRequest& request);
Result<machine::Input> FromProto(const v1::ResolveEffectRequest& request);
Result<machine::Input> FromProto(const v1::OverrideInputRequest& request);
Result<machine::Input> FromProto(const v1::AcknowledgeRunRequest& request);
Result<machine::Input> FromProto(const v1::AdoptDefinitionRequest& request);

}  // namespace recourse::server
