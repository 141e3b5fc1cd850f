// What the journal says of itself, as lines of a timeline.
#include "engine/base/text.h"
#include "engine/journal/absence.h"
#include "engine/record/record.h"

namespace recourse::record {

Result<TimelineEntry> DescribeOwn(const journal::StoredEvent& stored) {
  auto absence = journal::ReadAbsence(stored);
  if (!absence) return std::move(absence).error();
  TimelineEntry entry;
  entry.envelope = {stored.run, stored.sequence, stored.position, stored.time, stored.principal};
  entry.type = stored.type == journal::kRunRemoved ? "RunRemoved" : "RunsImported";
  const std::string events = std::to_string(absence->events) + " events";
  if (stored.type == journal::kRunRemoved) {
    entry.text = absence->run.ToString() + " (" + absence->workflow + ", " + events +
                 ") was removed by " + stored.principal + "; it is exported in " + absence->file;
  } else {
    entry.text = "this journal was made of " + events + " of " + absence->file;
  }
  entry.details =
      Value::Object({{"run", absence->run.number == 0 ? Value() : Value(absence->run.ToString())},
                     {"workflow", absence->workflow},
                     {"events", absence->events},
                     {"file", absence->file}});
  return entry;
}

Error NoSuchRun(journal::Reader& reader, RunId run) {
  auto removed = reader.ListRemoved(RunId{run.number - 1}, 1);
  if (!removed) return std::move(removed).error();
  const bool is_removed = !removed->empty() && removed->front().run == run;
  if (!is_removed) return NotFound("there is no run " + run.ToString());
  auto told = reader.EventsAfter(removed->front().position - 1, 1);
  if (!told) return std::move(told).error();
  if (told->empty()) return DataLoss("the tombstone of " + run.ToString() + " is missing");
  auto absence = journal::ReadAbsence(told->front());
  if (!absence) return std::move(absence).error();
  return NotFound(run.ToString() + " was removed from the journal on " +
                  FormatTimestamp(ToTimestamp(told->front().time)) + " by " +
                  told->front().principal + "; it is exported in " + absence->file +
                  ". To look at it: recourse journal import " + ShellWord(absence->file) +
                  " --file NEW.db");
}

}  // namespace recourse::record
