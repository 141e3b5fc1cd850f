// IP addresses and networks of them.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "engine/base/error.h"

namespace recourse::host {

// An address is a network of one.
struct Network {
  bool v6 = false;
  std::array<unsigned char, 16> bytes{};  // of IPv4 the first four; beyond the prefix all 0
  int prefix = 0;                         // bits that its addresses have in common

  bool is_address() const { return prefix == (v6 ? 128 : 32); }
  // Whether each address of `other` is one of this network's.
  bool Holds(const Network& other) const;
  // "203.0.113.7", "203.0.113.0/24".
  std::string ToString() const;

  bool operator==(const Network&) const = default;
};

// Of "203.0.113.7", "203.0.113.0/24", "2001:db8::/48"; an IPv4 address written as one of IPv6
// becomes what it is. kInvalidArgument: none, or one with bits beyond its prefix.
Result<Network> ParseNetwork(const std::string& text);

// Those of this machine's interfaces.
Result<std::vector<Network>> OwnAddresses();

}  // namespace recourse::host
