#include "server/start_check.h"

#include <algorithm>
#include <utility>

#include "engine/base/text.h"
#include "engine/journal/chain.h"

namespace recourse::server {
namespace {

constexpr std::int64_t kAtOnce = 500;

}  // namespace

Error WithAdvice(Error error, const std::string& journal) {
  error.message +=
      ".\nWhat is readable, and what to do step by step: recourse journal verify --file " +
      ShellWord(journal) +
      "\nHow a backup of the journal is put in its place: \"Backup of the journal\" in "
      "docs/operations.md";
  return error;
}

Result<JournalCheck> CheckTail(journal::Reader& reader, Time now) {
  JournalCheck check;
  check.time = now;
  auto last = reader.LastPosition();
  if (!last) return std::move(last).error();
  // The event before the first one that is checked gives the hash that its hash follows from.
  journal::Position after = std::max<std::int64_t>(*last - kTailEvents - 1, 0);
  bool known = after == 0;
  journal::ChainCheck chain(reader);
  for (;;) {
    auto events = reader.EventsAfter(after, kAtOnce);
    if (!events) return std::move(events).error().In("check the end of the journal");
    if (events->empty()) return check;
    for (const journal::StoredEvent& event : *events) {
      after = event.position;
      if (!std::exchange(known, true)) {
        chain.BeginAfter(event.position, event.hash);
        continue;
      }
      auto added = chain.Add(event);
      if (!added && added.error().code != Code::kDataLoss) return added.error();
      ++check.events;
      if (added) continue;
      check.problems = 1;
      check.first_problem = added.error().message + "; the chain proves nothing from there on";
      return check;
    }
  }
}

}  // namespace recourse::server
