// Runs a program to its end as a child of this process.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "actions/action.h"
#include "actions/process/program.h"
#include "engine/base/error.h"

namespace recourse::process {

inline constexpr std::size_t kLineMax = 4096;  // a longer line is logged in pieces of this size

struct ChildOptions {
  std::size_t output_max = 64 * 1024;  // bytes kept of each stream; the rest is counted
  std::chrono::milliseconds grace = std::chrono::seconds(5);  // between TERM and KILL
  std::string input = {};  // what it reads from its standard input
  bool log_output = true;  // false: only what it writes as errors is logged
};

// What a stream of the child said: UTF-8, and when it said more than the limit its first three
// quarters and last quarter, with a line between them that says how much is left out.
struct Captured {
  std::string text;
  std::int64_t bytes = 0;  // in all
  bool cut = false;
};

struct Finished {
  int exit_code = 0;  // when it exited by itself
  int signal = 0;     // else what ended it
  Captured output;
  Captured errors;
  bool stopped = false;  // ended by us: the deadline was over or the stop token set

  // "exit code 3", "killed by signal 9 (Killed)".
  std::string Ending() const;
};

// Starts the program in a process group of its own, logs each line that it writes, and waits until
// it has ended. When the context's deadline is over or its stop token set, the group gets TERM, and
// KILL after the grace. What is left of the group when the program has ended is killed. When this
// process dies, the kernel kills the program (not what that has started).
//
// Errors: those of Image::Find, a working directory that cannot be entered, no processes left; the
// program has not run then.
Result<Finished> RunChild(const Program& program, const ChildOptions& options,
                          const Context& context);

}  // namespace recourse::process
