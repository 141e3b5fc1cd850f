// Sends the notifications that the journal holds, at least once each.
//
// A notification is stored with the event that causes it; it is sent after the commit, and marked
// sent in the journal some time later: after a crash in between it is sent again. Its position and
// topic are the key by which a channel tells that.
//
// Belongs to the core loop's thread.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "engine/runtime/engine.h"

namespace recourse::runtime {

class Outbox {
 public:
  using Steady = std::chrono::steady_clock::time_point;

  // `notify` empty: nothing is sent, and what is stored waits for a server that can.
  Outbox(journal::Journal& journal, const Clock& clock,
         std::function<Result<void>(const journal::OutboxRow&)> notify);

  // Reads what is unsent and not in memory: at first what a former server left. Errors are the
  // reader's.
  Result<void> Load();

  void Committed(std::span<const journal::RunChange> changes);

  // Sends what is waiting and marks what was sent; called again at next().
  void Work(Steady now);
  std::optional<Steady> next() const;

  // Marks all that was sent, before the engine ends.
  void MarkSent();

 private:
  void Send(journal::OutboxRow row, Steady now);

  journal::Journal& journal_;
  const Clock& clock_;
  const std::function<Result<void>(const journal::OutboxRow&)> notify_;
  std::deque<journal::OutboxRow> unsent_;  // the oldest of those in the journal, not tried yet
  // Refused by a channel: by when they are tried again. Others need not wait for them.
  std::multimap<Steady, journal::OutboxRow> refused_;
  bool more_ = false;                      // the journal holds more than unsent_
  std::vector<journal::OutboxRow> sent_;   // not marked yet
  std::optional<Steady> mark_at_;
};

}  // namespace recourse::runtime
