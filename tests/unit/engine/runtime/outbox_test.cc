#include <catch2/catch.hpp>

#include "tests/unit/engine/runtime/fixture.h"

namespace recourse::runtime {
namespace {


// A channel that writes down what it is given.
struct Channel {
  auto Callback() {
    return [this](const journal::OutboxRow& row) -> Result<void> {
      const std::lock_guard lock(mutex);
      ++tries;
      if (broken || (!refused.empty() && row.text.find(refused) != std::string::npos)) {
        return Unavailable("no network");
      }
      texts.push_back(row.topic + ": " + row.text);
      return {};
    };
  }
  std::mutex mutex;
  bool broken = false;
  std::string refused;  // texts that hold this
  int tries = 0;
  std::vector<std::string> texts;
};

}  // namespace

TEST_CASE_METHOD(EngineFixture, "a notification is sent after its commit and marked", "[runtime]") {
  Channel channel;
  options.notify = channel.Callback();
  AddWorkflow(kParks);
  StartEngine();
  Begin("parks");
  Tick();
  StopEngine();
  REQUIRE(channel.texts.size() == 1);
  CHECK_THAT(channel.texts[0], Catch::StartsWith("approval_requested: "));
  const auto unsent = OpenReader()->UnsentNotifications(10);
  REQUIRE(unsent);
  CHECK(unsent->empty());

  // What is marked is not sent again.
  StartEngine();
  Tick();
  StopEngine();
  CHECK(channel.texts.size() == 1);
}

TEST_CASE_METHOD(EngineFixture, "what was not sent is sent by the next server", "[runtime]") {
  Channel channel;
  AddWorkflow(kParks);
  SECTION("as there was no channel") {}
  SECTION("as the channel was broken") {
    channel.broken = true;
    options.notify = channel.Callback();
  }
  StartEngine();
  Begin("parks");
  Begin("parks");
  Tick();
  StopEngine();
  CHECK(channel.texts.empty());

  channel.broken = false;
  options.notify = channel.Callback();
  StartEngine();
  Tick();
  StopEngine();
  CHECK(channel.texts.size() == 2);
}

TEST_CASE_METHOD(EngineFixture, "nothing is sent of what was not stored", "[runtime]") {
  Channel channel;
  options.notify = channel.Callback();
  AddWorkflow(kParks);
  StartEngine();
  journal().RefuseWith([](auto) { return Unavailable("I/O error"); });
  CHECK_FALSE(Start("parks").Get());
  Tick();
  StopEngine();
  CHECK(channel.texts.empty());
}

TEST_CASE_METHOD(EngineFixture, "a notification that a channel refuses holds up no other",
                 "[runtime]") {
  Channel channel;
  channel.refused = "R-1 ";
  options.notify = channel.Callback();
  AddWorkflow(kParks);
  StartEngine();
  Begin("parks");
  Begin("parks");
  Tick();
  StopEngine();
  REQUIRE(channel.texts.size() == 1);
  CHECK_THAT(channel.texts[0], Catch::Contains("R-2 "));
  const auto unsent = OpenReader()->UnsentNotifications(10);
  REQUIRE(unsent);
  REQUIRE(unsent->size() == 1);
  CHECK(unsent->front().run == RunId{1});
}

}  // namespace recourse::runtime
