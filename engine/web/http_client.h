// Calls of a vendor's HTTP API, by libcurl, which stays behind this header.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/base/error.h"

namespace recourse::web {

struct Curl;

struct HttpCall {
  std::string method = "POST";
  std::string url;               // http or https
  std::string unix_socket = {};  // the socket's file, where there is no host; then `url` says no
                                 // more than the path
  std::vector<std::string> headers;  // "Content-Type: application/json"
  std::string body;
  std::chrono::milliseconds timeout = std::chrono::seconds(10);
  // By a connection of its own. On one that was kept, and that the other side has closed meanwhile,
  // the call is sent once more by itself; never so on a fresh one.
  bool fresh = false;
};

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // at most 1 MiB
  std::chrono::microseconds latency{};         // until the last byte

  std::string Header(const std::string& name) const;
};

// How long to wait after an answer of 429 (too many requests): as the header `name` says, in
// seconds from now or since 1970; 1 s to 1 h, 30 s when it says nothing that can be read.
std::chrono::seconds WaitAsked(const HttpAnswer& answer, const std::string& name);

// Keeps connections open between calls. Follows no redirect, uses no proxy, checks certificates.
// Thread safety: any.
class HttpClient {
 public:
  // `ca_file`: the authorities to believe; empty: the system's.
  explicit HttpClient(std::string ca_file);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any answer, whatever its status. Errors do not tell the URL, which can hold a secret.
  // kUnavailable: no connection (name, TLS, time, stopped, no libcurl); nothing was sent.
  // kDeadlineExceeded: no answer in time, and kUnknown: no answer (the connection broke, stopped);
  // the call may have taken effect all the same. kResourceExhausted: an answer beyond the limit.
  // kInvalidArgument: the URL is none.
  Result<HttpAnswer> Send(const HttpCall& call, std::stop_token stop);

  // Whether the URL's host can be spoken to, with TLS where it has it: connects and hangs up.
  // Errors as Send(); nothing was sent.
  Result<void> Reach(const std::string& url, std::stop_token stop);

 private:
  using Easy = std::unique_ptr<void, void (*)(void*)>;
  Easy TakeEasy(const Curl& curl);

  const std::string ca_file_;
  std::mutex mutex_;
  std::vector<Easy> idle_;  // guarded by mutex_
};

}  // namespace recourse::web
