// The managers' own programs, run with arguments and no shell: systemctl, journalctl, kubectl,
// nginx.
#pragma once

#include <cstddef>
#include <string>

#include "actions/process/child.h"
#include "actions/process/program.h"

namespace recourse::service {

// Runs it to its end. What it says is not logged when it is only asked something (`quiet`).
// Errors: those of RunChild, the context's StopError when it was ended by us. An exit code that is
// not 0 is none.
Result<process::Finished> RunTool(const process::Program& program, const Context& context,
                                  bool quiet);

// All that it has said, errors first, on one line; for messages.
std::string SaidBy(const process::Finished& finished);

}  // namespace recourse::service
