// Reads the workflows, targets and schedules that a server offers from their directories.
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
  runtime::ScheduleDefinitions schedules;
  // What could not be used, a line each, with file, line and column. The rest is there: a mistake
  // in one definition must not keep the others, and the runs at work, from an operator.
  std::vector<std::string> problems;
};

// Reads every *.yaml and *.yml of the directories, in the order of their names. A directory that
// does not exist is a problem like a broken file, and so are two workflows, targets or schedules of
// one name: the first one counts. A schedule whose workflow could not be used cannot be used either.
Definitions LoadDefinitions(const std::vector<std::string>& workflow_directories,
                            const std::vector<std::string>& target_directories,
                            const ActionCatalogue& actions,
                            const std::vector<std::string>& schedule_directories = {});

}  // namespace recourse::server
