// One HTTP request, by libcurl, which stays behind this header.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "actions/action.h"
#include "engine/base/error.h"

namespace recourse::http {

struct Request {
  std::string method = "GET";                                   // GET or HEAD
  std::string url;                                              // http or https
  std::chrono::microseconds timeout = std::chrono::seconds(5);  // more than 0
};

struct Response {
  int status = 0;
  std::string body;                     // at most 1 MiB
  std::chrono::microseconds latency{};  // until the last byte
};

// Follows no redirect, uses no proxy, checks certificates. Ends early when the context is stopped.
// kUnavailable: no answer (name, connection, TLS). kDeadlineExceeded: none within the timeout.
// kResourceExhausted: a body beyond the limit. kInvalidArgument: the URL is none.
// When the context is stopped: its StopError.
Result<Response> Fetch(const Request& request, const Context& context);

}  // namespace recourse::http
