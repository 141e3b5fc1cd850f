#include "client/chatops/irc/session.h"

#include <algorithm>

#include "engine/base/text.h"

namespace recourse::chatops::irc {
namespace {

std::string NickOf(const std::string& prefix) { return prefix.substr(0, prefix.find('!')); }

bool IsChannel(const std::string& name) {
  return !name.empty() && std::string_view("#&+!").find(name.front()) != std::string_view::npos;
}

// "approve A-1" of "recourse: approve A-1". Nothing: it is not said to `nick`.
std::optional<std::string> SaidTo(const std::string& nick, const std::string& text) {
  std::string_view left = text;
  if (left.starts_with('!')) left.remove_prefix(1);
  if (left.size() <= nick.size() || Folded(left.substr(0, nick.size())) != Folded(nick)) return {};
  left.remove_prefix(nick.size());
  if (std::string_view(":, ").find(left.front()) == std::string_view::npos) return {};
  const auto begin = left.find_first_not_of(":, ");
  return begin == std::string_view::npos ? std::string() : std::string(left.substr(begin));
}

}  // namespace

Session::Session(Identity identity, std::vector<std::string> channels)
    : identity_(std::move(identity)), channels_(std::move(channels)), nick_(identity_.nick) {}

std::vector<std::string> Session::Hello() const {
  std::vector<std::string> lines;
  if (!identity_.sasl_user.empty()) {
    lines.push_back("CAP REQ :sasl");
  } else if (!identity_.password.empty()) {
    lines.push_back("PASS :" + identity_.password);
  }
  lines.push_back("NICK " + nick_);
  lines.push_back("USER " + identity_.nick + " 0 * :Recourse");
  return lines;
}

Session::Step Session::Take(const Line& line) {
  Step step;
  const bool own = Folded(line.nick) == Folded(nick_);
  if (line.command == "PING") {
    step.send.push_back("PONG :" + line.At(0));
  } else if (line.command == "PRIVMSG") {
    step.heard = HeardIn(line);
  } else if (line.command == "ERROR") {
    step.failed = "the server ended the connection: " + line.At(0);
  } else if (line.command == "NICK") {
    GoneAltogether(line.nick);
    if (own) nick_ = line.At(0);
    // Seen again where it was: with nothing proved.
    for (auto& [channel, there] : members_) {
      if (there.erase(Folded(line.nick)) > 0) there.insert(Folded(line.At(0)));
    }
  } else if (line.command == "KICK" && Folded(line.At(1)) == Folded(nick_)) {
    Gone(nick_, line.At(0));
    for (const std::string& channel : channels_) {
      if (Folded(channel) == Folded(line.At(0))) step.send.push_back("JOIN " + channel);
    }
    step.problem = "kicked out of " + line.At(0) + " by " + line.nick;
  } else if (line.command == "JOIN" || line.command == "PART" || line.command == "KICK" ||
             line.command == "QUIT" || line.command == "353") {
    Members(line);
  } else {
    return Registration(line);
  }
  return step;
}

Session::Step Session::Registration(const Line& line) {
  Step step;
  if (line.command == "001") {  // the server takes us, under this nick
    nick_ = line.At(0);
    for (const std::string& channel : channels_) step.send.push_back("JOIN " + channel);
  } else if (line.command == "433" || line.command == "436") {  // somebody has the nick
    nick_ += "_";
    step.send.push_back("NICK " + nick_);
    step.problem = "the nick is taken; trying " + nick_;
  } else if (line.command == "432" || line.command == "464" || line.command == "465" ||
             line.command == "904" || line.command == "905") {
    step.failed = "the server refuses us: " +
                  (line.parameters.empty() ? line.command : line.parameters.back());
  } else if (line.command == "CAP" && line.At(1) == "ACK") {
    step.send.push_back("AUTHENTICATE PLAIN");
  } else if (line.command == "CAP" && line.At(1) == "NAK") {
    step.failed = "the server has no SASL, and so cannot know us by an account";
  } else if (line.command == "AUTHENTICATE") {
    step.send.push_back("AUTHENTICATE " + Base64(std::string("\0", 1) + identity_.sasl_user +
                                                 std::string("\0", 1) + identity_.password));
  } else if (line.command == "903") {
    step.send.push_back("CAP END");
  } else if (line.command == "403" || line.command == "405" || line.command == "471" ||
             line.command == "473" || line.command == "474" || line.command == "475") {
    step.problem = "cannot join " + line.At(1) + ": " + line.parameters.back();
  }
  return step;
}

void Session::Members(const Line& line) {
  const std::string channel = Folded(line.At(0));
  if (line.command == "JOIN") {
    members_[channel].insert(Folded(line.nick));
  } else if (line.command == "353") {  // who is there: "bot = #incidents :@ada +bo"
    std::string names = line.At(3);
    for (std::size_t at = 0; at < names.size();) {
      const auto end = std::min(names.find(' ', at), names.size());
      std::string name = names.substr(at, end - at);
      name.erase(0, name.find_first_not_of("@+%&~!"));
      if (!name.empty()) members_[Folded(line.At(2))].insert(Folded(name));
      at = end + 1;
    }
  } else if (line.command == "QUIT") {
    GoneAltogether(line.nick);
    for (auto& [name, there] : members_) there.erase(Folded(line.nick));
  } else {
    Gone(line.command == "KICK" ? line.At(1) : line.nick, line.At(0));
  }
}

void Session::Gone(const std::string& nick, const std::string& channel) {
  if (Folded(nick) == Folded(nick_)) {
    // What happens there is not seen any more.
    members_.erase(Folded(channel));
    std::erase_if(proved_, [this](const auto& entry) { return !Sees(NickOf(entry.first)); });
    return;
  }
  if (const auto there = members_.find(Folded(channel)); there != members_.end()) {
    there->second.erase(Folded(nick));
  }
  if (!Sees(nick)) GoneAltogether(nick);
}

void Session::GoneAltogether(const std::string& nick) {
  std::erase_if(proved_,
                [&](const auto& entry) { return Folded(NickOf(entry.first)) == Folded(nick); });
}

std::optional<Session::Heard> Session::HeardIn(const Line& line) const {
  const std::string& to = line.At(0);
  const std::string& text = line.At(1);
  // Requests of programs, and what servers say, are nobody's word.
  if (text.starts_with('\x01') || line.prefix.find('!') == std::string::npos) return {};
  if (!IsChannel(to)) {
    if (Folded(to) != Folded(nick_)) return {};
    return Heard{line.prefix, line.nick, "", text};
  }
  auto said = SaidTo(nick_, text);
  if (!said) return {};
  return Heard{line.prefix, line.nick, to, *std::move(said)};
}

bool Session::IsIn(const std::string& channel) const {
  const auto there = members_.find(Folded(channel));
  return there != members_.end() && there->second.contains(Folded(nick_));
}

bool Session::Sees(const std::string& nick) const {
  return std::any_of(members_.begin(), members_.end(),
                     [&](const auto& entry) { return entry.second.contains(Folded(nick)); });
}

bool Session::LogIn(const std::string& prefix, const std::string& name) {
  if (!Sees(NickOf(prefix))) return false;
  proved_[prefix] = name;
  return true;
}

std::string Session::WhoIs(const std::string& prefix) const {
  const auto found = proved_.find(prefix);
  return found == proved_.end() ? "" : found->second;
}

}  // namespace recourse::chatops::irc
