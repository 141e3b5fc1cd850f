#include "server/workflow_view.h"

#include <string_view>

#include "engine/base/json.h"
#include "engine/record/stored_text.h"
#include "server/convert.h"

namespace recourse::server {
namespace {

static_assert(int{v1::Action::READ_ONLY} == static_cast<int>(RepeatClass::kReadOnly));
static_assert(int{v1::Action::IDEMPOTENT} == static_cast<int>(RepeatClass::kIdempotent));
static_assert(int{v1::Action::PROBED} == static_cast<int>(RepeatClass::kProbed));
static_assert(int{v1::Action::ONCE} == static_cast<int>(RepeatClass::kOnce));

std::string_view NameOf(definition::InputType type) {
  using definition::InputType;
  switch (type) {
    case InputType::kString:
      return "string";
    case InputType::kInt:
      return "int";
    case InputType::kDouble:
      return "double";
    case InputType::kBool:
      return "bool";
    case InputType::kDuration:
      return "duration";
    case InputType::kTarget:
      return "target";
    case InputType::kList:
      return "list";
    case InputType::kMap:
      return "map";
  }
  return "";
}

v1::WorkflowInput InputOf(const definition::Input& input) {
  v1::WorkflowInput message;
  message.set_name(input.name);
  message.set_type(std::string(NameOf(input.type)));
  message.set_required(input.required);
  if (!input.required) message.set_default_json(ToJson(input.fallback));
  message.set_description(input.description);
  for (const std::string& resource : input.requires_) message.add_required_resources(resource);
  for (const Value& value : input.one_of) message.add_one_of_json(ToJson(value));
  return message;
}

v1::WorkflowStep StepOf(const definition::Step& step) {
  v1::WorkflowStep message;
  message.set_id(step.id);
  message.set_kind(std::string(definition::NameOf(step.kind)));
  message.set_summary(step.summary);
  if (const auto* action = std::get_if<definition::ActionStep>(&step.kind)) {
    message.set_action(action->action);
  }
  if (step.expect) *message.mutable_expect() = ToProto(*step.expect);
  message.set_irreversible(step.irreversible);
  message.set_line(step.place.line);
  return message;
}

}  // namespace

v1::Workflow ToProto(const definition::Workflow& workflow) {
  v1::Workflow message;
  message.set_name(workflow.name);
  message.set_summary(workflow.summary);
  message.set_severity(workflow.severity);
  message.set_digest(workflow.digest);
  for (const definition::Input& input : workflow.inputs) *message.add_inputs() = InputOf(input);
  if (workflow.deadline) *message.mutable_deadline() = ToProto(*workflow.deadline);
  return message;
}

v1::Workflow FullView(const definition::Workflow& workflow) {
  v1::Workflow message = ToProto(workflow);
  for (const definition::Step& step : workflow.steps) *message.add_steps() = StepOf(step);
  message.set_definition_json(workflow.canonical);
  return message;
}

v1::Action ToProto(const ActionSpec& spec) {
  v1::Action message;
  message.set_name(spec.name);
  message.set_summary(spec.summary);
  message.set_repeat(static_cast<v1::Action::Repeat>(spec.repeat));
  message.set_has_plan(spec.has_plan);
  message.set_has_prepare(spec.has_prepare);
  message.set_has_verify(spec.has_verify);
  message.set_can_compensate(spec.can_compensate);
  *message.mutable_timeout() = ToProto(spec.timeout);
  message.set_attempts(spec.retry.attempts);
  for (const Code code : spec.retry.on) message.add_retry_on(std::string(ToString(code)));
  return message;
}

v1::Action FullView(const ActionSpec& spec) {
  v1::Action message = ToProto(spec);
  message.set_inputs_schema_json(ToJson(spec.inputs));
  message.set_output_schema_json(ToJson(spec.output));
  return message;
}

v1::RunPlan ToProto(const runtime::RunPlan& plan) {
  v1::RunPlan message;
  message.set_workflow(plan.workflow->name);
  message.set_workflow_digest(plan.workflow->digest);
  message.set_inputs_json(record::StoredJson(plan.inputs));
  message.set_plan_json(record::StoredJson(plan.plan));
  message.set_digest(plan.digest);
  return message;
}

}  // namespace recourse::server
