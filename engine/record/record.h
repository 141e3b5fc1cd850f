// What stands in the journal: the stored form of each event, and the index rows that follow from a
// run's state. The journal stores bytes, the machine knows no bytes; this joins the two.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/definition/workflow.h"
#include "engine/journal/journal.h"
#include "engine/machine/state.h"

namespace recourse::record {

struct Recorded {
  machine::Envelope envelope;
  machine::Event event;
};

journal::StoredEvent Encode(const machine::Envelope& envelope, const machine::Event& event);

// kDataLoss: the payload is not what its type says, or the type is not known to this binary.
Result<Recorded> Decode(const journal::StoredEvent& stored);

// The name of a stored type, "AttemptStarted"; "type 99" when it is not known.
std::string NameOfType(int type);

// The state of a run: the fold of its events. REQUIRES: `events` is not empty.
// kDataLoss: an event that cannot be decoded or does not follow the ones before it.
Result<machine::RunState> Fold(const std::vector<journal::StoredEvent>& events);

// All events of a run, folded. kNotFound: there is no such run. Otherwise as Fold and Reader.
Result<machine::RunState> ReadRun(journal::Reader& reader, RunId run);

// The index rows of a run in this state.
journal::RunRow RowOf(const definition::Workflow& workflow, const machine::RunState& state);
std::vector<journal::TimerRow> TimerRowsOf(const machine::RunState& state);

// The approvals that a decision requested, voted on or settled: `events` are the decision's,
// `before` is the state that it was taken in.
std::vector<journal::ApprovalRow> ApprovalRowsOf(const definition::Workflow& workflow,
                                                 const machine::RunState& before,
                                                 const std::vector<Recorded>& events);

// An event as one line for people: "restore succeeded: 50,000 rows". Times of day are UTC.
// `details` has the facts for programs.
struct TimelineEntry {
  machine::Envelope envelope;
  std::string type;  // "AttemptSucceeded"
  std::string step;  // "restore", "stop[0]"; empty when the event is about the run
  std::string text;
  Value details;
};
TimelineEntry Describe(const definition::Workflow& workflow, const Recorded& recorded);
// The same of an event of the journal itself: a run was removed, runs were imported.
// kDataLoss: it is none.
Result<TimelineEntry> DescribeOwn(const journal::StoredEvent& stored);

// kNotFound, for a run that has no row: whether there never was one, or where it is exported.
// Otherwise the reader's error.
Error NoSuchRun(journal::Reader& reader, RunId run);

// What a check of a whole journal found.
struct Verification {
  journal::Position events = 0;
  std::int64_t runs = 0;
  std::int64_t removed_runs = 0;      // exported and removed: each has a tombstone in the chain
  std::int64_t absent = 0;            // positions that they, or an import, left without events
  std::string head;                   // the last event's hash, in hexadecimal
  std::vector<std::string> problems;  // empty: chain and indexes are as they must be
};

// Reads every event twice, in the order of the journal for the hash chain and run by run for the
// fold, and compares each index row with what the fold gives. Definitions are checked against their
// digests and loaded without a catalogue. The journal may be appended to meanwhile. Holds one run
// at a time, and about 50 bytes for each run.
// Errors are the reader's; what is wrong with the journal itself is in `problems`, a sentence each
// that names the run or position; at most 1,000. Approvals are checked against the digest of what
// was shown. The outbox is not compared: what was sent is not
// told by events.
Result<Verification> Verify(journal::Reader& reader);

}  // namespace recourse::record
