#include <catch2/catch.hpp>

#include "engine/base/clock.h"
#include "engine/web/http_client.h"
#include "engine/web/mac.h"
#include "engine/web/mail.h"

namespace recourse::web {
namespace {

using namespace std::chrono_literals;

TEST_CASE("codes are those of RFC 4231", "[web]") {
  CHECK(HmacSha256("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(HmacSha256(std::string(131, '\xaa'),
                   "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(SameSecret("same", "same"));
  CHECK_FALSE(SameSecret("same", "samf"));
  CHECK_FALSE(SameSecret("same", "sam"));
}

TEST_CASE("a rate limit's wait is read as seconds from now or since 1970", "[web]") {
  const auto wait = [](const std::string& text) {
    return WaitAsked({.status = 429, .headers = {{"retry-after", text}}, .body = ""},
                     "retry-after");
  };
  CHECK(wait("7") == 7s);
  CHECK(wait("0") == 1s);
  CHECK(wait("-5") == 1s);
  CHECK(wait("86400") == 3600s);
  CHECK(wait("soon") == 30s);
  CHECK(wait("") == 30s);
  const auto epoch = ToTimestamp(SystemClock().Now()).seconds + 50;
  CHECK(wait(std::to_string(epoch)) <= 50s);
  CHECK(wait(std::to_string(epoch)) >= 40s);
}

TEST_CASE("a call that nobody answers says that nothing was sent", "[web]") {
  HttpClient client("");
  HttpCall call;
  call.url = "http://127.0.0.1:1/api";  // nobody listens there
  const auto answer = client.Send(call, {});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Code::kUnavailable);
  CHECK_THAT(answer.error().message, Catch::EndsWith("; nothing was sent"));
  call.url = "file:///etc/passwd";
  CHECK(client.Send(call, {}).error().code == Code::kInvalidArgument);
}

TEST_CASE("a mail that no server takes says so", "[web]") {
  MailCall call;
  call.server = "smtp://127.0.0.1:1";  // nobody listens there
  call.from = "a@example.net";
  call.to = {"b@example.net"};
  call.message = "Subject: x\r\n\r\nx\r\n";
  const auto sent = SendMail(call, {});
  REQUIRE_FALSE(sent);
  CHECK(sent.error().code == Code::kUnavailable);
  CHECK_THAT(sent.error().message, Catch::Contains("connect"));
}

}  // namespace
}  // namespace recourse::web
