// What a run begins with, by what was asked for: the same for one that starts and for one that is
// only planned.
#pragma once

#include <string>

#include "engine/machine/decide.h"
#include "engine/runtime/engine.h"

namespace recourse::runtime {

// kNotFound: none of that name; the message has the nearest one.
Error NoWorkflow(const Workflows& workflows, const std::string& name);

// The inputs with defaults and targets, as the journal would give them back. Errors are those of
// definition::ResolveInputs, and kResourceExhausted: they are too large.
Result<Value> InputsOf(const definition::Workflow& workflow, const StartRequest& request,
                       const definition::Inventory& inventory, std::int64_t bytes_max);

// The state of a run that is about to start: what its lock and its plan may name.
machine::RunState BeforeItsStart(const definition::Workflow& workflow, RunId run, Value inputs,
                                 const Caller& caller, Time now);

// The window that fences the run; null: none. kInvalidArgument: it is none.
Result<Value> WindowOf(const definition::Workflow& workflow, const machine::RunState& state);

// Who is told while the run needs a person, by what its target says; null: nobody.
Value PolicyOf(const definition::Workflow& workflow, const Value& inputs,
               const definition::Inventory& inventory, std::string_view severity);

// The key of the lock that the run takes; empty: none. kInvalidArgument: it has no key.
Result<std::string> LockKeyOf(const definition::Workflow& workflow, const machine::RunState& state);

}  // namespace recourse::runtime
