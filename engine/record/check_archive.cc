// Whether an archive is what was removed from a journal.
#include "engine/journal/absence.h"
#include "engine/journal/chain.h"
#include "engine/record/archive.h"

namespace recourse::record {
namespace {

// The stretches that the run's events filled, with the hashes between which they lead.
// kDataLoss: an event's hash is not that of its content and of the hash before.
Result<std::vector<journal::Gap>> StretchesOf(const ArchivedRun& run) {
  std::vector<journal::Gap> stretches;
  for (std::size_t i = 0; i < run.events.size(); ++i) {
    const journal::StoredEvent& event = run.events[i];
    if (journal::ChainHash(run.previous[i], event) != event.hash) {
      return DataLoss("the event at position " + std::to_string(event.position) + " of " +
                      event.run.ToString() + " has been changed in the file");
    }
    const bool goes_on = !stretches.empty() && event.position == stretches.back().last + 1;
    if (goes_on && run.previous[i] != stretches.back().after) {
      return DataLoss("the event at position " + std::to_string(event.position) + " of " +
                      event.run.ToString() + " does not follow the one before it in the file");
    }
    if (!goes_on) stretches.push_back({event.position, 0, run.previous[i], {}});
    stretches.back().last = event.position;
    stretches.back().after = event.hash;
  }
  return stretches;
}

// What is wrong with a run of the archive; empty: nothing.
Result<std::string> CheckRun(journal::Reader& reader, const ArchivedRun& run) {
  const RunId id = run.events.front().run;
  auto stretches = StretchesOf(run);
  if (!stretches) return stretches.error().message;
  auto removed = reader.ListRemoved(RunId{id.number - 1}, 1);
  if (!removed) return std::move(removed).error();
  if (removed->empty() || removed->front().run != id) {
    return id.ToString() + " is in the file, but was not removed from this journal";
  }
  auto told = reader.EventsAfter(removed->front().position - 1, 1);
  if (!told) return std::move(told).error();
  if (told->empty()) return "the tombstone of " + id.ToString() + " is missing";
  auto absence = journal::ReadAbsence(told->front());
  if (!absence) return absence.error().message;
  if (absence->run == id && absence->gaps == *stretches) return std::string();
  return id.ToString() +
         " is not the run that was removed from this journal: its events do not lead "
         "between the hashes of its tombstone";
}

}  // namespace

Result<ArchiveCheck> CheckArchive(journal::Reader& reader, const std::string& path) {
  ArchiveCheck check;
  auto archive = ArchiveReader::Open(path);
  if (!archive) return std::move(archive).error();
  for (;;) {
    auto run = archive->Next();
    if (!run) return std::move(run).error();
    if (!*run) return check;
    auto problem = CheckRun(reader, **run);
    if (!problem) return std::move(problem).error();
    if (problem->empty()) {
      ++check.runs;
    } else {
      check.problems.push_back(*std::move(problem));
    }
  }
}

}  // namespace recourse::record
