#include "server/failure_limit.h"

#include <catch2/catch.hpp>
#include <string>

namespace recourse::server {
namespace {

using namespace std::chrono_literals;

const FailureLimit::Moment kNow{};

// Fails as often as it is heard, and answers how often that was.
int FailUntilRefused(FailureLimit& limit, const std::string& address, FailureLimit::Moment now) {
  int heard = 0;
  while (!limit.MustWait(address, now) && heard < 1000) {
    limit.Failed(address, true, now);
    ++heard;
  }
  return heard;
}

}  // namespace

TEST_CASE("who tries tokens is heard 20 times, then once a second", "[server]") {
  FailureLimit limit;
  CHECK(FailUntilRefused(limit, "192.0.2.7", kNow) == 20);
  CHECK(limit.MustWait("192.0.2.7", kNow) == 1000ms);
  CHECK(limit.MustWait("192.0.2.7", kNow + 400ms) == 600ms);
  CHECK(FailUntilRefused(limit, "192.0.2.7", kNow + 1s) == 1);
  CHECK(FailUntilRefused(limit, "192.0.2.7", kNow + 11s) == 10);
  CHECK(FailUntilRefused(limit, "192.0.2.7", kNow + 1h) == 20);
}

TEST_CASE("an address is never held for what others do", "[server]") {
  FailureLimit limit;
  for (int i = 0; i < 10'000; ++i) {
    FailUntilRefused(limit, "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256),
                     kNow);
  }
  CHECK_FALSE(limit.MustWait("192.0.2.7", kNow));
}

TEST_CASE("when very many addresses fail, each is heard once and then waits", "[server]") {
  FailureLimit limit;
  for (int i = 0; i < 300; ++i) {
    FailUntilRefused(limit, "198.51.100." + std::to_string(i), kNow);
  }
  CHECK(FailUntilRefused(limit, "192.0.2.7", kNow) == 1);
  CHECK(limit.MustWait("192.0.2.7", kNow) <= 100ms);
}

TEST_CASE("what is remembered is bounded", "[server]") {
  FailureLimit limit;
  for (int i = 0; i < 20'000; ++i) limit.Failed("host-" + std::to_string(i), true, kNow);
  CHECK(limit.addresses() == FailureLimit::kAddressesMax);
}

TEST_CASE("a call without a token is counted, but is no guess", "[server]") {
  FailureLimit limit;
  for (int i = 1; i <= 100; ++i) CHECK(limit.Failed("192.0.2.7", false, kNow) == i);
  CHECK_FALSE(limit.MustWait("192.0.2.7", kNow));
}

TEST_CASE("callers over the local socket are not limited", "[server]") {
  FailureLimit limit;
  const std::string address = FailureLimit::AddressOf("unix:");
  CHECK(FailUntilRefused(limit, address, kNow) == 1000);
}

TEST_CASE("an address is a host, or a network of hosts that one has alone", "[server]") {
  for (const auto& [peer, address] :
       {std::pair("ipv4:192.0.2.7:41234", "192.0.2.7"), std::pair("ipv6:[::1]:41234", "::1"),
        std::pair("ipv6:%5B::1%5D:41234", "::1"),
        std::pair("ipv6:[2001:db8:1:2:3:4:5:6]:1", "2001:db8:1:2::/64"),
        std::pair("ipv6:%5B2001:db8:1:2::9%5D:1", "2001:db8:1:2::/64"),
        std::pair("ipv6:[::ffff:192.0.2.7]:1", "192.0.2.7"),
        std::pair("ipv6:[fe80::1%eth0]:1", "fe80::/64"), std::pair("unix:", ""),
        std::pair("unix:/run/x", "")}) {
    INFO(peer);
    CHECK(FailureLimit::AddressOf(peer) == address);
  }
}

}  // namespace recourse::server
