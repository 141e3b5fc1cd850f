// The runs that are in memory: those at work, and others while an input for them is dealt with.
//
// Belongs to the core loop's thread.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/calendar/window.h"
#include "engine/runtime/definitions.h"

namespace recourse::runtime {

struct LiveRun {
  machine::RunState state;
  std::shared_ptr<const definition::Workflow> workflow;
  std::vector<journal::TimerRow> timers;     // as the journal has them, once the batch is stored
  std::optional<calendar::Window> window{};  // of a run that has one, once it was needed
};

// Whether nothing of the run is at work: it waits, is paused or is over.
bool IsParked(const machine::RunState& state);

// Whether the run is over or waits for a person.
bool IsSettled(const machine::RunState& state);

class LiveRuns {
 public:
  LiveRuns(journal::Reader& reader, Definitions& definitions)
      : reader_(reader), definitions_(definitions) {}

  // From memory, or folded from the journal. The pointer lives until the run is dropped.
  // kNotFound: no such run. Otherwise as record::ReadRun and Definitions::Find.
  Result<LiveRun*> Load(RunId run);

  // Null when it is not in memory.
  LiveRun* Find(RunId run);

  // A run that begins: REQUIRES: no run of that id is there.
  LiveRun& Add(RunId run, std::shared_ptr<const definition::Workflow> workflow);

  // The journal does not have what was done to it: it is read again when it is next needed.
  void Drop(RunId run) { runs_.erase(run); }
  void DropIfParked(RunId run);

  std::size_t size() const { return runs_.size(); }

 private:
  journal::Reader& reader_;
  Definitions& definitions_;
  std::unordered_map<RunId, LiveRun> runs_;
};

}  // namespace recourse::runtime
