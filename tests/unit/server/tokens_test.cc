#include "server/tokens.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "engine/base/file.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

using namespace std::chrono_literals;

const Time kIssued{std::chrono::seconds(1'795'000'000)};

std::unique_ptr<TokenStore> Opened(const std::string& path) {
  auto store = TokenStore::Open(path);
  if (!store) FAIL(store.error().message);
  return *std::move(store);
}

TokenStore::Made Make(TokenStore& store, const std::string& principal,
                      std::optional<Time> expires = kIssued + 24h) {
  auto made = store.Create(principal, "for a test", "operator", kIssued, expires);
  if (!made) FAIL(made.error().message);
  return *made;
}

std::string Whose(TokenStore& store, const std::string& secret, Time now = kIssued) {
  const auto found = store.Find(Sha256Of(secret), now);
  if (!found) return std::string(ToString(found.error().code));
  return found->value_or("nobody");
}

}  // namespace

TEST_CASE("a token is good from its making to its end, also in the next life of the server",
          "[server]") {
  const TemporaryDirectory directory;
  const std::string path = directory.File("tokens.json");
  const auto store = Opened(path);
  const TokenStore::Made made = Make(*store, "ada");
  CHECK(made.token.id() == "T-1");
  CHECK(made.secret.starts_with("recourse_"));
  CHECK(made.secret.size() == 9 + 64);
  const TokenStore::Made forever = Make(*store, "bot", std::nullopt);
  CHECK(forever.secret != made.secret);

  const auto again = Opened(path);
  for (TokenStore* each : {store.get(), again.get()}) {
    CHECK(Whose(*each, made.secret) == "ada");
    CHECK(Whose(*each, made.secret, kIssued + 24h - 1us) == "ada");
    CHECK(Whose(*each, made.secret, kIssued + 24h) == "UNAUTHENTICATED");
    CHECK(Whose(*each, forever.secret, kIssued + 24h * 36'500) == "bot");
    CHECK(Whose(*each, made.secret + "0") == "nobody");
    CHECK(Whose(*each, "") == "nobody");
  }
  CHECK(Make(*again, "ada").token.id() == "T-3");
}

TEST_CASE("the file has no token, and only its owner can read it", "[server]") {
  const TemporaryDirectory directory;
  const std::string path = directory.File("tokens.json");
  const auto store = Opened(path);
  const TokenStore::Made made = Make(*store, "ada");
  struct stat status = {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  auto text = ReadFile(path, 1 << 20);
  REQUIRE(text);
  CHECK(text->find(made.secret) == std::string::npos);
  CHECK(text->find(made.secret.substr(9)) == std::string::npos);
  CHECK(text->find(ToHex(Sha256Of(made.secret))) != std::string::npos);
}

TEST_CASE("a revoked token is void at once and for good, and says by whom and why", "[server]") {
  const TemporaryDirectory directory;
  const std::string path = directory.File("tokens.json");
  const auto store = Opened(path);
  const TokenStore::Made made = Make(*store, "ada");
  const auto revoked = store->Revoke("T-1", "operator", "left in a log", kIssued + 1h);
  REQUIRE(revoked);
  CHECK(Whose(*store, made.secret, kIssued + 1h) == "UNAUTHENTICATED");
  const auto refusal = store->Find(Sha256Of(made.secret), kIssued + 1h);
  CHECK(refusal.error().message.starts_with("the token T-1 of ada was revoked at 2026-"));

  SECTION("revoked again, it stays as it is") {
    REQUIRE(store->Revoke("T-1", "somebody", "again", kIssued + 2h));
    const auto tokens = Opened(path)->List();
    REQUIRE(tokens.size() == 1);
    CHECK(tokens[0].revoked == kIssued + 1h);
    CHECK(tokens[0].revoked_by == "operator");
    CHECK(tokens[0].revoke_reason == "left in a log");
  }
  CHECK(store->Revoke("T-9", "operator", "", kIssued).error().code == Code::kNotFound);
}

TEST_CASE("when a token was used last outlives the server once it is saved", "[server]") {
  const TemporaryDirectory directory;
  const std::string path = directory.File("tokens.json");
  const auto store = Opened(path);
  const TokenStore::Made made = Make(*store, "ada");
  CHECK_FALSE(store->List()[0].last_used);
  CHECK(Whose(*store, made.secret, kIssued + 5min) == "ada");
  CHECK(store->List()[0].last_used == kIssued + 5min);
  REQUIRE(store->SaveUse());
  CHECK(Opened(path)->List()[0].last_used == kIssued + 5min);
}

TEST_CASE("there is room for new tokens as long as old ones are of no use", "[server]") {
  const TemporaryDirectory directory;
  Value::List list;
  std::string text = R"({"version": 1, "last": 1000, "tokens": [)";
  for (std::size_t i = 1; i <= kTokensMax; ++i) {
    text += (i == 1 ? "" : ",") + std::string(R"({"principal": "ada", "id": "T-)") +
            std::to_string(i) + R"(", "sha256": ")" + ToHex(Sha256Of(std::to_string(i))) + "\"}";
  }
  const std::string path = directory.Write("tokens.json", text + "]}");
  REQUIRE(chmod(path.c_str(), 0600) == 0);
  const auto store = Opened(path);
  CHECK(store->Create("ada", "", "operator", kIssued, std::nullopt).error().code ==
        Code::kResourceExhausted);
  REQUIRE(store->Revoke("T-7", "operator", "", kIssued));
  CHECK(Make(*store, "ada").token.id() == "T-1001");
  CHECK(store->List().size() == kTokensMax);
  CHECK(Whose(*store, "7") == "nobody");
}

TEST_CASE("a file of tokens that is not as the server left it is not believed", "[server]") {
  const TemporaryDirectory directory;
  const std::string path = directory.File("tokens.json");
  Make(*Opened(path), "ada");
  SECTION("others can write it") {
    REQUIRE(chmod(path.c_str(), 0660) == 0);
    const auto store = TokenStore::Open(path);
    REQUIRE_FALSE(store);
    CHECK(store.error().message.find("chmod 600 " + path) != std::string::npos);
  }
  SECTION("it is damaged") {
    for (const char* text : {"", "{", "[]", R"({"version": 2, "tokens": []})",
                             R"({"version": 1, "tokens": [{"id": "T-1"}]})"}) {
      INFO(text);
      directory.Write("tokens.json", text);
      REQUIRE(chmod(path.c_str(), 0600) == 0);
      const auto store = TokenStore::Open(path);
      REQUIRE_FALSE(store);
      CHECK(store.error().code == Code::kFailedPrecondition);
      CHECK(store.error().message.find("the token files go on to work") != std::string::npos);
    }
  }
}

TEST_CASE("a token can be revoked when the disk refuses", "[server]") {
  const TemporaryDirectory directory;
  const std::string path = directory.File("gone/tokens.json");
  REQUIRE(MakeDirectories(directory.File("gone"), 0700));
  const auto store = Opened(path);
  const TokenStore::Made made = Make(*store, "ada");
  REQUIRE(RenameFile(directory.File("gone"), directory.File("away")));
  const auto revoked = store->Revoke("T-1", "operator", "leaked", kIssued);
  REQUIRE_FALSE(revoked);
  CHECK(revoked.error().message.find("T-1 is revoked until the server stops") != std::string::npos);
  CHECK(Whose(*store, made.secret) == "UNAUTHENTICATED");
  CHECK_FALSE(store->Create("ada", "", "operator", kIssued, std::nullopt));
  CHECK(store->List().size() == 1);
}

}  // namespace recourse::server
