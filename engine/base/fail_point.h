// Places where a test may kill the process, to prove that a crash there loses nothing.
//
// RECOURSE_FAIL_POINT("after_commit") does nothing unless the environment variable
// RECOURSE_FAIL_POINT names it: "after_commit" or "after_commit:3" ends the process with SIGKILL
// when the point is passed for the first, or third, time. When RECOURSE_FAIL_POINT_LOG names a
// file, each point passed appends its name there, so that a test can learn which points a run
// passes. Release builds do not contain it (see the option RECOURSE_FAIL_POINTS).
#pragma once

#ifdef RECOURSE_FAIL_POINTS
namespace recourse {
void PassFailPoint(const char* name);
}  // namespace recourse
#define RECOURSE_FAIL_POINT(name) ::recourse::PassFailPoint(name)
#else
#define RECOURSE_FAIL_POINT(name) static_cast<void>(0)
#endif
