#include "client/chatops/slack/signature.h"

#include <catch2/catch.hpp>

namespace recourse::chatops::slack {
namespace {

using namespace std::chrono_literals;

// Slack's own example: https://docs.slack.dev/authentication/verifying-requests-from-slack
constexpr const char* kSecret = "8f742231b10e8888abcd99yyyzzz85a5";
constexpr const char* kStamp = "1531420618";
constexpr const char* kBody =
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
    "channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
    "response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F"
    "96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
constexpr const char* kSignature =
    "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
const Time kNow{1531420618s};

TEST_CASE("Slack's published example is signed as Slack signs it", "[chatops][slack]") {
  CHECK(Signature(kSecret, kStamp, kBody) == kSignature);
  CHECK(CheckSignature({kSecret}, kStamp, kSignature, kBody, kNow).ok());
}

TEST_CASE("a signature is good for 5 minutes either way, and not a second longer",
          "[chatops][slack]") {
  const auto at = [](Time now) {
    return CheckSignature({kSecret}, kStamp, kSignature, kBody, now).ok();
  };
  CHECK(at(kNow + 300s));
  CHECK(at(kNow + 300s + 999999us));
  CHECK_FALSE(at(kNow + 301s));
  CHECK(at(kNow - 300s));
  CHECK_FALSE(at(kNow - 301s));
  const auto late = CheckSignature({kSecret}, kStamp, kSignature, kBody, kNow + 301s);
  CHECK(late.error().code == Code::kUnauthenticated);
  CHECK_THAT(late.error().message, Catch::Contains("301 s before this machine's time"));
}

TEST_CASE("another secret, another body or another timestamp is not what was signed",
          "[chatops][slack]") {
  const std::string other = std::string(kBody) + "&";
  CHECK_FALSE(CheckSignature({"another secret"}, kStamp, kSignature, kBody, kNow).ok());
  CHECK_FALSE(CheckSignature({}, kStamp, kSignature, kBody, kNow).ok());
  CHECK_FALSE(CheckSignature({kSecret}, kStamp, kSignature, other, kNow).ok());
  CHECK_FALSE(CheckSignature({kSecret}, "1531420619", kSignature, kBody, kNow).ok());
}

TEST_CASE("two secrets are good while one takes the other's place", "[chatops][slack]") {
  CHECK(CheckSignature({"the new one", kSecret}, kStamp, kSignature, kBody, kNow).ok());
  const std::string by_new = Signature("the new one", kStamp, kBody);
  CHECK(CheckSignature({"the new one", kSecret}, kStamp, by_new, kBody, kNow).ok());
}

TEST_CASE("headers that have not their form are refused before the body is read",
          "[chatops][slack]") {
  CHECK(CheckHeaders(kStamp, kSignature, kNow).ok());
  for (const std::string stamp : {"", "now", "-1531420618", " 1531420618", "1531420618.0",
                                  "99999999999999999999999999", "9223372036854775807"}) {
    CAPTURE(stamp);
    CHECK_FALSE(CheckHeaders(stamp, kSignature, kNow).ok());
  }
  const std::string digits = std::string(kSignature).substr(3);
  for (const std::string& signature : {std::string(), digits, "v1=" + digits, "v0=" + digits + "0",
                                       "v0=" + digits.substr(1), "v0=" + std::string(64, 'g')}) {
    CAPTURE(signature);
    CHECK_FALSE(CheckHeaders(kStamp, signature, kNow).ok());
  }
}

}  // namespace
}  // namespace recourse::chatops::slack
