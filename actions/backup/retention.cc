#include "actions/backup/retention.h"

#include <algorithm>
#include <set>

#include "engine/base/text.h"

namespace recourse::backup {

Result<Pruning> DecidePruning(const Catalogue& catalogue, const Retention& retention, Time now,
                              const WhyNotGood& why_not_good) {
  Pruning pruning;
  std::vector<std::string> refused;
  const auto wanted = static_cast<std::size_t>(std::max(1, retention.keep_at_least));
  for (std::size_t i = 0; i < catalogue.entries.size() && pruning.good.size() < wanted; ++i) {
    const Entry& entry = catalogue.entries[i];
    if (entry.state != State::kVerified) {
      refused.push_back(entry.name + ": " + entry.reason);
      continue;
    }
    auto why = why_not_good(entry);
    if (!why) return std::move(why).error();
    if (*why) {
      refused.push_back(entry.name + ": " + **why);
    } else {
      pruning.good.push_back(i);
    }
  }
  if (pruning.good.empty()) {
    return FailedPrecondition(
        "there is no good backup, so that nothing may go: " +
        (refused.empty() ? "there is none at all" : database::Sentences(refused, 10)) +
        ". Nothing was removed");
  }
  const Entry& newest = catalogue.entries[pruning.good.front()];
  if (now - newest.taken_at > retention.max_age) {
    return FailedPrecondition(
        "the newest good backup, " + newest.name + ", is " + HumanDuration(now - newest.taken_at) +
        " old, allowed are " + HumanDuration(retention.max_age) +
        ": backups are not made any more, and what is there may be needed. Nothing was removed. "
        "Make a backup first, or have disk-full ask for it when there is no room for one");
  }
  // With fewer good ones than should be kept, the others may be all that is left of their time.
  if (pruning.good.size() < wanted) return pruning;
  const std::set<std::size_t> stays(pruning.good.begin(), pruning.good.end());
  for (std::size_t i = 0; i < catalogue.entries.size(); ++i) {
    const Entry& entry = catalogue.entries[i];
    const bool named = std::count(retention.names.begin(), retention.names.end(), entry.name) > 0;
    const bool too_old = now - entry.taken_at > retention.keep;
    const bool too_many = i >= retention.keep_at_most;
    if (stays.contains(i) || named || (!too_old && !too_many)) continue;
    pruning.removed.push_back(i);
  }
  return pruning;
}

}  // namespace recourse::backup
