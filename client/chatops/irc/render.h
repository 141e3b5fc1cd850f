// Messages as lines of text.
#pragma once

#include <string>
#include <string_view>

#include "client/chatops/surface.h"

namespace recourse::chatops::irc {

// Everything, and how to answer to `nick`.
std::string PostText(const ChatMessage& message, const std::string& nick);
// What has become of it.
std::string UpdateText(const ChatMessage& message, const std::string& nick);

bool IsHelp(std::string_view text);

}  // namespace recourse::chatops::irc
