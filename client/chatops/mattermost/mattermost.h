// Mattermost. See docs/chat-mattermost.md.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/chatops/surface.h"

namespace recourse::chatops {

struct MattermostOptions {
  std::string url;    // "https://chat.example.org"
  std::string token;  // of the bot's account

  std::string listen;      // "127.0.0.1:8082"; port 0 takes a free one
  std::string public_url;  // where Mattermost reaches that: "http://bot.example.org:8082"
  std::vector<std::string> command_tokens;  // of the slash command; more than one while it changes
  // From which the secret of each approval's buttons is derived, so that they work after a restart:
  // at least 32 random characters, kept as a token is. Another one makes all open buttons useless.
  std::string button_key;

  std::string command = "/recourse";  // the slash command, as it is told to people
  std::string ca_file;                // the authorities to believe; empty: the system's

  // A line that an operator should read: where it listens, what was refused, what failed. Called
  // from any thread. Must not be empty.
  std::function<void(const std::string&)> report;
};

// Start(): kInvalidArgument: an option is missing. kUnauthenticated: Mattermost knows no such
// token. kUnavailable: the address is taken. When Mattermost cannot be reached it begins all the
// same, and reports that. Post() and Update() wait up to a minute for a rate limit. A post whose
// answer is lost (kUnavailable) may stand all the same: posting again can show it twice, and clicks
// on both work.
std::unique_ptr<Surface> NewMattermost(MattermostOptions options);

}  // namespace recourse::chatops
