// The types of a workflow's inputs. Private to the module.
#pragma once

#include <string_view>

#include "engine/base/error.h"
#include "engine/base/value.h"
#include "engine/definition/workflow.h"

namespace recourse::definition {

// "string", "int"...: the word by which a definition names the type.
std::string_view NameOf(InputType type);

// `value` as `input` wants it: a duration is read from its text, a whole number may stand for a
// double and the other way round. A target stays its name.
// kInvalidArgument: it has another type, or is none of those that the input allows.
Result<Value> FitInput(const Input& input, const Value& value);

}  // namespace recourse::definition
