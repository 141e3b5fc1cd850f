// The private copy of a damaged database that a salvage reads.
#pragma once

#include <string>
#include <vector>

#include "actions/action.h"
#include "engine/base/error.h"

namespace recourse::database {

// Copies the database into the empty place `copy`, with what its journal or its write-ahead log
// holds of it, and leaves the database as it is. Answers what is to be known of the copy, a
// sentence each. kNotFound: there is no file. kDataLoss: it is empty. kAborted: somebody wrote it
// meanwhile.
Result<std::vector<std::string>> CopyDamaged(const std::string& database, const std::string& copy,
                                             const Context& context);

}  // namespace recourse::database
