// The flag of a command line that a complaint may be about.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace recourse {

// `; did you mean "--reason"?` when the error names a flag that is none of `flags` ("--reason");
// empty when it names none, or one that there is, or nothing is near.
std::string FlagMeant(std::string_view error, const std::vector<std::string>& flags);

}  // namespace recourse
