// A port that speaks HTTP: one request a connection.
#pragma once

#include <httplib.h>
#include <openssl/ssl.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/error.h"

namespace recourse::web {

struct ListenerOptions {
  std::string listen;  // "127.0.0.1:8081", "[::1]:0"
  // What a new connection speaks TLS with; called for each. Empty: plain HTTP.
  std::function<std::shared_ptr<SSL_CTX>()> tls = {};
  int threads = 8;                      // that answer; 1 to 256
  std::int64_t body_max = 1024 * 1024;  // of a request, in bytes
  // What does not say who sends it is answered without waiting for anything, as a refusal is: by
  // the thread that reads requests, and none of those that answer is woken for it.
  bool unnamed_at_once = false;
  // How long a request may take to come, and its answer to be taken.
  std::chrono::milliseconds patience = std::chrono::seconds(10);
  // Told what somebody should know: that a body was too large, that an answer could not be made,
  // that the port is lost. May be empty; from several threads.
  std::function<void(const std::string&)> report = {};
};

class Listener {
 public:
  // Adds what is answered, and how: from the library's threads, several at once. What a route
  // refers to outlives the listener.
  using Routes = std::function<void(httplib::Server&)>;
  // What is wrong with a request as far as its head tells, before its body is looked at: true when
  // it has answered. May be empty.
  using Refuse = std::function<bool(const httplib::Request&, httplib::Response&)>;

  // Serves until Stop(). A request is read whole before a thread takes it, so that slow senders
  // hold none. What no route answers is 404; a body above the limit is 413, one that does not say
  // its length 411, and one that is packed or has several parts 415: unpacked it could be of any
  // size. kInvalidArgument: no such address. kUnavailable: it cannot be had.
  static Result<std::unique_ptr<Listener>> Start(const ListenerOptions& options,
                                                 const Routes& routes, const Refuse& refuse = {});
  // Stops as Stop().
  virtual ~Listener() = default;

  // "127.0.0.1:41234", with the port that was really taken.
  virtual std::string address() const = 0;
  virtual int port() const = 0;

  // Ends what waits for others, lets what is being answered be answered, and closes the port. May
  // be called twice.
  virtual void Stop() = 0;
};

// Answers `json`, or the error as {"error": message} with a status that fits its code: 400, 401,
// 403, 404, 429 where the caller must wait, and 503 where the same may be sent again.
void AnswerJson(httplib::Response& response, int status, const std::string& json);
void AnswerError(httplib::Response& response, const Error& error);

}  // namespace recourse::web
