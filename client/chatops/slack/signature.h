// How Slack signs its requests: X-Slack-Signature is "v0=" and the HMAC-SHA256 of
// "v0:<X-Slack-Request-Timestamp>:<body>" under the app's signing secret.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/error.h"

namespace recourse::chatops::slack {

// The value of X-Slack-Signature.
std::string Signature(std::string_view secret, std::string_view timestamp, std::string_view body);

// What can be told before a body is read: both headers have their form, and the timestamp is at
// most 5 minutes from `now`, either way. kUnauthenticated: not so, and why.
Result<void> CheckHeaders(std::string_view timestamp, std::string_view signature, Time now);

// Whether one of the secrets has signed the body. Each is tried, in a time that tells nothing.
// kUnauthenticated: none has, or CheckHeaders() fails.
Result<void> CheckSignature(const std::vector<std::string>& secrets, std::string_view timestamp,
                            std::string_view signature, std::string_view body, Time now);

}  // namespace recourse::chatops::slack
