#include "client/chatops/irc/render.h"

namespace recourse::chatops::irc {
namespace {

// Each line says what it is about: on IRC others speak in between.
std::string HowTo(const ChatMessage& message, const std::string& nick) {
  return message.command.empty() ? "" : "\nto answer: " + nick + ": " + message.command;
}

}  // namespace

std::string PostText(const ChatMessage& message, const std::string& nick) {
  std::string text = message.title + HowTo(message, nick);
  std::string fields;
  for (const auto& [name, value] : message.fields) {
    fields += (fields.empty() ? "" : "; ") + name + ": " + value;
  }
  if (!fields.empty()) text += "\n" + message.about + " " + fields;
  for (const std::string& line : message.lines) text += "\n" + message.about + " " + line;
  return text;
}

std::string UpdateText(const ChatMessage& message, const std::string& nick) {
  std::string text = message.title + HowTo(message, nick);
  for (const std::string& line : message.lines) text += "\n" + message.about + " " + line;
  return text;
}

bool IsHelp(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return true;
  text.remove_prefix(begin);
  return text.substr(0, text.find(' ')) == "help";
}

}  // namespace recourse::chatops::irc
