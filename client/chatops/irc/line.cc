#include "client/chatops/irc/line.h"

#include <algorithm>

#include "client/report/clean.h"

namespace recourse::chatops::irc {
namespace {

// Servers cut what they pass on at 512 bytes, with a prefix of up to about 100 before it.
constexpr std::size_t kLineMax = 400;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string_view TakePart(std::string_view& text) {
  const std::string_view part = text.substr(0, text.find(' '));
  text.remove_prefix(part.size());
  while (text.starts_with(' ')) text.remove_prefix(1);
  return part;
}

// How much of `text` fits: up to a blank where there is one, and to the end of a character.
std::size_t Fitting(std::string_view text, std::size_t room) {
  if (text.size() <= room) return text.size();
  std::size_t end = room;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  const auto blank = text.rfind(' ', end);
  const bool late = blank != std::string_view::npos && blank > room / 2;
  return late ? blank : std::max<std::size_t>(end, 1);
}

}  // namespace

const std::string& Line::At(std::size_t index) const {
  static const std::string kNone;
  return index < parameters.size() ? parameters[index] : kNone;
}

Line ParseLine(std::string_view text) {
  Line line;
  if (text.starts_with('@')) TakePart(text);  // tags, which we ask for none of
  if (text.starts_with(':')) {
    line.prefix = std::string(TakePart(text).substr(1));
    line.nick = line.prefix.substr(0, line.prefix.find('!'));
  }
  line.command = std::string(TakePart(text));
  while (!text.empty()) {
    if (text.starts_with(':')) {
      line.parameters.emplace_back(text.substr(1));
      break;
    }
    line.parameters.emplace_back(TakePart(text));
  }
  return line;
}

std::string Folded(std::string_view name) {
  std::string folded(name);
  for (char& c : folded) {
    if (c >= 'A' && c <= '^') c = static_cast<char>(c + ('a' - 'A'));
  }
  return folded;
}

bool IsWord(std::string_view text) {
  return !text.empty() && text.front() != ':' && text.find(' ') == std::string_view::npos &&
         std::none_of(text.begin(), text.end(), IsControl);
}

std::vector<std::string> Speak(std::string_view command, std::string_view to, std::string_view text,
                               std::size_t lines_max) {
  const std::string before = std::string(command) + " " + std::string(to) + " :";
  const std::size_t room = kLineMax - std::min(before.size(), kLineMax / 2);
  std::vector<std::string> said;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string clean = report::OneLine(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    for (std::string_view left = clean; !left.empty();) {
      const std::size_t size = Fitting(left, room);
      said.push_back(before + std::string(left.substr(0, size)));
      left.remove_prefix(size);
      while (left.starts_with(' ')) left.remove_prefix(1);
    }
  }
  if (said.size() <= lines_max) return said;
  const std::size_t more = said.size() - lines_max + 1;
  said.resize(lines_max - 1);
  said.push_back(before + "(" + std::to_string(more) +
                 " more lines; show says more in private, and the "
                 "command all)");
  return said;
}

}  // namespace recourse::chatops::irc
