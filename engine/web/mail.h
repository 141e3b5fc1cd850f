// One mail, handed to a server by SMTP (RFC 5321), by libcurl.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/error.h"

namespace recourse::web {

struct MailCall {
  std::string server;     // "smtp://mail.example.net:587", "smtps://..."
  bool starttls = false;  // refuse to go on without TLS
  std::string ca_file;    // the authorities to believe; empty: the system's
  std::string user;       // empty: no login
  std::string password;
  std::string from;
  std::vector<std::string> to;
  std::string message;  // RFC 5322, lines ended by CR LF
  std::chrono::milliseconds timeout = std::chrono::seconds(20);
};

// kInvalidArgument: the server refuses the mail for good (5xx after the login). kUnavailable: it
// does not answer, or not now; the message has its words.
Result<void> SendMail(const MailCall& call, const std::stop_token& stop);

// Connects, with TLS and the login where the call has them, and hangs up: nothing is sent.
// kUnavailable: that does not work; the message says why.
Result<void> ReachMailServer(const MailCall& call, const std::stop_token& stop);

}  // namespace recourse::web
