// Runs out of the journal, once they stand in an archive; and back into an empty one.
#include <algorithm>

#include "engine/record/archive.h"
#include "engine/record/whole_run.h"

namespace recourse::record {
namespace {

constexpr std::int64_t kEventsCompared = 500;

bool IsSame(const journal::StoredEvent& a, const journal::StoredEvent& b) {
  return a.position == b.position && a.run == b.run && a.sequence == b.sequence &&
         a.time == b.time && a.type == b.type && a.principal == b.principal &&
         a.payload == b.payload && a.hash == b.hash;
}

// Whether the journal has exactly these events of the run.
Result<bool> HasExactly(journal::Reader& reader, const ArchivedRun& run) {
  const auto count = static_cast<std::int64_t>(run.events.size());
  for (std::int64_t read = 0;;) {
    auto page = reader.EventsOfRun(run.events.front().run, read, kEventsCompared);
    if (!page) return std::move(page).error();
    if (page->empty()) return read == count;
    if (read + static_cast<std::int64_t>(page->size()) > count) return false;
    const auto stored = run.events.begin() + read;
    if (!std::equal(page->begin(), page->end(), stored, IsSame)) return false;
    read += static_cast<std::int64_t>(page->size());
  }
}

// Whether the error keeps one run and no other.
bool KeepsOne(const Error& error) {
  return error.code == Code::kAborted || error.code == Code::kFailedPrecondition;
}

}  // namespace

Result<Pruned> PruneRuns(journal::Reader& reader, const std::string& path,
                         const journal::Removal& how, const RemoveRun& remove,
                         const std::stop_token& stop) {
  auto archive = ArchiveReader::Open(path);
  if (!archive) return std::move(archive).error();
  Pruned pruned;
  for (;;) {
    if (stop.stop_requested()) return Unavailable("given up because the server stops; ask again");
    auto run = archive->Next();
    if (!run) return std::move(run).error();
    if (!*run) return pruned;
    journal::Removal removal = how;
    removal.run = (*run)->events.front().run;
    removal.events = static_cast<std::int64_t>((*run)->events.size());
    auto row = reader.FindRun(removal.run);
    if (!row) return std::move(row).error();
    if (!*row) continue;  // by an earlier call
    auto same = HasExactly(reader, **run);
    if (!same) return std::move(same).error();
    if (!*same) {
      pruned.left.push_back(
          removal.run.ToString() +
          " has other events in the journal than in the file, perhaps a note that "
          "was added since; it was left as it is");
      continue;
    }
    auto removed = remove(removal);
    if (removed) {
      ++pruned.runs;
      pruned.events += removal.events;
    } else if (KeepsOne(removed.error())) {
      pruned.left.push_back(removed.error().message);
    } else if (removed.error().code != Code::kNotFound) {
      return std::move(removed).error().In("remove " + removal.run.ToString());
    }
  }
}

Result<ArchiveSummary> ImportRuns(journal::Journal& journal, const std::string& path, Time now,
                                  const std::string& principal) {
  auto archive = ArchiveReader::Open(path);
  if (!archive) return std::move(archive).error();
  const auto next = [&]() -> Result<std::optional<journal::ImportedRun>> {
    auto run = archive->Next();
    if (!run) return std::move(run).error();
    if (!*run) return std::optional<journal::ImportedRun>();
    std::vector<journal::RunChange::Definition> definitions;
    WholeRun whole(
        [&](const std::string& digest) -> Result<std::shared_ptr<const definition::Workflow>> {
          const auto found = archive->definitions().find(digest);
          if (found == archive->definitions().end()) {
            return DataLoss("its definition " + digest + " is not in " + path);
          }
          definitions.push_back(found->second);
          return LoadDefinition(digest, found->second.canonical);
        });
    for (const journal::StoredEvent& event : (*run)->events) {
      if (auto added = whole.Add(event); !added) return std::move(added).error();
    }
    journal::ImportedRun imported;
    imported.change.events = std::move((*run)->events);
    imported.change.row = whole.Row();
    imported.change.approvals = whole.ApprovalRows();
    imported.change.timers = whole.TimerRows();
    imported.definitions = std::move(definitions);
    imported.previous = std::move((*run)->previous);
    return std::optional(std::move(imported));
  };
  if (auto imported = journal.Import(next, path, now, principal); !imported) {
    return std::move(imported).error().In("import " + path);
  }
  return archive->summary();
}

}  // namespace recourse::record
