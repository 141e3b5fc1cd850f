#include "client/chatops/web/deliveries.h"

namespace recourse::chatops::web {

Result<std::string> Deliveries::Once(const std::string& delivery,
                                     const std::function<std::string()>& handle) {
  std::unique_lock lock(mutex_);
  const auto now = Clock::now();
  Forget(now);
  if (const auto known = entries_.find(delivery); known != entries_.end()) {
    answered_.wait(lock, [&] { return known->second.answer.has_value(); });
    return *known->second.answer;
  }
  if (entries_.size() >= kept_max_) {
    return Error{Code::kResourceExhausted,
                 "more than " + std::to_string(kept_max_) + " requests came within " +
                     std::to_string(kept_.count()) + " s; this one was not looked at"};
  }
  // Neither moves nor goes before it has its answer: Forget() leaves such ones.
  Entry& entry = entries_.emplace(delivery, Entry{now, std::nullopt}).first->second;
  by_age_.emplace(now, delivery);
  lock.unlock();
  std::string answer = handle();
  lock.lock();
  entry.answer = answer;
  answered_.notify_all();
  return answer;
}

void Deliveries::Forget(Clock::time_point now) {
  while (!by_age_.empty() && by_age_.begin()->first + kept_ < now) {
    const auto old = entries_.find(by_age_.begin()->second);
    if (!old->second.answer) return;
    entries_.erase(old);
    by_age_.erase(by_age_.begin());
  }
}

}  // namespace recourse::chatops::web
