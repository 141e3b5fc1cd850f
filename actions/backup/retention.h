// Which backups may go. A decision without I/O, but for the proof that a backup is good.
#pragma once

#include <chrono>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "actions/backup/catalogue.h"
#include "engine/base/clock.h"
#include "engine/base/error.h"

namespace recourse::backup {

struct Retention {
  std::chrono::days keep{};  // only what is older may go
  int keep_at_least = 1;     // so many verified ones stay, however old
  std::size_t keep_at_most = std::numeric_limits<std::size_t>::max();  // of the newest; 0 is none
  std::chrono::microseconds max_age{};  // of the newest verified one, else nothing may go
  std::vector<std::string> names = {};  // these stay
};

// Indexes into the catalogue.
struct Pruning {
  std::vector<std::size_t> removed;
  std::vector<std::size_t> good;  // those that were proven good and stay, newest first
};

// Decides what goes. `why_not_good` is asked of verified entries, newest first, until enough are
// proven: a backup counts only when its bytes are good now.
//
// kFailedPrecondition: there is no good backup, or the newest is older than max_age: what is there
// may be needed. Errors of `why_not_good` are passed on.
using WhyNotGood = std::function<Result<std::optional<std::string>>(const Entry&)>;
Result<Pruning> DecidePruning(const Catalogue& catalogue, const Retention& retention, Time now,
                              const WhyNotGood& why_not_good);

}  // namespace recourse::backup
