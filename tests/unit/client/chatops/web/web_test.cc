#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "client/chatops/web/cut.h"
#include "client/chatops/web/deliveries.h"
#include "client/chatops/web/form.h"
#include "client/chatops/web/http_client.h"
#include "client/chatops/web/mac.h"
#include "client/chatops/web/pauses.h"
#include "client/chatops/web/refusals.h"
#include "client/chatops/web/web_socket.h"
#include "client/chatops/web/workers.h"
#include "engine/base/clock.h"

namespace recourse::chatops::web {
namespace {

using namespace std::chrono_literals;

TEST_CASE("codes are those of RFC 4231", "[chatops][web]") {
  CHECK(HmacSha256("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(HmacSha256(std::string(131, '\xaa'),
                   "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(SameSecret("same", "same"));
  CHECK_FALSE(SameSecret("same", "samf"));
  CHECK_FALSE(SameSecret("same", "sam"));
}

TEST_CASE("forms are read as browsers write them", "[chatops][web]") {
  const Value form = ParseForm("a=1+2&b=%2F%C3%A4&c&a=second&=x&d=%zz%4&&e==");
  CHECK(form["a"] == Value("1 2"));
  CHECK(form["b"] == Value("/\xc3\xa4"));
  CHECK(form["c"] == Value(""));
  CHECK(form["d"] == Value("%zz%4"));
  CHECK(form["e"] == Value("="));
  CHECK(ParseForm("x=" + FormEncoded("a b&=\xff%+"))["x"] == Value("a b&=\xff%+"));
}

TEST_CASE("a text is cut between characters, and only when it is too long", "[chatops][web]") {
  const std::string face = "\xf0\x9f\x98\x80";
  CHECK(LengthOf("a\xc3\xa4" + face) == 4);
  CHECK(Cut("abcd", 4) == "abcd");
  CHECK(Cut("abcde", 4) == "abc\xe2\x80\xa6");
  CHECK(Cut(face + face, 4) == face + face);
  CHECK(Cut(face + face + "a", 4) == face + "\xe2\x80\xa6");
  CHECK(Cut("ab", 1) == "\xe2\x80\xa6");
}

TEST_CASE("a second delivery does nothing and hears what the first one heard", "[chatops][web]") {
  Deliveries deliveries(600s, 2);
  int handled = 0;
  const auto handle = [&] { return "answer " + std::to_string(++handled); };
  CHECK(*deliveries.Once("a", handle) == "answer 1");
  CHECK(*deliveries.Once("a", handle) == "answer 1");
  CHECK(*deliveries.Once("b", handle) == "answer 2");
  const auto beyond = deliveries.Once("c", handle);
  REQUIRE_FALSE(beyond);
  CHECK(beyond.error().code == Code::kResourceExhausted);
  CHECK(handled == 2);
}

TEST_CASE("a second delivery during the first waits for its answer", "[chatops][web]") {
  Deliveries deliveries(600s, 10);
  std::promise<void> begun;
  std::promise<void> go_on;
  std::thread first([&] {
    CHECK(*deliveries.Once("a", [&]() -> std::string {
      begun.set_value();
      go_on.get_future().wait();
      return "first";
    }) == "first");
  });
  begun.get_future().wait();
  std::thread second(
      [&] { CHECK(*deliveries.Once("a", []() -> std::string { return "second"; }) == "first"); });
  go_on.set_value();
  first.join();
  second.join();
}

TEST_CASE("a pause holds for what it was asked for, and says so when it is too long",
          "[chatops][web]") {
  Pauses pauses;
  pauses.Begin("post C1", 3600s);
  const auto now = Pauses::Clock::now();
  CHECK(pauses.Wait("post C2", now, {}).ok());
  const auto refused = pauses.Wait("post C1", now + 60s, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::kResourceExhausted);
  CHECK_THAT(refused.error().message, Catch::Contains("3600 s; nothing was sent"));
  std::stop_source stop;
  stop.request_stop();
  CHECK(pauses.Wait("post C1", now + 7200s, stop.get_token()).error().code == Code::kUnavailable);
}

TEST_CASE("a rate limit's wait is read as seconds from now or since 1970", "[chatops][web]") {
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

TEST_CASE("workers do what waits before they stop, and refuse what is too much", "[chatops][web]") {
  std::promise<void> go_on;
  std::atomic<int> done = 0;
  Workers workers(1, 2);
  std::promise<void> begun;
  CHECK(workers.Submit([&] {
    begun.set_value();
    go_on.get_future().wait();
    ++done;
  }));
  begun.get_future().wait();
  CHECK(workers.Submit([&] { ++done; }));
  CHECK(workers.Submit([&] { ++done; }));
  CHECK_FALSE(workers.Submit([&] { ++done; }));
  go_on.set_value();
  workers.Stop();
  CHECK(done == 3);
  CHECK_FALSE(workers.Submit([] {}));
}

TEST_CASE("refusals are reported once at first, not each", "[chatops][web]") {
  std::vector<std::string> lines;
  Refusals refusals([&](const std::string& line) { lines.push_back(line); });
  for (int i = 0; i < 1000; ++i) refusals.Count("no signature");
  CHECK(lines == std::vector<std::string>{"a request was refused, and did nothing: no signature"});
}

TEST_CASE("a call that nobody answers says that nothing was sent", "[chatops][web]") {
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

TEST_CASE("a WebSocket that cannot be opened says why, and no URL is guessed", "[chatops][web]") {
  for (const std::string url : {"http://x/", "ws://", "wss://host:99999/", "ws://host:port/", ""}) {
    CAPTURE(url);
    CHECK(WebSocket::Open(url, "", {}).error().code == Code::kInvalidArgument);
  }
  std::promise<std::string> why;
  const auto socket = WebSocket::Open(
      "ws://127.0.0.1:1/", "",
      {.on_text = [](std::string) {}, .on_closed = [&](std::string text) { why.set_value(text); }});
  REQUIRE(socket);
  CHECK_FALSE(why.get_future().get().empty());
}

}  // namespace
}  // namespace recourse::chatops::web
