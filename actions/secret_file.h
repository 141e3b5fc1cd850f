// Secrets of targets, which stand in files: a target's own text goes into the journal.
#pragma once

#include <string>

#include "actions/action.h"
#include "engine/base/error.h"

namespace recourse {

// What the file holds, without the end of its last line. It is for the action alone: no output,
// error or log line may hold it. kPermissionDenied: the policy forbids the file, or everybody may
// read it. kFailedPrecondition: it is empty. Errors of reading.
Result<std::string> ReadSecretFile(const std::string& path, const Policy& policy);

}  // namespace recourse
