// What a person can do with a run as it stands, found out from the rules themselves.
#pragma once

#include <string_view>
#include <vector>

#include "engine/machine/decide.h"

namespace recourse::machine {

// The command's verbs that Decide() would take now, given what they need (a reason, a finding): of
// approve, reject, pause, resume, cancel, retry, skip and rollback. Empty for a run that is over.
// "approve" and "reject" are about the one approval that the run waits for, for those who may.
std::vector<std::string_view> PossibleVerbs(const definition::Workflow& workflow,
                                            const RunState& state, Facts facts);

}  // namespace recourse::machine
