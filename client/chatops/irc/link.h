// A connection to an IRC server that carries lines, with TLS or without.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace recourse::chatops::irc {

struct Address {
  std::string host;
  std::string port;
  bool tls = true;
  std::string ca_file;  // who issued the server's certificate; empty: whom this host trusts
};

// Thread safety: one thread.
class Link {
 public:
  // kUnavailable: there is no server, or its certificate is not believed; the message says which.
  static Result<Link> Open(const Address& address, std::chrono::milliseconds patience);
  ~Link();
  Link(Link&&) noexcept;

  // Waits until lines have come, `wake` can be read or the time is over, and answers the lines that
  // are complete. kUnavailable: the connection has ended.
  Result<std::vector<std::string>> Read(int wake, std::chrono::milliseconds patience);

  // Sends a line and its end. REQUIRES: there is no line end in it. kUnavailable: the connection
  // has ended, or takes nothing for ten seconds.
  Result<void> Write(std::string_view line);

 private:
  struct State;
  explicit Link(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace recourse::chatops::irc
