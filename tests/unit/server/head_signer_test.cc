#include "server/head_signer.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "engine/base/file.h"
#include "engine/record/heads.h"
#include "tests/unit/server/fixture.h"

namespace recourse::server {
namespace {

std::vector<record::SignedHead> HeadsIn(const std::string& file) {
  const auto text = ReadFile(file, 1 << 20);
  REQUIRE(text);
  const auto heads = record::ParseHeads(*text);
  INFO((heads ? "" : heads.error().message));
  REQUIRE(heads);
  return *heads;
}

}  // namespace

TEST_CASE("heads are signed while the server works and when it stops, and fit the journal",
          "[server]") {
  RunningServer running;
  const std::string file = running.directory.File("heads.jsonl");
  const auto key = SigningKey::LoadOrMake(running.directory.File("journal.key"));
  REQUIRE(key);
  // What a crash cut off stays, and hides nothing.
  std::ofstream(file) << "{\"hash\":\"9f";
  auto signer = HeadSigner::Start({file, std::chrono::milliseconds(1)}, *running.journal, *key,
                                  running.clock);
  REQUIRE(signer);
  running.Start("echo");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (HeadsIn(file).empty() && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  running.Start("echo");
  (*signer)->Stop();

  const auto heads = HeadsIn(file);
  REQUIRE(heads.size() >= 2);
  auto reader = running.journal->OpenReader();
  REQUIRE(reader);
  CHECK(heads.back().position == *(*reader)->LastPosition());
  const auto checked =
      record::CheckSignatures(**reader, heads, *PublicKey::Parse(key->PublicPem()));
  REQUIRE(checked);
  CHECK(checked->problems.empty());
  CHECK(checked->heads == static_cast<std::int64_t>(heads.size()));
}

TEST_CASE("nothing is signed where nothing has changed", "[server]") {
  RunningServer running;
  const std::string file = running.directory.File("heads.jsonl");
  const auto key = SigningKey::LoadOrMake(running.directory.File("journal.key"));
  REQUIRE(key);
  running.Start("echo");
  auto signer =
      HeadSigner::Start({file, std::chrono::hours(1)}, *running.journal, *key, running.clock);
  REQUIRE(signer);
  (*signer)->Stop();
  (*signer)->Stop();
  CHECK(HeadsIn(file).size() == 1);
}

TEST_CASE("heads that cannot be kept now are kept once they can", "[server]") {
  RunningServer running;
  const auto key = SigningKey::LoadOrMake(running.directory.File("journal.key"));
  REQUIRE(key);
  running.Start("echo");
  const std::string file = running.directory.File("disk/heads.jsonl");
  auto signer =
      HeadSigner::Start({file, std::chrono::hours(1)}, *running.journal, *key, running.clock);
  REQUIRE(signer);
  REQUIRE(MakeDirectories(running.directory.File("disk")));
  (*signer)->Stop();
  CHECK(HeadsIn(file).size() == 1);
}

}  // namespace recourse::server
