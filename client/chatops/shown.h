// What was shown in which channel: a vote by text is given to that, and to nothing else.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>

namespace recourse::chatops {

// Thread safety: any.
class Shown {
 public:
  void Put(const std::string& surface, const std::string& channel, const std::string& approval,
           const std::string& digest) {
    const std::lock_guard lock(mutex_);
    shown_[{surface, approval, channel}] = digest;
    if (shown_.size() > kMax) shown_.erase(shown_.begin());
  }

  // The digest that was shown there last. What was shown elsewhere does not count: nobody knows who
  // has read it.
  std::optional<std::string> Find(const std::string& surface, const std::string& channel,
                                  const std::string& approval) const {
    const std::lock_guard lock(mutex_);
    const auto at = shown_.find({surface, approval, channel});
    return at == shown_.end() ? std::nullopt : std::optional(at->second);
  }

 private:
  static constexpr std::size_t kMax = 10'000;
  using Key = std::tuple<std::string, std::string, std::string>;  // surface, approval, channel

  mutable std::mutex mutex_;
  std::map<Key, std::string> shown_;
};

}  // namespace recourse::chatops
