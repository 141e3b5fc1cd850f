// The chat systems that the bot speaks to: their settings, and how each is made of them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/chatops/board.h"
#include "client/chatops/config.h"
#include "client/chatops/irc/irc.h"

namespace recourse::chatops {

struct SlackSettings {
  std::string bot_token_file;
  std::string app_token_file;
  std::string listen;
  std::vector<std::string> signing_secret_files;
  std::string command;
  std::string api;
  std::string ca_file;
};

struct MattermostSettings {
  std::string url;
  std::string token_file;
  std::string listen;
  std::string public_url;
  std::vector<std::string> command_token_files;
  std::string button_key_file;
  std::string command;
  std::string ca_file;
};

// Those that are configured.
struct SurfaceSettings {
  std::optional<irc::Options> irc;
  std::optional<SlackSettings> slack;
  std::optional<MattermostSettings> mattermost;
};

struct Settings {
  Config config;
  SurfaceSettings surfaces;
};

// The configuration of the bot. Errors are those of ParseConfig.
Result<Settings> ParseSettings(std::string_view text, std::string_view file);

// Reads the files of secrets. kFailedPrecondition: others than its owner can read one. Otherwise
// the system's error. `server` and `report` outlive the surfaces.
Result<std::vector<std::unique_ptr<Surface>>> MakeSurfaces(const SurfaceSettings& settings,
                                                           const client::Connection& server,
                                                           const Report& report);

}  // namespace recourse::chatops
