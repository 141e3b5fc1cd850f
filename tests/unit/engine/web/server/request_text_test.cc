#include "engine/web/server/request_text.h"

#include <catch2/catch.hpp>

namespace recourse::web {
namespace {

RequestText Of(std::string_view text) {
  RequestText request(100, 50);
  request.Add(text);
  return request;
}

}  // namespace

TEST_CASE("a request is there when its head and its body are, however they come", "[web]") {
  const std::string whole = "POST / HTTP/1.1\r\ncontent-LENGTH:  5 \r\n\r\nhello";
  for (std::size_t piece = 1; piece <= whole.size(); ++piece) {
    RequestText request(100, 50);
    for (std::size_t at = 0; at < whole.size(); at += piece) {
      CHECK_FALSE(request.complete());
      request.Add(std::string_view(whole).substr(at, piece));
    }
    CHECK(request.complete());
    CHECK(request.text() == whole);
  }
  CHECK(Of("GET / HTTP/1.1\r\n\r\n").complete());
  CHECK_FALSE(Of("GET / HTTP/1.1\r\n").complete());
}

TEST_CASE("what will be refused is not waited for", "[web]") {
  CHECK(Of("POST / HTTP/1.1\r\nContent-Length: 51\r\n\r\n").complete());
  CHECK(Of("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n").complete());
  CHECK(Of("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n").complete());
  CHECK(Of("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").complete());
  CHECK(Of(std::string(101, 'a')).complete());
  CHECK_FALSE(Of("POST / HTTP/1.1\r\nContent-Length: 50\r\n\r\n").complete());
}

TEST_CASE("a request names its sender with a header of any spelling", "[web]") {
  CHECK(
      Of("POST / HTTP/1.1\r\naUTHORIZATION: Bearer x\r\nContent-Length: 2\r\n\r\n").names_sender());
  CHECK_FALSE(Of("POST / HTTP/1.1\r\nContent-Length: 17\r\n\r\nAuthorization: x\n").names_sender());
  CHECK(Of("GET / HTTP/1.1\r\nX: y\nAuthorization: x\r\n\r\n").names_sender());
  CHECK_FALSE(Of("GET / HTTP/1.1\r\nX-Authorization: x\r\n\r\n").names_sender());
}

TEST_CASE("leave to send a body is given once, and only for one that is taken", "[web]") {
  RequestText asks = Of("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  CHECK(asks.TakeWaitsForLeave());
  CHECK_FALSE(asks.TakeWaitsForLeave());
  CHECK(asks.text().find("Expect") == std::string::npos);
  CHECK_FALSE(Of("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 51\r\n\r\n")
                  .TakeWaitsForLeave());
  CHECK_FALSE(Of("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n").TakeWaitsForLeave());
}

}  // namespace recourse::web
