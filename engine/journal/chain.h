// The hash chain over the events: each hash covers the one before it, so that a changed, removed,
// reordered or added event shows.
//
// hash = SHA-256(previous hash, position, run, sequence, time in microseconds, type: each as eight
// bytes big-endian; then principal and payload, each preceded by its length as eight bytes
// big-endian). The first event's previous hash is 32 zero bytes.
//
// The chain has no key: it shows damage and careless edits. Who can write the file can also compute
// a new chain, or cut events off its end; against that, keep the head's hash elsewhere.
#pragma once

#include <unordered_map>

#include "engine/journal/journal.h"

namespace recourse::journal {

Digest ChainHash(const Digest& previous, const StoredEvent& event);

// Checks events as they are read, in the order of their positions.
class ChainCheck {
 public:
  // kDataLoss: the event does not follow those before it; the message names position and run and
  // says in what: its hash, a gap in the positions, a gap in the run's sequence.
  Result<void> Add(const StoredEvent& event);

  Position last() const { return last_; }
  const Digest& hash() const { return hash_; }

 private:
  Position last_ = 0;
  Digest hash_{};
  std::unordered_map<RunId, std::int64_t> sequences_;  // the last one of each run
};

}  // namespace recourse::journal
