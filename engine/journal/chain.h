// The hash chain over the events: each hash covers the one before it, so that a changed, removed,
// reordered or added event shows.
//
// hash = SHA-256(previous hash, position, run, sequence, time in microseconds, type: each as eight
// bytes big-endian; then principal and payload, each preceded by its length as eight bytes
// big-endian). The first event's previous hash is 32 zero bytes.
//
// Where a run was exported and removed, its tombstone has the hashes between which the chain goes
// on.
//
// The chain has no key: it shows damage and careless edits. Who can write the file can also compute
// a new chain, or cut events off its end; against that, signed heads are kept elsewhere.
#pragma once

#include <unordered_map>

#include "engine/journal/absence.h"
#include "engine/journal/journal.h"

namespace recourse::journal {

Digest ChainHash(const Digest& previous, const StoredEvent& event);

// Checks events as they are read, in the order of their positions.
class ChainCheck {
 public:
  // Of a journal from which nothing was removed.
  ChainCheck() = default;
  // Of any: `reader`, which outlives the check, is asked for the tombstones when positions are
  // missing. They stand in the chain themselves: a check of the whole checks them too.
  explicit ChainCheck(Reader& reader) : reader_(&reader) {}

  // Begins behind this event, whose hash is taken as it is, instead of at the journal's beginning.
  void BeginAfter(Position last, const Digest& hash);

  // kDataLoss: the event does not follow those before it; the message names position and run and
  // says in what: its hash, positions that are missing without a tombstone, a gap in the run's
  // sequence. Otherwise the reader's errors.
  Result<void> Add(const StoredEvent& event);

  Position last() const { return last_; }
  const Digest& hash() const { return hash_; }
  // How many positions have no event because their runs were exported and removed, or were never
  // in a journal that was imported.
  std::int64_t absent() const { return absent_; }

 private:
  Result<void> Cross(const StoredEvent& event);

  Reader* reader_ = nullptr;
  Gaps gaps_;
  bool from_beginning_ = true;
  Position last_ = 0;
  Digest hash_{};
  std::int64_t absent_ = 0;
  std::unordered_map<RunId, std::int64_t> sequences_;  // the last one of each run
};

}  // namespace recourse::journal
