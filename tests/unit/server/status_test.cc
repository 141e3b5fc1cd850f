#include "server/status.h"

#include <catch2/catch.hpp>
#include <string>

#include "engine/base/text.h"

namespace recourse::server {

TEST_CASE("an error leaves the server with its code and its message as it is", "[server]") {
  const Error full{Code::kResourceExhausted, "append: the disk of /data/journal.db is full"};
  const grpc::Status status = ToStatus(full);
  CHECK(status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(status.error_message() == full.message);
}

TEST_CASE("every canonical code keeps its number", "[server]") {
  for (int code = 1; code <= 16; ++code) {
    CHECK(ToStatus(Error{static_cast<Code>(code), "x"}).error_code() == code);
  }
}

TEST_CASE("a message too long for an answer's trailers is cut between characters", "[server]") {
  std::string text;
  while (text.size() < 20'000) text += "\xc3\xa4";  // two bytes, six when sent
  const std::string message = ToStatus(Internal(text)).error_message();
  CHECK(message.size() < 3000);
  CHECK(message.ends_with("(cut)"));
  CHECK(IsUtf8(message));

  const std::string plain(6000, 'x');
  CHECK(ToStatus(Internal(plain)).error_message() == plain);
}

}  // namespace recourse::server
