#include "client/chatops/slack/signature.h"

#include <charconv>

#include "engine/base/text.h"
#include "engine/web/mac.h"

namespace recourse::chatops::slack {
namespace {

constexpr std::chrono::seconds kWindow = std::chrono::minutes(5);
constexpr std::string_view kVersion = "v0=";
constexpr std::size_t kDigits = 64;

Error NotSigned(std::string why) { return {Code::kUnauthenticated, std::move(why)}; }

}  // namespace

std::string Signature(std::string_view secret, std::string_view timestamp, std::string_view body) {
  std::string text = "v0:";
  text.append(timestamp).append(":").append(body);
  return std::string(kVersion) + recourse::web::HmacSha256(secret, text);
}

Result<void> CheckHeaders(std::string_view timestamp, std::string_view signature, Time now) {
  std::int64_t seconds = 0;
  const char* end = timestamp.data() + timestamp.size();
  const bool digits = timestamp.find_first_not_of("0123456789") == timestamp.npos;
  const auto read = std::from_chars(timestamp.data(), end, seconds);
  if (timestamp.empty() || !digits || read.ec != std::errc()) {
    return NotSigned("X-Slack-Request-Timestamp is missing or no time");
  }
  const bool formed = signature.size() == kVersion.size() + kDigits &&
                      signature.starts_with(kVersion) &&
                      FromHex(signature.substr(kVersion.size())).has_value();
  if (!formed) return NotSigned("X-Slack-Signature is missing or none of version v0");
  // Whole seconds: a request is not refused for the part of a second that its timestamp lacks.
  const std::int64_t away = ToTimestamp(now).seconds - seconds;
  if (away > kWindow.count() || away < -kWindow.count()) {
    return NotSigned("the request is stamped " + std::to_string(away) +
                     " s before this machine's time; 300 s either way are accepted");
  }
  return {};
}

Result<void> CheckSignature(const std::vector<std::string>& secrets, std::string_view timestamp,
                            std::string_view signature, std::string_view body, Time now) {
  if (auto formed = CheckHeaders(timestamp, signature, now); !formed) return formed;
  bool signed_by_one = false;
  for (const std::string& secret : secrets) {
    signed_by_one |= recourse::web::SameSecret(Signature(secret, timestamp, body), signature);
  }
  if (!signed_by_one) return NotSigned("the signature is by none of the signing secrets");
  return {};
}

}  // namespace recourse::chatops::slack
