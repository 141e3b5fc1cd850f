// What the server was started with.
#pragma once

#include <string>
#include <vector>

#include "engine/base/error.h"
#include "server/config.h"

namespace recourse::server {

struct Arguments {
  std::string config;
  std::string data;
  std::string listen;
  std::vector<std::string> workflows;
  std::vector<std::string> targets;
  std::vector<std::string> schedules;
  std::vector<std::string> escalation_policies;
};

// The configuration file, and over it the command line. kInvalidArgument: a mistake in either;
// otherwise the file system's error.
Result<Config> Settle(const Arguments& arguments);

// Leaves the command that starts this server again in `<data>/started_with`: `recourse` names it to
// a person who finds no server, who would else start one without its configuration.
Result<void> NoteCommand(const Config& config);

}  // namespace recourse::server
