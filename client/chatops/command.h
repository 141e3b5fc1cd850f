// What people write to the bot, read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace recourse::chatops {

struct Verb {
  // What stands behind it first.
  enum class Takes { kNothing, kRun, kApproval, kRunOrApproval };
  std::string_view name;
  Takes takes = Takes::kNothing;
  std::string_view usage;    // "approve A-381 [CODE]"
  std::string_view summary;  // one line
};

// In the order in which help lists them.
const std::vector<Verb>& Verbs();
const Verb* FindVerb(std::string_view name);  // null: there is none

struct Command {
  const Verb* verb = nullptr;
  // "R-1042" or "A-381", whichever way it was written; empty: none was.
  std::string about;
  std::vector<std::string> words;  // what follows; quotes keep words together
  std::string rest;                // the same as it was written
};

// Reads "approve a381 123456". Ids may be written R-1042, r1042 or, where the verb takes only runs
// or only approvals, 1042 or #1042. An empty text is `help`. kInvalidArgument: no such verb, quotes
// that do not end, or what stands in the place of an id is none; the message says what could be
// meant.
Result<Command> ParseCommand(std::string_view text);

}  // namespace recourse::chatops
