// RECOURSE_CHECK(condition): a broken invariant of ours ends the process, in release builds too.
// What comes from input, disk or network is never checked like this; it is answered with an Error.
#pragma once

namespace recourse {

[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace recourse

#define RECOURSE_CHECK(condition) \
  ((condition) ? void(0) : ::recourse::CheckFailed(#condition, __FILE__, __LINE__))
