// Slack's Web API: https://docs.slack.dev/reference/methods
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "client/chatops/web/pauses.h"
#include "engine/base/error.h"
#include "engine/base/value.h"
#include "engine/web/http_client.h"

namespace recourse::chatops::slack {

// Thread safety: any.
class Api {
 public:
  struct Options {
    std::string url;  // "https://slack.com/api"
    std::string bot_token;
    std::string app_token;
    std::string ca_file;
  };

  explicit Api(Options options) : options_(std::move(options)), client_(options_.ca_file) {}

  // Calls a method with JSON, and answers what Slack answered. Rate limits (429, Retry-After) are
  // obeyed for each method and channel by waiting at most `patience`.
  // Errors have the code that fits Slack's word, and that word in the message: kUnauthenticated,
  // kPermissionDenied, kNotFound, kFailedPrecondition, kInvalidArgument, kUnknown; kUnavailable: no
  // answer, or Slack's own trouble; kResourceExhausted: the rate limit lasts longer than
  // `patience`.
  Result<Value> Call(const std::string& method, const Value& arguments,
                     std::chrono::seconds patience);

  // Opens a connection for Socket Mode: the URL to connect to. Errors as of Call() with no
  // patience.
  Result<std::string> OpenConnection(std::stop_token stop);

  // Calls a method that only reads, whose arguments Slack takes as a form. Otherwise as Call().
  Result<Value> Look(const std::string& method,
                     const std::vector<std::pair<std::string, std::string>>& arguments,
                     std::chrono::seconds patience);

  // Answers to a click or command at the URL that came with it.
  Result<void> Respond(const std::string& response_url, const Value& answer);

  // Uploads a PNG and shows it in the channel: Slack shows files to all of it.
  Result<void> ShowPicture(const std::string& channel, const std::string& name,
                           const std::string& png);

  // Ends what is under way and refuses the rest with kUnavailable.
  void Stop() { stop_.request_stop(); }

 private:
  recourse::web::HttpCall AsCall(const std::string& token, const std::string& method,
                                 const Value& arguments) const;
  Result<Value> Send(const recourse::web::HttpCall& call, const std::string& doing,
                     std::chrono::seconds patience, std::stop_token stop);

  const Options options_;
  recourse::web::HttpClient client_;
  web::Pauses pauses_;
  std::stop_source stop_;
};

}  // namespace recourse::chatops::slack
