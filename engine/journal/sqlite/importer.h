// How runs that stood in another journal come into an empty one.
#pragma once

#include "engine/journal/sqlite/change_writer.h"
#include "engine/journal/sqlite/run_remover.h"

namespace recourse::journal {

// Stores all runs of `source` and the event that tells of the positions between them; answers that
// event. REQUIRES: a transaction is open and the journal is empty. Errors: see Journal::Import.
Result<StoredEvent> ImportRuns(const ImportSource& source, const std::string& file, Time time,
                               const std::string& principal, ChangeWriter& writer,
                               RunRemover& teller);

}  // namespace recourse::journal
