// The schema of the journal's file, and how an older one becomes it.
#pragma once

#include "engine/journal/sqlite/database.h"

namespace recourse::journal {

// What the file at the other end of a connection is.
enum class Content { kNothing, kJournal };

// kDataLoss: it is something else. kFailedPrecondition: a journal of a newer binary.
Result<Content> Inspect(Database& database);

// Brings the schema to this binary's version, each step in a transaction of its own; writes it when
// there is none. REQUIRES: Inspect() answered.
Result<void> Migrate(Database& database);

// kFailedPrecondition: the schema is older than this binary, and a reader cannot change it.
Result<void> RequireCurrent(Database& database);

}  // namespace recourse::journal
