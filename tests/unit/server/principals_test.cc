#include "server/principals.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <string>

#include "engine/base/file.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

std::string TokenIn(const std::string& path) {
  auto text = ReadFile(path, 4096);
  if (!text) FAIL(text.error().message);
  return text->substr(0, text->find('\n'));
}

}  // namespace

TEST_CASE("the first start makes two tokens that only their owner can read", "[server]") {
  const TemporaryDirectory directory;
  const auto principals = Principals::Load(DefaultPrincipals(directory.path()));
  REQUIRE(principals);
  for (const char* name : {"operator.token", "approver.token"}) {
    struct stat status = {};
    REQUIRE(stat(directory.File(name).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK(TokenIn(directory.File(name)).size() == 64);
  }
  CHECK(TokenIn(directory.File("operator.token")) != TokenIn(directory.File("approver.token")));
}

TEST_CASE("tokens stay the same from start to start", "[server]") {
  const TemporaryDirectory directory;
  REQUIRE(Principals::Load(DefaultPrincipals(directory.path())));
  const std::string token = TokenIn(directory.File("operator.token"));
  const auto again = Principals::Load(DefaultPrincipals(directory.path()));
  REQUIRE(again);
  const auto caller = again->Authenticate(Presented("Bearer " + token), "");
  REQUIRE(caller);
  CHECK(caller->principal == "operator");
  CHECK(caller->roles == std::vector<std::string>{"viewer", "operator", "admin"});
  CHECK(caller->channel == "grpc");
}

TEST_CASE("a caller without a known token is told where the tokens are", "[server]") {
  const TemporaryDirectory directory;
  const auto principals = Principals::Load(DefaultPrincipals(directory.path()));
  REQUIRE(principals);
  const std::string token = TokenIn(directory.File("operator.token"));
  for (const std::string& header : {std::string(), std::string("Bearer "), "Bearer " + token + "0",
                                    "bearer " + token, token, std::string("Bearer 0")}) {
    INFO(header);
    const auto caller = principals->Authenticate(Presented(header), "");
    REQUIRE_FALSE(caller);
    CHECK(caller.error().code == Code::kUnauthenticated);
    CHECK(caller.error().message.find(directory.File("operator.token")) != std::string::npos);
    CHECK(caller.error().message.find(token) == std::string::npos);
  }
}

TEST_CASE("a token that is no secret is refused at start", "[server]") {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("a.token", "0123456789012345678901234567890\n");
  const std::vector<PrincipalConfig> one = {{"a", {"viewer"}, path}};

  SECTION("because others can read its file") {
    REQUIRE(chmod(path.c_str(), 0640) == 0);
    const auto principals = Principals::Load(one);
    REQUIRE_FALSE(principals);
    CHECK(principals.error().code == Code::kFailedPrecondition);
    CHECK(principals.error().message.find("chmod 600 " + path) != std::string::npos);
  }
  SECTION("because it is short") {
    directory.Write("a.token", "secret \t\r\n");
    REQUIRE(chmod(path.c_str(), 0600) == 0);
    const auto principals = Principals::Load(one);
    REQUIRE_FALSE(principals);
    CHECK(principals.error().message.find("6 characters") != std::string::npos);
  }
  SECTION("because no header can carry it") {
    for (const char* text :
         {"  \n", "01234567890123456789 0123456789\n", "0123456789012345678\xc3\xa4"}) {
      directory.Write("a.token", text);
      REQUIRE(chmod(path.c_str(), 0600) == 0);
      const auto principals = Principals::Load(one);
      REQUIRE_FALSE(principals);
      CHECK(principals.error().code == Code::kFailedPrecondition);
      CHECK(principals.error().message.find(path) != std::string::npos);
    }
  }
  SECTION("because two principals share it") {
    REQUIRE(chmod(path.c_str(), 0600) == 0);
    const auto principals = Principals::Load({{"a", {"viewer"}, path}, {"b", {"admin"}, path}});
    REQUIRE_FALSE(principals);
    CHECK(principals.error().message.find("a and b have the same token") != std::string::npos);
  }
}

}  // namespace recourse::server
