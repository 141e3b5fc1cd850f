// The check of the journal that is cheap enough for every start.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/journal/journal.h"

namespace recourse::server {

// The server's exit codes, as docs/operations.md lists them.
enum StartExitCode {
  kExitStopped = 0,
  kExitFailed = 1,
  kExitUsage = 2,
  kExitJournalHeld = 3,
  kExitJournalDamaged = 4,
};

// What to do about the journal in that file, which is damaged as the error says.
Error WithAdvice(Error error, const std::string& journal);

// How many events the check at the start looks at: some tens of milliseconds, however long the
// journal is. The last few hundred of them have been checked when the journal was opened, and one
// that is broken there is not opened; a break further back belongs to runs that are long over, and
// must not keep others from going on.
inline constexpr std::int64_t kTailEvents = 10'000;

// What a check of the journal came to.
struct JournalCheck {
  Time time;
  bool whole = false;  // false: the hash chain of its last events only
  std::int64_t events = 0;
  std::int64_t problems = 0;
  std::string first_problem;
};

// Whether the hashes of the last kTailEvents events are those of their content and of the event
// before. A broken chain is a problem of the answer; errors are the reader's.
Result<JournalCheck> CheckTail(journal::Reader& reader, Time now);

}  // namespace recourse::server
