// What stands in the way of a start, or would be left out of it, told without one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "actions/registry.h"
#include "server/config.h"
#include "server/definition_files.h"

namespace recourse {
class ChannelNames;
}

namespace recourse::server {

// Where definitions are read from: the configured directories, and those of the data directory.
DefinitionFiles::Directories DirectoriesOf(const Config& config);

// Adds the server's actions: AddAllActions, which needs more libraries than this does.
using AddActions = std::function<void(Registry& registry, const ChannelNames* channels)>;

struct ConfigCheck {
  std::vector<std::string> wrong;     // the server would not start
  std::vector<std::string> left_out;  // it would start without these definitions
  std::string summary;                // "2 principals, 31 workflows, ..."
};

// Reads what a start reads before its journal and its ports, and changes nothing: the data
// directory, token files and the journal's key are not made where they are missing.
ConfigCheck CheckConfiguration(const Config& config, const AddActions& add_actions);

}  // namespace recourse::server
