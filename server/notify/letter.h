// A notification on its way, and how it is said.
#pragma once

#include <string>
#include <vector>

#include "engine/journal/journal.h"
#include "server/notify/settings.h"

namespace recourse::notify {

struct Letter {
  journal::OutboxRow row;
  journal::RunRow run;  // as it is now; all empty when the run was removed
};

// One line, or, where a step says it, lines; without characters that a terminal or a mail reader
// would obey.
std::string TextOf(const Letter& letter, const ChannelSettings& channel);

// The same as one line: of what a step says, the first.
std::string SubjectOf(const Letter& letter, const ChannelSettings& channel);

// Whether a step says it, so that it is told as it is and by itself.
bool IsMessage(const Letter& letter);

// A text of others in one line of at most some 2,000 bytes, without what a terminal, a log or a
// mail reader would obey.
std::string Plain(const std::string& text);

// How to see to it: the commands, one a line; empty when nobody is needed.
std::string CommandsOf(const Letter& letter);

// Many as one: how many of which events, and the first ones.
std::string DigestOf(const std::vector<Letter>& letters, const ChannelSettings& channel);

}  // namespace recourse::notify
