// One connection's state: who the bot is, where it is, who else is there, and who has proved who
// they are. Pure: what to send is answered, not sent.
//
// A nick proves nothing: anybody can take it. A person proves who they are with their Recourse
// token, in a private message, and that holds for exactly this nick, user and host, for as long as
// the bot sees them in one of its channels: until they quit, leave, are kicked, change their nick,
// or the connection ends.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/chatops/irc/line.h"

namespace recourse::chatops::irc {

struct Identity {
  std::string nick;
  std::string password;  // of the server (PASS), or with sasl_user of the account; empty: none
  std::string sasl_user;
};

class Session {
 public:
  Session(Identity identity, std::vector<std::string> channels);

  // What is sent first.
  std::vector<std::string> Hello() const;

  // What somebody said to the bot.
  struct Heard {
    std::string prefix;
    std::string nick;
    std::string channel;  // empty: in private
    std::string text;     // without the bot's name
  };
  struct Step {
    std::vector<std::string> send;
    std::optional<Heard> heard;
    std::string failed;   // not empty: the connection is of no use, and why
    std::string problem;  // not empty: something that whoever runs the bot should know
  };
  Step Take(const Line& line);

  const std::string& nick() const { return nick_; }
  bool IsIn(const std::string& channel) const;
  // Whether the bot sees that nick in one of its channels.
  bool Sees(const std::string& nick) const;

  // `name` is proved to speak as `prefix`. False: the bot does not see them, so that it would not
  // notice somebody else in their place.
  bool LogIn(const std::string& prefix, const std::string& name);
  void LogOut(const std::string& prefix) { proved_.erase(prefix); }
  // Who speaks; empty: nobody has proved it.
  std::string WhoIs(const std::string& prefix) const;

 private:
  void Gone(const std::string& nick, const std::string& channel);
  void GoneAltogether(const std::string& nick);
  std::optional<Heard> HeardIn(const Line& line) const;
  Step Registration(const Line& line);
  void Members(const Line& line);

  const Identity identity_;
  const std::vector<std::string> channels_;
  std::string nick_;
  // By folded name of the channel: who is there, folded too. Channels that the bot is in.
  std::map<std::string, std::set<std::string>> members_;
  std::map<std::string, std::string> proved_;  // by prefix
};

}  // namespace recourse::chatops::irc
