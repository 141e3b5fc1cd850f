#include "engine/journal/chain.h"

#include <catch2/catch.hpp>

#include "engine/base/text.h"

namespace recourse::journal {
namespace {

// Three events of, hashed as Append would.
std::vector<StoredEvent> ThreeEvents() {
  std::vector<StoredEvent> events(3);
  Digest previous{};
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].position = static_cast<Position>(i) + 1;
    events[i].run = RunId{i == 1 ? 2 : 1};
    events[i].sequence = i == 2 ? 2 : 1;
    events[i].time = Time(std::chrono::microseconds(1'790'000'000'000'000));
    events[i].type = 7;
    events[i].principal = "ada";
    events[i].payload = "payload";
    events[i].hash = previous = ChainHash(previous, events[i]);
  }
  return events;
}

Result<void> CheckAll(const std::vector<StoredEvent>& events) {
  ChainCheck chain;
  for (const StoredEvent& event : events) {
    if (auto added = chain.Add(event); !added) return added;
  }
  return {};
}

TEST_CASE("the hash of an event is the SHA-256 of the bytes that the format names", "[chain]") {
  const StoredEvent event = ThreeEvents().front();
  std::string bytes(32, '\0');  // no event before
  const auto add = [&](std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
  };
  add(1);                      // position
  add(1);                      // run
  add(1);                      // sequence
  add(1'790'000'000'000'000);  // time
  add(7);                      // type
  add(3);
  bytes += "ada";
  add(7);
  bytes += "payload";
  CHECK(ToHex(event.hash) == ToHex(Sha256Of(bytes)));
}

TEST_CASE("an unchanged chain is accepted and tells its end", "[chain]") {
  const auto events = ThreeEvents();
  ChainCheck chain;
  for (const StoredEvent& event : events) REQUIRE(chain.Add(event));
  CHECK(chain.last() == 3);
  CHECK(chain.hash() == events.back().hash);
}

TEST_CASE("every field of an event is under its hash", "[chain]") {
  auto events = ThreeEvents();
  SECTION("time") { events[1].time += std::chrono::microseconds(1); }
  SECTION("type") { events[1].type = 8; }
  SECTION("principal") { events[1].principal = "eve"; }
  SECTION("payload") { events[1].payload[3] ^= 1; }
  SECTION("the border between principal and payload") {
    events[1].principal = "adap";
    events[1].payload = "ayload";
  }
  SECTION("run") { events[1].run = RunId{3}; }
  SECTION("hash") { events[1].hash[31] ^= 1; }
  const auto checked = CheckAll(events);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == Code::kDataLoss);
  CHECK_THAT(checked.error().message,
             Catch::Contains("position 2 of run " + events[1].run.ToString()));
  CHECK_THAT(checked.error().message, Catch::Contains("its hash"));
}

TEST_CASE("removed, swapped and added events break the chain", "[chain]") {
  auto events = ThreeEvents();
  SECTION("removed: a gap in the positions") {
    events.erase(events.begin() + 1);
    const auto checked = CheckAll(events);
    REQUIRE_FALSE(checked);
    CHECK_THAT(checked.error().message, Catch::Contains("position 2 is expected"));
  }
  SECTION("removed, and the later ones renumbered") {
    events.erase(events.begin() + 1);
    events[1].position = 2;
    const auto checked = CheckAll(events);
    REQUIRE_FALSE(checked);
    CHECK_THAT(checked.error().message, Catch::Contains("its hash"));
  }
  SECTION("swapped, with their positions exchanged") {
    std::swap(events[0], events[1]);
    std::swap(events[0].position, events[1].position);
    CHECK_FALSE(CheckAll(events));
  }
  SECTION("added without the hash of the one before") {
    StoredEvent added = events.back();
    added.position = 4;
    added.sequence = 3;
    added.hash = ChainHash(Digest{}, added);
    events.push_back(added);
    CHECK_FALSE(CheckAll(events));
  }
  SECTION("a gap in the run's own sequence, well hashed") {
    events[2].sequence = 3;
    events[2].hash = ChainHash(events[1].hash, events[2]);
    const auto checked = CheckAll(events);
    REQUIRE_FALSE(checked);
    CHECK_THAT(checked.error().message, Catch::Contains("number 3 of its run, 2 is expected"));
  }
}

}  // namespace
}  // namespace recourse::journal
