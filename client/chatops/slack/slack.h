// Slack, over HTTP or in Socket Mode. See docs/chat-slack.md.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/chatops/surface.h"

namespace recourse::chatops {

struct SlackOptions {
  std::string bot_token;  // "xoxb-...": of the app in the workspace

  // One of the two ways in. HTTP: Slack calls us, and signs.
  std::string listen;                        // "127.0.0.1:8081"; port 0 takes a free one
  std::vector<std::string> signing_secrets;  // one, or the old and the new one while they change
  // Socket Mode: we call Slack, which then needs no way to us.
  std::string app_token;  // "xapp-..."

  std::string command = "/recourse";          // the slash command, as it is told to people
  std::string api = "https://slack.com/api";  // another one for GovSlack
  std::string ca_file;                        // the authorities to believe; empty: the system's

  // A line that an operator should read: where it listens, what was refused, what failed. Called
  // from any thread. Must not be empty.
  std::function<void(const std::string&)> report;
};

// Start(): kInvalidArgument: the options do not fit together. kUnauthenticated: Slack knows no such
// token. kUnavailable: the address is taken. When Slack cannot be reached it begins all the same,
// and reports that. Post() and Update() wait up to a minute for a rate limit. A post whose answer
// is lost (kUnavailable) may stand all the same: posting again can show it twice, and clicks on
// both work.
std::unique_ptr<Surface> NewSlack(SlackOptions options);

}  // namespace recourse::chatops
