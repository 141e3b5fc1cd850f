#include "actions/host/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace recourse::host {
namespace {

constexpr int kMappedBits = 96;  // of ::ffff:0:0/96

struct FreeAddresses {
  void operator()(ifaddrs* list) const { freeifaddrs(list); }
};

// Sets the bits beyond the prefix to 0.
std::array<unsigned char, 16> Masked(const std::array<unsigned char, 16>& bytes, int prefix) {
  auto masked = bytes;
  for (int i = 0; i < 16; ++i) {
    const int bits = std::clamp(prefix - 8 * i, 0, 8);
    masked[static_cast<std::size_t>(i)] &= static_cast<unsigned char>(0xff00 >> bits);
  }
  return masked;
}

// ::ffff:203.0.113.7 is 203.0.113.7.
Network Unmapped(const Network& network) {
  static constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
  const bool mapped = network.v6 && network.prefix >= kMappedBits &&
                      std::equal(kMapped.begin(), kMapped.end(), network.bytes.begin());
  if (!mapped) return network;
  Network v4{false, {}, network.prefix - kMappedBits};
  std::copy_n(network.bytes.begin() + 12, 4, v4.bytes.begin());
  return v4;
}

}  // namespace

bool Network::Holds(const Network& other) const {
  return v6 == other.v6 && prefix <= other.prefix && Masked(other.bytes, prefix) == bytes;
}

std::string Network::ToString() const {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), text, sizeof text);
  return is_address() ? text : std::string(text) + "/" + std::to_string(prefix);
}

Result<Network> ParseNetwork(const std::string& text) {
  const auto slash = text.find('/');
  const std::string address = text.substr(0, slash);
  Network network;
  network.v6 = address.find(':') != std::string::npos;
  const int bits = network.v6 ? 128 : 32;
  network.prefix = bits;
  bool read =
      inet_pton(network.v6 ? AF_INET6 : AF_INET, address.c_str(), network.bytes.data()) == 1;
  if (slash != std::string::npos) {
    const auto [end, failed] =
        std::from_chars(text.data() + slash + 1, text.data() + text.size(), network.prefix);
    read = read && failed == std::errc() && end == text.data() + text.size();
    read = read && network.prefix >= 0 && network.prefix <= bits;
  }
  if (!read) {
    return InvalidArgument("\"" + text +
                           "\" is no IP address and no network of them; "
                           "203.0.113.7 and 203.0.113.0/24 are such");
  }
  const auto masked = Masked(network.bytes, network.prefix);
  if (masked != network.bytes) {
    const Network meant{network.v6, masked, network.prefix};
    return InvalidArgument("\"" + text + "\" has bits beyond its prefix; the network is " +
                           meant.ToString());
  }
  return Unmapped(network);
}

Result<std::vector<Network>> OwnAddresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return ErrnoError(errno, "list this machine's addresses");
  const std::unique_ptr<ifaddrs, FreeAddresses> owner(list);
  std::vector<Network> own;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    Network network;
    if (at->ifa_addr->sa_family == AF_INET) {
      network.prefix = 32;
      std::memcpy(network.bytes.data(),
                  &reinterpret_cast<const sockaddr_in*>(at->ifa_addr)->sin_addr, 4);
    } else if (at->ifa_addr->sa_family == AF_INET6) {
      network.v6 = true;
      network.prefix = 128;
      std::memcpy(network.bytes.data(),
                  &reinterpret_cast<const sockaddr_in6*>(at->ifa_addr)->sin6_addr, 16);
    } else {
      continue;
    }
    own.push_back(network);
  }
  return own;
}

}  // namespace recourse::host
