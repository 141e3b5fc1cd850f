// What all services do with the fields of requests; and what they answer, see view/convert.h.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/ids.h"
#include "server/view/convert.h"

namespace recourse::server {

// An id of the request. kInvalidArgument: names the field.
Result<RunId> ParseRun(std::string_view field, const std::string& text);
Result<ApprovalId> ParseApproval(std::string_view field, const std::string& text);

// kInvalidArgument: longer than `size_max` bytes; names the field.
Result<void> CheckSize(std::string_view field, const std::string& text, std::size_t size_max);
inline constexpr std::size_t kReasonMax = 4096;
// The same for why somebody wants something, which may be empty. Dots, or the word that stands for
// a reason in the commands that are suggested, say nothing, and somebody reads them later.
// kInvalidArgument also: it has no letter and no digit, or is that word.
Result<void> CheckReason(std::string_view field, const std::string& text);

// How many entries a page has: the default, the request's, or the most there are.
// kInvalidArgument: negative.
Result<int> PageSize(int requested);

}  // namespace recourse::server
