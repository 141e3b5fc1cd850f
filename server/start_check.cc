#include "server/start_check.h"

#include <algorithm>

#include "engine/journal/chain.h"

namespace recourse::server {
namespace {

constexpr std::int64_t kAtOnce = 500;

}  // namespace

Result<JournalCheck> CheckTail(journal::Reader& reader, Time now) {
  JournalCheck check;
  check.time = now;
  auto last = reader.LastPosition();
  if (!last) return std::move(last).error();
  // The event before the first one that is checked gives the hash that its hash follows from.
  journal::StoredEvent before;
  before.position = std::max<std::int64_t>(*last - kTailEvents - 1, 0);
  bool known = before.position == 0;
  for (;;) {
    auto events = reader.EventsAfter(before.position, kAtOnce);
    if (!events) return std::move(events).error().In("check the end of the journal");
    if (events->empty()) return check;
    for (journal::StoredEvent& event : *events) {
      const bool fits = event.position == before.position + 1 &&
                        event.hash == journal::ChainHash(before.hash, event);
      if (known) ++check.events;
      if (known && !fits) {
        check.problems = 1;
        check.first_problem = "the event at position " + std::to_string(event.position) +
                              " of run " + event.run.ToString() +
                              " does not follow the one before it: its hash is not that of its "
                              "content; the chain proves nothing from there on";
        return check;
      }
      known = true;
      before = std::move(event);
    }
  }
}

}  // namespace recourse::server
