#include "actions/host/address.h"

#include <catch2/catch.hpp>

namespace recourse::host {
namespace {

std::string Read(const std::string& text) {
  const auto network = ParseNetwork(text);
  return network ? network->ToString() : network.error().message;
}

TEST_CASE("addresses and networks are read as people write them", "[actions][host]") {
  CHECK(Read("203.0.113.7") == "203.0.113.7");
  CHECK(Read("203.0.113.0/24") == "203.0.113.0/24");
  CHECK(Read("2001:DB8::/48") == "2001:db8::/48");
  CHECK(Read("::ffff:203.0.113.7") == "203.0.113.7");
  CHECK(Read("10.0.0.0/8") == "10.0.0.0/8");
  CHECK_THAT(Read("203.0.113.7/24"), Catch::Contains("the network is 203.0.113.0/24"));
  for (const char* text : {"", "203.0.113", "203.0.113.7/33", "203.0.113.7/x", "example.net",
                           "::/129", "203.0.113.7; flush ruleset", "010.0.0.1"}) {
    CHECK_THAT(Read(text), Catch::Contains("is no IP address"));
  }
}

TEST_CASE("a network holds its own addresses and no others", "[actions][host]") {
  const Network office = *ParseNetwork("203.0.112.0/23");
  CHECK(office.Holds(*ParseNetwork("203.0.113.255")));
  CHECK(office.Holds(*ParseNetwork("203.0.113.0/24")));
  CHECK_FALSE(office.Holds(*ParseNetwork("203.0.114.0")));
  CHECK_FALSE(office.Holds(*ParseNetwork("203.0.112.0/22")));
  CHECK_FALSE(office.Holds(*ParseNetwork("::1")));
}

}  // namespace
}  // namespace recourse::host
