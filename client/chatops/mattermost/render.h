// Messages, answers and questions as Mattermost takes them, within its limits, with nothing in
// their texts that is Markdown, mentions anybody or links to a channel.
#pragma once

#include <string>

#include "client/chatops/mattermost/context.h"
#include "client/chatops/surface.h"
#include "engine/base/value.h"

namespace recourse::chatops::mattermost {

struct Place {
  std::string command;     // "/recourse"
  std::string action_url;  // where clicks are sent
  std::string button_key;
};

// The message and props of a post in that channel.
// The property by which a post of the bot's is found again.
inline constexpr const char* kAboutProp = "recourse_about";

Value PostBody(const ChatMessage& message, const std::string& channel, const Place& place);

// A text of lines, letter by letter.
std::string Shown(const std::string& text);

// The dialog that asks for a reason, a code or both; `state` comes back with the answers.
Value QuestionDialog(const Meant& meant, const std::string& state);

}  // namespace recourse::chatops::mattermost
