// The addresses that the kernel drops packets from, in a table of nftables of our own: `inet
// recourse`. What others have set up is never looked at or changed.
//
// The rules are at the very beginning of a packet's way (hook prerouting, priority raw), so that
// they hold for what is forwarded to containers too, and for connections that there are already.
// They are gone after a boot.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actions/action.h"
#include "actions/host/address.h"
#include "engine/base/error.h"

namespace recourse::host {

struct Blocked {
  Network network;
  std::optional<std::chrono::seconds> left;  // until it is no more; none: until it is unblocked
  std::int64_t packets = 0;                  // dropped so far
};

// Uses the program nft. Errors of all: kNotFound: it is not installed. kPermissionDenied: the
// policy forbids it, or the server may not (CAP_NET_ADMIN). kFailedPrecondition: what nft says.
class Firewall {
 public:
  explicit Firewall(const Context& context) : context_(context) {}

  Result<std::vector<Blocked>> List() const;

  // No error when it is blocked already, then as it is. REQUIRES: `timeout`, if any, of 1 s or
  // more.
  Result<void> Block(const Network& network, std::optional<std::chrono::seconds> timeout) const;

  // REQUIRES: exactly that network is in the list.
  Result<void> Unblock(const Network& network) const;

 private:
  Result<std::string> Nft(std::vector<std::string> arguments) const;
  Result<void> AddSet(const std::string& set, std::vector<Blocked>& blocked) const;

  const Context& context_;
};

}  // namespace recourse::host
