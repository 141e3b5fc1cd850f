// Appends to the journal that it is given until it is killed, and writes the position of each
// append to its standard output once it is told that it is durable. With the argument "remove" it
// removes R-1 instead.
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "engine/journal/sqlite/sqlite_journal.h"
#include "tests/unit/engine/journal/samples.h"

int main(int argc, char** argv) {
  using namespace recourse;
  using namespace recourse::journal;
  if (argc != 2 && argc != 3) return 2;
  auto journal = OpenSqliteJournal(argv[1], At(0), {.checkpoint_frames = 100});
  if (!journal) {
    std::fprintf(stderr, "%s\n", journal.error().ToString().c_str());
    return 1;
  }
  if (argc == 3) {
    Removal removal;
    removal.run = RunId{1};
    const auto row = (*journal)->reader().FindRun(removal.run);
    if (!row || !*row) return 1;
    removal.events = (*row)->revision;
    return (*journal)->RemoveRun(removal) ? 0 : 1;
  }
  for (;;) {
    // Two runs a commit: a new one, and the next events of the one begun before.
    Heads heads = (*journal)->heads();
    std::vector<RunChange> batch;
    if (heads.run.number > 0) {
      const auto last = (*journal)->reader().FindRun(heads.run);
      if (!last || !*last) return 1;
      batch.push_back(ChangeOf(heads, heads.run, 2, (*last)->revision));
      heads.position += 2;
    }
    batch.push_back(ChangeOf(heads, RunId{heads.run.number + 1}, 1));
    batch.back().timers = {{batch.back().row.run, 1, At(heads.position)}};
    const auto appended = (*journal)->Append(batch);
    if (!appended) return 1;
    const Position position = *appended;
    if (write(STDOUT_FILENO, &position, sizeof position) != sizeof position) return 0;
  }
}
