#include "engine/journal/sqlite/importer.h"

#include "engine/journal/chain.h"

namespace recourse::journal {
namespace {

struct Link {
  Digest previous;
  Digest hash;
};

// What is left out between the events, and how the chain goes over it.
std::vector<Gap> GapsBetween(const std::map<Position, Link>& links) {
  std::vector<Gap> gaps;
  Position last = 0;
  Digest hash{};
  for (const auto& [position, link] : links) {
    if (position != last + 1) gaps.push_back({last + 1, position - 1, hash, link.previous});
    last = position;
    hash = link.hash;
  }
  return gaps;
}

}  // namespace

Result<StoredEvent> ImportRuns(const ImportSource& source, const std::string& file, Time time,
                               const std::string& principal, ChangeWriter& writer,
                               RunRemover& teller) {
  std::map<Position, Link> links;
  for (;;) {
    auto next = source();
    if (!next) return std::move(next).error();
    if (!*next) break;
    const ImportedRun& run = **next;
    RECOURSE_CHECK(run.previous.size() == run.change.events.size());
    for (std::size_t i = 0; i < run.previous.size(); ++i) {
      const StoredEvent& event = run.change.events[i];
      if (ChainHash(run.previous[i], event) != event.hash) {
        return DataLoss("the event at position " + std::to_string(event.position) + " of " +
                        event.run.ToString() +
                        " has been changed: its hash is not that of its content");
      }
      links[event.position] = {run.previous[i], event.hash};
    }
    for (const RunChange::Definition& definition : run.definitions) {
      if (auto stored = writer.StoreDefinition(definition); !stored) return stored.error();
    }
    if (auto stored = writer.Store(run.change); !stored) {
      return stored.error().In("import " + run.change.row.run.ToString());
    }
  }
  if (links.empty()) return InvalidArgument(file + " has no runs; nothing was imported");
  Heads heads;
  heads.position = links.rbegin()->first;
  heads.hash = links.rbegin()->second.hash;
  Absence absence;
  absence.events = static_cast<std::int64_t>(links.size());
  absence.file = file;
  absence.gaps = GapsBetween(links);
  return teller.Tell(kRunsImported, absence, time, principal, heads);
}

}  // namespace recourse::journal
