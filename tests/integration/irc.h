// A real IRC server (ngIRCd), and people on it who write and read by hand.
#pragma once

#include <memory>
#include <string>

#include "engine/base/file.h"
#include "tests/integration/scene.h"

namespace recourse::integration {

class IrcServer {
 public:
  // Serves on ports of its own until it is destroyed: plain, and with `tls` on another one too,
  // which it takes longer to begin.
  explicit IrcServer(const Folder& folder, bool tls = false);

  int port() const { return port_; }
  int tls_port() const { return tls_port_; }
  // Who has issued its certificate, for 127.0.0.1.
  const std::string& ca_file() const { return ca_file_; }

 private:
  // The section of its configuration.
  std::string Tls(const Folder& folder);

  int port_ = 0;
  int tls_port_ = 0;
  std::string ca_file_;
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
  // Whether a bot is in the channel, as far as has been heard.
  bool SeesBot();
  void TellBot(const std::string& text) { Send("PRIVMSG recourse :" + text); }

  // Waits until a line with `part` has come behind the last one that was waited for, and answers
  // it. The test fails when none comes within 30 s.
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
