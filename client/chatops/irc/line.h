// Lines of IRC (RFC 2812), read and made.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace recourse::chatops::irc {

struct Line {
  std::string prefix;   // "ada!ada@host.example" or a server's name; empty: none
  std::string nick;     // of the prefix
  std::string command;  // "PRIVMSG", "433"
  std::vector<std::string> parameters;

  // Empty when it has fewer.
  const std::string& At(std::size_t index) const;
};

// Reads a line without its end. What is none has an empty command.
Line ParseLine(std::string_view text);

// Names of people and channels compare like this: RFC 1459's lower case.
std::string Folded(std::string_view name);

// Whether it can stand where the protocol wants one word: not empty, no blanks, no control
// characters, no
// ':' first.
bool IsWord(std::string_view text);

// "PRIVMSG #incidents :..." for each line of `text`, each of at most 400 bytes, cut between words
// and never within a character. Control characters are shown, not sent: nothing in `text` can end
// the line, give a command to the server, colour it or move a cursor. At most `lines_max` lines:
// the last one then says how many more there were. REQUIRES: IsWord(to).
std::vector<std::string> Speak(std::string_view command, std::string_view to, std::string_view text,
                               std::size_t lines_max);

}  // namespace recourse::chatops::irc
