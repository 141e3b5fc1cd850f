#include "server/failure_limit.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace recourse::server {
namespace {

std::chrono::milliseconds UntilOne(double left, double per_second) {
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(std::ceil((1 - left) / per_second * 1000)));
}

// "[2001:db8::1]:41234", with brackets as they are or as %5B and %5D.
std::string NetworkOf(std::string_view text) {
  std::string host(text.substr(0, text.rfind(':')));
  for (const auto& [written, meant] : {std::pair("%5B", "["), std::pair("%5D", "]")}) {
    if (const auto at = host.find(written); at != std::string::npos) host.replace(at, 3, meant);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  host = host.substr(0, host.find('%'));  // A zone is the receiver's business.
  in6_addr address = {};
  if (inet_pton(AF_INET6, host.c_str(), &address) != 1) return host;
  char shown[INET6_ADDRSTRLEN] = {};
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    inet_ntop(AF_INET, &address.s6_addr[12], shown, sizeof(shown));
    return shown;
  }
  if (IN6_IS_ADDR_LOOPBACK(&address)) return "::1";
  std::memset(&address.s6_addr[8], 0, 8);
  inet_ntop(AF_INET6, &address, shown, sizeof(shown));
  return std::string(shown) + "/64";
}

}  // namespace

std::string FailureLimit::AddressOf(std::string_view peer) {
  if (peer.starts_with("ipv4:")) {
    peer.remove_prefix(5);
    return std::string(peer.substr(0, peer.rfind(':')));
  }
  if (peer.starts_with("ipv6:")) return NetworkOf(peer.substr(5));
  return peer.starts_with("unix:") ? "" : std::string(peer);
}

void FailureLimit::Bucket::Fill(double most, double per_second, Moment now) {
  if (now <= filled) return;
  left = std::min(most, left + per_second * std::chrono::duration<double>(now - filled).count());
  filled = now;
}

FailureLimit::Entry* FailureLimit::Find(const std::string& address) {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : &*found->second;
}

std::optional<std::chrono::milliseconds> FailureLimit::MustWait(const std::string& address,
                                                                Moment now) {
  if (address.empty()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  Entry* entry = Find(address);
  if (entry == nullptr) return std::nullopt;
  entry->bucket.Fill(kBurst, kPerSecond, now);
  if (entry->bucket.left < 1) return UntilOne(entry->bucket.left, kPerSecond);
  if (all_) all_->Fill(kBurstOfAll, kPerSecondOfAll, now);
  const bool failed_lately = entry->bucket.left < kBurst;
  if (all_ && all_->left < 1 && failed_lately) return UntilOne(all_->left, kPerSecondOfAll);
  return std::nullopt;
}

std::int64_t FailureLimit::Failed(const std::string& address, bool guess, Moment now) {
  const std::lock_guard lock(mutex_);
  Entry* entry = Find(address);
  if (entry == nullptr) {
    if (entries_.size() >= kAddressesMax) {
      by_address_.erase(entries_.back().address);
      entries_.pop_back();
    }
    entries_.push_front(Entry{address, {kBurst, now}, 0});
    by_address_.emplace(address, entries_.begin());
    entry = &entries_.front();
  } else {
    entries_.splice(entries_.begin(), entries_, by_address_.at(address));
  }
  if (guess) {
    entry->bucket.Fill(kBurst, kPerSecond, now);
    entry->bucket.left = std::max(0.0, entry->bucket.left - 1);
    if (!all_) all_ = Bucket{kBurstOfAll, now};
    all_->Fill(kBurstOfAll, kPerSecondOfAll, now);
    all_->left = std::max(0.0, all_->left - 1);
  }
  return ++entry->count;
}

std::size_t FailureLimit::addresses() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace recourse::server
