// Mattermost's REST API, version 4: https://api.mattermost.com
#pragma once

#include <chrono>
#include <mutex>
#include <stop_token>
#include <string>

#include "client/chatops/web/pauses.h"
#include "engine/base/error.h"
#include "engine/base/value.h"
#include "engine/web/http_client.h"

namespace recourse::chatops::mattermost {

// Thread safety: any.
class Api {
 public:
  // `url`: "https://chat.example.org".
  Api(std::string url, std::string token, const std::string& ca_file)
      : url_(std::move(url)), token_(std::move(token)), client_(ca_file) {}

  // Calls "POST", "/posts" with JSON, and answers what Mattermost answered. Its rate limit (429,
  // X-RateLimit-Reset), which is for the whole account, is obeyed by waiting at most `patience`.
  // Errors have the code that fits the HTTP status, and Mattermost's words; kUnavailable: no
  // answer, or its own trouble; kResourceExhausted: the rate limit lasts longer than `patience`.
  Result<Value> Call(const std::string& method, const std::string& path, const Value& body,
                     std::chrono::seconds patience);

  // Says something to somebody alone, in the direct channel of bot and user.
  Result<void> Tell(const std::string& user, const std::string& text,
                    std::chrono::seconds patience);

  // Shows a PNG in the channel, to all of it.
  Result<void> ShowPicture(const std::string& channel, const std::string& name,
                           const std::string& png, std::chrono::seconds patience);

  // Ends what is under way and refuses the rest with kUnavailable.
  void Stop() { stop_.request_stop(); }

  Result<std::string> OwnId(std::chrono::seconds patience);

 private:
  Result<Value> Send(const std::string& method, const std::string& path, const std::string& type,
                     const std::string& body, std::chrono::seconds patience);

  const std::string url_;
  const std::string token_;
  recourse::web::HttpClient client_;
  web::Pauses pauses_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::string own_id_;  // guarded by mutex_; empty until it was asked for
};

}  // namespace recourse::chatops::mattermost
