// A checked copy of a journal that is in use.
#pragma once

#include <string>

#include "engine/base/error.h"

namespace recourse::journal {

// See Journal::BackUp.
Result<void> BackUpJournal(const std::string& from, const std::string& to);

}  // namespace recourse::journal
