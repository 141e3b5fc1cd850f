// The server's HTTP port: hooks for other programs.
#pragma once

#include <httplib.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/error.h"
#include "server/tls.h"

namespace recourse::server::http {

struct ListenerOptions {
  std::string listen;                // see CheckListenAddress
  std::optional<TlsFiles> tls = {};  // none: plain HTTP
  int threads = 8;                   // that serve connections; 1 to 256
  // How long a request may take to come, and its answer to be taken.
  std::chrono::milliseconds patience = std::chrono::seconds(10);
};

// Of the body of a request.
inline constexpr std::int64_t kBodyMax = 1024 * 1024;

class Listener {
 public:
  // Adds what is answered, and how: from the library's threads, several at once. What a route
  // refers to outlives the listener.
  using Routes = std::function<void(httplib::Server&)>;

  // Serves until Stop(): one request a connection. What no route answers is 404; a body above
  // kBodyMax is 413, one that does not say its length 411, and one that is packed 415: unpacked it
  // could be of any size.
  // kUnavailable: the address cannot be had. kFailedPrecondition: see CheckTls.
  static Result<std::unique_ptr<Listener>> Start(const ListenerOptions& options,
                                                 const Routes& routes);
  // Stops as Stop().
  virtual ~Listener() = default;

  // "127.0.0.1:41234", with the port that was really taken.
  virtual std::string address() const = 0;

  // Ends what waits for others, lets what is being answered be answered, and closes the port. May
  // be called twice.
  virtual void Stop() = 0;
};

// Answers `json`, or the error as {"error": message} with a status that fits its code: 400, 401,
// 403, 404, 429 where the caller must wait, and 503 where the same may be sent again.
void AnswerJson(httplib::Response& response, int status, const std::string& json);
void AnswerError(httplib::Response& response, const Error& error);

}  // namespace recourse::server::http
