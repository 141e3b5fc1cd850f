// What every journal must do, whatever stores it.
#pragma once

#include <functional>
#include <memory>

#include "engine/journal/journal.h"

namespace recourse::journal {

// Makes an empty journal; a suite has one open at a time. Called again after the last one was
// destroyed, with `again`, it opens what that one stored.
using JournalFactory = std::function<std::unique_ptr<Journal>(bool again)>;

// To be called in a TEST_CASE of its own.
void CheckJournal(const JournalFactory& open);

}  // namespace recourse::journal
