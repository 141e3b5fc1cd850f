// What differs between an index row as stored and as the events give it: private to engine/record.
#pragma once

#include <string>
#include <vector>

#include "engine/journal/journal.h"

namespace recourse::record {

// A sentence for each member that differs: "R-7: the index says status 3, the events say 7".
std::vector<std::string> Differences(const journal::RunRow& stored,
                                     const journal::RunRow& expected);
std::vector<std::string> Differences(const std::vector<journal::ApprovalRow>& stored,
                                     const std::vector<journal::ApprovalRow>& expected);
// REQUIRES: all are of `run`.
std::vector<std::string> Differences(RunId run, std::vector<journal::TimerRow> stored,
                                     std::vector<journal::TimerRow> expected);

}  // namespace recourse::record
