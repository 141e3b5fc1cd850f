// The processes of this machine, as far as /proc shows them.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace recourse::process {

// Those that there are now, threads of the kernel among them.
std::vector<pid_t> AllPids();

// Its arguments with spaces between, at most 300 bytes; its name in brackets when it has none, as a
// thread of the kernel; empty when it has ended. UTF-8, and nothing that controls a terminal.
std::string CommandLine(pid_t pid);

// The user that it runs as, by name where there is one; empty when it has ended.
std::string UserOfProcess(pid_t pid);

}  // namespace recourse::process
