// Events that are no longer, or never were, in a journal, and why: what the journal says of itself.
//
// Run 0, "R-0", is the journal itself. Its events are of the types below and of no workflow; their
// payload is JSON, so that a person can read it with nothing but SQLite. They stand in the chain
// like every other event.
#pragma once

#include <map>

#include "engine/journal/journal.h"

namespace recourse::journal {

inline constexpr RunId kJournalItself{};
// A run was exported and removed: its tombstone.
inline constexpr int kRunRemoved = 1001;
// The journal was made of exported runs: what stood between them is not in it.
inline constexpr int kRunsImported = 1002;

// Positions without events, and how the chain goes over them.
struct Gap {
  Position first = 0;
  Position last = 0;
  Digest before{};  // the hash that the event at `first` followed
  Digest after{};   // the hash of the event at `last`
  bool operator==(const Gap&) const = default;
};

struct Absence {
  RunId run;                // that was removed; 0 with kRunsImported
  std::int64_t events = 0;  // that it had; with kRunsImported: that were imported
  ApprovalId approval;      // the highest that it had, whose number is not given again
  std::string workflow;
  std::string file;         // the export
  std::vector<Gap> gaps;    // in order
  std::string signature{};  // of UnsignedPayloadOf(), by the server that removed it; empty: none
};

std::string PayloadOf(const Absence& absence);
// What the signature is given for.
std::string UnsignedPayloadOf(Absence absence);
// kDataLoss: the event is none of these, or its payload is not one.
Result<Absence> ReadAbsence(const StoredEvent& event);

// All gaps that a journal's own events tell of, by their first position. kDataLoss: as ReadAbsence.
// Otherwise the reader's errors.
using Gaps = std::map<Position, Gap>;
Result<Gaps> ReadGaps(Reader& reader);

}  // namespace recourse::journal
