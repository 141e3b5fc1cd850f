// Reads the workflows and targets that a server offers from their directories.
#pragma once

#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/definition/workflow.h"
#include "engine/runtime/engine.h"

namespace recourse::server {

struct Definitions {
  runtime::Workflows workflows;
  definition::Inventory inventory;
  // What could not be used, a line each, with file, line and column. The rest is there: a mistake
  // in one definition must not keep the others, and the runs at work, from an operator.
  std::vector<std::string> problems;
};

// Reads every *.yaml and *.yml of the directories, in the order of their names. A directory that
// does not exist is a problem like a broken file, and so are two workflows or two targets of one
// name: the first one counts.
Definitions LoadDefinitions(const std::vector<std::string>& workflow_directories,
                            const std::vector<std::string>& target_directories,
                            const ActionCatalogue& actions);

}  // namespace recourse::server
