// A schedule as loaded: which workflow is started by itself, with what and when.
//
// Immutable once loaded; may be read from any thread.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/calendar/cron.h"
#include "engine/definition/workflow.h"

namespace recourse::definition {

// What happens when a time comes while the schedule's previous run is still open. kSkip: nothing is
// started for it. kQueue: it is started when the runs before it are over.
enum class Overlap { kSkip, kQueue };

// Which of the times that nobody was there to act on are made up for. kNone: none. kLast: the
// newest. kAll: the newest ones up to a limit, the oldest first.
enum class CatchUp { kNone, kLast, kAll };

std::string_view ToString(Overlap value);
std::string_view ToString(CatchUp value);

struct Schedule {
  std::string name;
  std::string summary;
  std::string workflow;
  Value inputs;  // a map, as StartRun is given it
  calendar::Cron cron;
  microseconds jitter{};  // the most by which a start is put off; 0: none
  Overlap overlap = Overlap::kSkip;
  CatchUp catch_up = CatchUp::kNone;
  int catch_up_limit = 10;  // of kAll
  bool paused = false;      // until somebody resumes it

  // When the run for `time` is to start: up to `jitter` later. The same schedule and time have the
  // same delay always, and different schedules different ones.
  Time StartOf(Time time) const;

  // The request_id of the run for `time`: "schedule/nightly-backup/2026-11-25T02:00:00Z".
  std::string RequestIdOf(Time time) const;

  // "schedule:nightly-backup": who asks for its runs.
  std::string Principal() const { return "schedule:" + name; }
};

using WorkflowsByName = std::map<std::string, std::shared_ptr<const Workflow>, std::less<>>;

// Reads and checks a schedule's file (YAML); docs/schedules.md tells what it may say. Nothing
// unknown is accepted; the workflow must be one of `workflows` and take the inputs.
// kInvalidArgument: every problem, a line each: "file:line:column: message".
Result<std::shared_ptr<const Schedule>> LoadSchedule(std::string_view text, std::string_view file,
                                                     const WorkflowsByName& workflows,
                                                     const Inventory& inventory);

}  // namespace recourse::definition
