// A real IRC server (ngIRCd), and people on it who write and read by hand.
#pragma once

#include <memory>
#include <string>

#include "engine/base/file.h"
#include "tests/integration/scene.h"

namespace recourse::integration {

class IrcServer {
 public:
  // Serves on a port of its own until it is destroyed.
  explicit IrcServer(const Folder& folder);

  int port() const { return port_; }

 private:
  int port_ = 0;
  std::unique_ptr<Program> program_;
};

// A port that nobody listens on now.
int FreePort();

class IrcPerson {
 public:
  // In the channel when it answers.
  IrcPerson(const IrcServer& server, const std::string& nick, const std::string& channel);

  // As it is: "NICK eve".
  void Send(const std::string& line);
  void Say(const std::string& text) { Send("PRIVMSG " + channel_ + " :" + text); }
  void TellBot(const std::string& text) { Send("PRIVMSG recourse :" + text); }

  // Waits until a line with `part` has come behind the last one that was waited for, and answers it.
  // The test fails when none comes within 30 s.
  std::string WaitFor(const std::string& part);
  // The same, but answers nothing when it does not come within that time.
  std::string Hears(const std::string& part, std::chrono::milliseconds patience);
  // All that has come so far.
  std::string Heard();

 private:
  void Read();

  const std::string channel_;
  Descriptor socket_;
  std::string heard_;
  std::size_t seen_ = 0;
};

}  // namespace recourse::integration
