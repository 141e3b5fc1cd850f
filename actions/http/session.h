// Requests to one API, and how an action makes itself known to it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "actions/action.h"
#include "engine/base/error.h"
#include "engine/base/value.h"
#include "engine/web/http_client.h"

namespace recourse::http {

// The answer to `call`, whatever its status. Ends with the context's deadline and stop token.
// Errors are the client's, with the method and the URL: kUnavailable says that nothing was sent.
// REQUIRES: timeout > 0.
Result<web::HttpAnswer> Fetch(web::HttpClient& client, web::HttpCall call,
                              std::chrono::microseconds timeout, const Context& context);

// By the inputs of http.request and http.send: `api`, `auth`, `headers`, `ca_file`, `timeout`.
// Tokens and passwords stay within it.
class Session {
 public:
  // Reads what auth names; sends nothing. kInvalidArgument: the inputs contradict each other, or
  // their url is not at their api.
  // Errors of ReadSecretFile.
  static Result<Session> Open(const Context& context);

  // The URL that `place` names by `url`, or by `path` after the api's.
  // kInvalidArgument: by neither, by both, or it is none.
  Result<std::string> UrlOf(const Value& place) const;

  // Sends the call with the session's headers and a token or password; logs in before where auth
  // says so, and once anew when the answer is 401. To another server than the session's own it is
  // sent without any of these. The errors are Fetch's; what goes wrong with the
  // login is kUnavailable when the API may answer later, else kUnauthenticated or
  // kFailedPrecondition, and the call was not sent.
  Result<web::HttpAnswer> Send(web::HttpCall call);

  // Whether a call may have reached the API that was not answered with 401.
  bool sent() const { return sent_; }

  // Without the tokens and passwords that the session has used, should an answer repeat them.
  std::string Hidden(std::string text) const;
  Value Hidden(const Value& value) const;

 private:
  explicit Session(const Context& context) : context_(context) {}

  Result<void> FindHome();
  Result<void> ReadAuth(const Value& auth);
  Result<void> LogIn();
  Result<web::HttpAnswer> FetchOnce(web::HttpCall call);
  Result<web::HttpAnswer> FetchElsewhere(web::HttpCall call);

  const Context& context_;
  std::unique_ptr<web::HttpClient> client_;
  std::chrono::microseconds timeout_{};
  std::string home_;  // the origin of the api, or of the url, that auth and headers are for
  std::vector<std::string> headers_;
  std::string authorization_;         // the header's value; empty: none
  Value login_;                       // null: there is none
  std::vector<std::string> secrets_;  // that no answer may show
  bool sent_ = false;
};

}  // namespace recourse::http
