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
  auto rows = journal_.reader().UnsentNotifications(kInMemoryMax);
  if (!rows) return std::move(rows).error().In("read the notifications that wait");
  more_ = rows->size() == kInMemoryMax;
  unsent_.assign(std::make_move_iterator(rows->begin()), std::make_move_iterator(rows->end()));
  return {};
}

void Outbox::Committed(std::span<const journal::RunChange> changes) {
  if (!notify_) return;
  for (const journal::RunChange& change : changes) {
    for (const journal::OutboxRow& row : change.notifications) {
      if (unsent_.size() >= kInMemoryMax) more_ = true;
      if (!more_) unsent_.push_back(row);
    }
  }
}

void Outbox::Work(Steady now) {
  while (!unsent_.empty() && (!send_at_ || *send_at_ <= now)) {
    if (!notify_(unsent_.front())) {
      delay_ = std::clamp(delay_ * 2, kRetryFirst, kRetryLast);
      send_at_ = now + delay_;
      break;
    }
    send_at_.reset();
    delay_ = {};
    if (!mark_at_) mark_at_ = now + kMarkDelay;
    sent_.push_back(std::move(unsent_.front()));
    unsent_.pop_front();
  }
  const bool refill = more_ && unsent_.empty();
  if (!sent_.empty() && (refill || sent_.size() >= kMarkAtOnce || *mark_at_ <= now)) {
    mark_at_ = now + kMarkDelay;  // When the journal refuses, the same are marked then.
    MarkSent();
  }
  // What is read must not hold what was sent but could not be marked.
  if (!refill || !sent_.empty()) return;
  mark_at_.reset();
  if (!Load()) mark_at_ = now + kMarkDelay;
}

void Outbox::MarkSent() {
  if (sent_.empty() || !journal_.MarkSent(sent_, clock_.Now())) return;
  sent_.clear();
  mark_at_.reset();
}

std::optional<Outbox::Steady> Outbox::next() const {
  if (unsent_.empty()) return mark_at_;
  const Steady send = send_at_.value_or(Steady());
  return mark_at_ ? std::min(*mark_at_, send) : send;
}

}  // namespace recourse::runtime
