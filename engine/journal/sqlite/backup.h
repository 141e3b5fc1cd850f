// A checked copy of a journal that is in use.
#pragma once

#include <stop_token>
#include <string>

#include "engine/base/error.h"

namespace recourse::journal {

// See Journal::BackUp. `from` may also be a journal that no server has open.
Result<void> BackUpJournal(const std::string& from, const std::string& to,
                           const std::stop_token& stop);

}  // namespace recourse::journal
