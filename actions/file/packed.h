// Single files packed by gzip, as old logs are kept.
#pragma once

#include <string>

#include "actions/action.h"
#include "engine/base/error.h"

namespace recourse::file {

// Puts `path` packed as `path`.gz in its place: owner, mode and time are kept, and what was packed
// is read back and compared before the original goes. When `path` is gone and `path`.gz there, it
// was done before. kAborted: the file changed meanwhile. kAlreadyExists: `path`.gz holds something
// else. Both were left as they are then.
Result<void> PackInPlace(const std::string& path, const Context& context);

// The way back: `path` from `path`.gz, which goes. When `path` is there and `path`.gz not, it was
// done before. kFailedPrecondition: both are there and hold different things; they were left.
Result<void> UnpackInPlace(const std::string& path, const Context& context);

}  // namespace recourse::file
