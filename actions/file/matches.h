// Paths as inputs give them: one, or a glob that stands for several.
#pragma once

#include <string>
#include <vector>

#include "actions/action.h"
#include "engine/base/error.h"
#include "engine/base/value.h"

namespace recourse::file {

// What is there of a path or glob, in the order of the names; nothing is no error.
// kInvalidArgument: not absolute. kPermissionDenied: the policy does not allow one of them.
Result<std::vector<std::string>> MatchesOf(const std::string& path, const Context& context);

// Sorts the paths and leaves out what comes twice or lies in another of them.
void DropNested(std::vector<std::string>& paths);

// The texts of a list; none of what is no list.
std::vector<std::string> TextsOf(const Value& list);
Value ListOf(const std::vector<std::string>& texts);

}  // namespace recourse::file
