#include "engine/runtime/outbox.h"

#include <algorithm>

namespace recourse::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kInMemoryMax = 1000;
constexpr std::size_t kMarkAtOnce = 512;
constexpr milliseconds kMarkDelay = seconds(1);
constexpr milliseconds kRetryFirst = seconds(1);
constexpr milliseconds kRetryLast = seconds(60);

}  // namespace

Outbox::Outbox(journal::Journal& journal, const Clock& clock,
               std::function<Result<void>(const journal::OutboxRow&)> notify)
    : journal_(journal), clock_(clock), notify_(std::move(notify)) {}

Result<void> Outbox::Load() {
  if (!notify_) return {};
  const std::size_t limit = kInMemoryMax + refused_.size();
  auto rows = journal_.reader().UnsentNotifications(static_cast<int>(limit));
  if (!rows) return std::move(rows).error().In("read the notifications that wait");
  more_ = rows->size() == limit;
  unsent_.clear();
  for (journal::OutboxRow& row : *rows) {
    const bool waits = std::ranges::any_of(refused_, [&](const auto& refused) {
      return refused.second.position == row.position && refused.second.topic == row.topic;
    });
    if (!waits) unsent_.push_back(std::move(row));
  }
  return {};
}

void Outbox::Committed(std::span<const journal::RunChange> changes) {
  if (!notify_) return;
  for (const journal::RunChange& change : changes) {
    for (const journal::OutboxRow& row : change.notifications) {
      if (unsent_.size() + refused_.size() >= kInMemoryMax) more_ = true;
      if (!more_) unsent_.push_back(row);
    }
  }
}

void Outbox::Work(Steady now) {
  while (!refused_.empty() && refused_.begin()->first <= now) {
    Send(std::move(refused_.extract(refused_.begin()).mapped()), now);
  }
  for (; !unsent_.empty(); unsent_.pop_front()) Send(std::move(unsent_.front()), now);
  const bool refill = more_ && refused_.size() < kInMemoryMax;
  if (!sent_.empty() && (refill || sent_.size() >= kMarkAtOnce || *mark_at_ <= now)) {
    mark_at_ = now + kMarkDelay;  // When the journal refuses, the same are marked then.
    MarkSent();
  }
  // What is read must not hold what was sent but could not be marked.
  if (!refill || !sent_.empty()) return;
  mark_at_.reset();
  if (!Load()) mark_at_ = now + kMarkDelay;
}

void Outbox::Send(journal::OutboxRow row, Steady now) {
  ++row.tries;
  if (notify_(row)) {
    if (!mark_at_) mark_at_ = now + kMarkDelay;
    sent_.push_back(std::move(row));
    return;
  }
  const int doublings = std::min(row.tries - 1, 6);
  const milliseconds delay = std::min(kRetryFirst * (1 << doublings), kRetryLast);
  refused_.emplace(now + delay, std::move(row));
}

void Outbox::MarkSent() {
  if (sent_.empty() || !journal_.MarkSent(sent_, clock_.Now())) return;
  sent_.clear();
  mark_at_.reset();
}

std::optional<Outbox::Steady> Outbox::next() const {
  if (!unsent_.empty()) return Steady();
  if (refused_.empty()) return mark_at_;
  const Steady send = refused_.begin()->first;
  return mark_at_ ? std::min(*mark_at_, send) : send;
}

}  // namespace recourse::runtime
