// Slows down whoever tries one token after the other, by address and all together.
//
// An address may fail kBurst times at once and then once a second. What it sends beyond that is
// refused unread, so that it learns nothing. When very many fail, from many addresses, one that has
// failed lately must wait too; one that has not is always heard, so that nobody is locked out by
// what others do. Callers over the local socket are not limited: only the server's own user can
// open it, who can read the token files.
//
// Thread safety: every function may be called from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace recourse::server {

class FailureLimit {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  static constexpr double kBurst = 20;        // failures of an address at once
  static constexpr double kPerSecond = 1;     // and then
  static constexpr double kBurstOfAll = 200;  // failures of all addresses at once
  static constexpr double kPerSecondOfAll = 20;
  static constexpr std::size_t kAddressesMax =
      4096;  // remembered; who failed longest ago is forgotten

  // The address in gRPC's name of a peer: "ipv4:192.0.2.7:41234" is "192.0.2.7", an IPv6 address is
  // its network of 64 bits, because one host has all of it. Empty for the local socket.
  static std::string AddressOf(std::string_view peer);

  // How long the address must wait before it is heard; none: it is heard now.
  std::optional<std::chrono::milliseconds> MustWait(const std::string& address, Moment now);

  // It has failed; `guess`: with a token, which counts for the limit. Answers how often it has
  // failed since it is remembered.
  std::int64_t Failed(const std::string& address, bool guess, Moment now);

  std::size_t addresses() const;

 private:
  // A bucket of failures that may still happen; it fills again with time.
  struct Bucket {
    double left;
    Moment filled;
    void Fill(double most, double per_second, Moment now);
  };
  struct Entry {
    std::string address;
    Bucket bucket;
    std::int64_t count = 0;
  };
  // Under mutex_.
  Entry* Find(const std::string& address);

  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // who failed last comes first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_address_;
  std::optional<Bucket> all_;
};

}  // namespace recourse::server
