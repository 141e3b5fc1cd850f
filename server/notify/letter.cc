#include "server/notify/letter.h"

#include <map>

#include "engine/expression/expression.h"

namespace recourse::notify {
namespace {

constexpr std::size_t kTextMax = 2000;       // bytes of one notification
constexpr std::size_t kMessageMax = 10'000;  // of what a step says: more than notify.send lets pass
constexpr std::size_t kDigestLines = 10;
constexpr std::size_t kDigestLineMax = 300;  // bytes; ten of them fit into any chat's message

// Control characters become blanks, and what is beyond `most` bytes is cut between two characters.
std::string Cleaned(const std::string& text, std::size_t most, bool keep_lines) {
  std::string plain;
  for (std::size_t at = 0; at < text.size() && plain.size() < most; ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool c1 =
        byte == 0xc2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0;
    if (c1) {
      ++at;
      plain += ' ';
    } else {
      const bool line = keep_lines && byte == '\n';
      plain += !line && (byte < 0x20 || byte == 0x7f) ? ' ' : text[at];
    }
  }
  if (plain.size() < most) return plain;
  while (!plain.empty() && (static_cast<unsigned char>(plain.back()) & 0xc0) == 0x80)
    plain.pop_back();
  if (!plain.empty()) plain.pop_back();
  return plain + "...";
}

}  // namespace

std::string Plain(const std::string& text) { return Cleaned(text, kTextMax, false); }

bool IsMessage(const Letter& letter) { return letter.row.event == machine::kMessage; }

std::string SubjectOf(const Letter& letter, const ChannelSettings& channel) {
  if (!IsMessage(letter)) return TextOf(letter, channel);
  return Plain(letter.row.text.substr(0, letter.row.text.find('\n')));
}

std::string TextOf(const Letter& letter, const ChannelSettings& channel) {
  if (IsMessage(letter)) return Cleaned(letter.row.text, kMessageMax, true);
  if (channel.text) {
    const expression::MapScope scope(
        VariablesOf(letter.row.event, letter.row.text, letter.run).as_map());
    auto said = channel.text->Evaluate(scope);
    if (said && said->is_string()) return Plain(said->as_string());
  }
  std::string text = letter.row.text;
  if (!letter.run.target.empty()) text += " - on " + letter.run.target;
  if (!letter.run.severity.empty()) text += " (" + letter.run.severity + ")";
  return Plain(text);
}

std::string CommandsOf(const Letter& letter) {
  const std::string& event = letter.row.event;
  const std::string run = letter.row.run.ToString();
  if (event == "test" || event == "attended" || event == "acknowledged" || event == "run_succeeded")
    return "";
  std::string commands = "recourse show " + run + "\n";
  if (event == "run_failed") return commands + "recourse timeline " + run + "\n";
  // Only a run with an escalation policy can be acknowledged.
  return event == "escalated" ? commands + "recourse ack " + run + "\n" : commands;
}

std::string DigestOf(const std::vector<Letter>& letters, const ChannelSettings& channel) {
  std::map<std::string, int> counts;
  for (const Letter& letter : letters) ++counts[letter.row.event];
  std::string text = std::to_string(letters.size()) + " notifications at once:";
  for (const auto& [event, count] : counts) text += " " + std::to_string(count) + " " + event + ",";
  text.back() = '.';
  text += " All that needs a person: recourse attention\n";
  for (std::size_t i = 0; i < letters.size() && i < kDigestLines; ++i) {
    text += Cleaned(TextOf(letters[i], channel), kDigestLineMax, false) + "\n";
  }
  if (letters.size() > kDigestLines) {
    text += "and " + std::to_string(letters.size() - kDigestLines) + " more\n";
  }
  return text;
}

}  // namespace recourse::notify
