// What the end of a program means, by the inputs of the actions that run one.
#pragma once

#include <string>
#include <string_view>

#include "actions/action.h"
#include "actions/process/child.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::process {

// kInvalidArgument: the input exit_codes names an error code that there is not.
Result<void> CheckExitCodes(const Value& inputs);

// exit_code, output, output_bytes, errors, errors_bytes: for outputs and evidence.
Value Describe(const Finished& finished);

// The last line that is not empty: most programs say there why they fail.
std::string LastLine(const std::string& text);

// What a program left that ended with another code than 0, by the input failure_leaves.
LeftBehind LeftBy(const Value& inputs, const Finished& finished);

// The error of such an end, by the input exit_codes, with the program's last words.
// REQUIRES: CheckExitCodes.
Error FailedWith(const Value& inputs, const std::string& program, const Finished& finished);

}  // namespace recourse::process
