#include "engine/runtime/start_inputs.h"

#include "engine/base/json.h"
#include "engine/base/no_such.h"
#include "engine/base/text.h"
#include "engine/definition/window.h"
#include "engine/expression/secret.h"
#include "engine/runtime/stored_form.h"

namespace recourse::runtime {

Error NoWorkflow(const Workflows& workflows, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [known, workflow] : workflows) names.push_back(known);
  return NoSuch("workflow", name, names).In("workflow");
}

Result<Value> InputsOf(const definition::Workflow& workflow, const StartRequest& request,
                       const definition::Inventory& inventory, std::int64_t bytes_max) {
  const Value given = request.inputs.is_null() ? Value(Value::Map()) : request.inputs;
  if (expression::HoldsSecret(given)) {
    return InvalidArgument("inputs: a secret is named by a definition only; nothing was started");
  }
  auto inputs = definition::ResolveInputs(workflow, given, inventory);
  if (!inputs) return inputs;
  Value stored = AsStored(*std::move(inputs));
  if (FitsAsJson(stored, bytes_max)) return stored;
  return Error{Code::kResourceExhausted, "inputs: larger than " + HumanBytes(bytes_max) +
                                             ", which is the limit; nothing was started"};
}

machine::RunState BeforeItsStart(const definition::Workflow& workflow, RunId run, Value inputs,
                                 const Caller& caller, Time now) {
  machine::RunState state;
  state.run = run;
  state.workflow = workflow.name;
  state.inputs = std::move(inputs);
  state.requester = caller.principal;
  state.started = now;
  return state;
}

Result<Value> WindowOf(const definition::Workflow& workflow, const machine::RunState& state) {
  if (!workflow.window) return Value();
  auto window = workflow.window->window.Evaluate(machine::RunScope(workflow, state, state.started));
  if (!window) return InvalidArgument("window: " + window.error().message);
  if (auto read = definition::ReadWindow(*window); !read) {
    return InvalidArgument("window: " + read.error().message);
  }
  return window;
}

Value PolicyOf(const definition::Workflow& workflow, const Value& inputs,
               const definition::Inventory& inventory, std::string_view severity) {
  for (const definition::Input& input : workflow.inputs) {
    if (input.type != definition::InputType::kTarget) continue;
    if (const auto* policy = inventory.PolicyOf(inputs[input.name])) {
      return definition::PolicyFor(*policy, severity);
    }
  }
  return {};
}

Result<std::string> LockKeyOf(const definition::Workflow& workflow,
                              const machine::RunState& state) {
  if (!workflow.lock) return std::string();
  auto key = workflow.lock->Evaluate(machine::RunScope(workflow, state, state.started));
  if (!key) return InvalidArgument("lock: " + key.error().message);
  if (!key->is_string() || key->as_string().empty()) {
    return InvalidArgument("lock: expected a text that is not empty, got " +
                           std::string(key->is_string() ? "an empty one" : key->TypeOf()));
  }
  return key->as_string();
}

}  // namespace recourse::runtime
