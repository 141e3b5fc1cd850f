// What a batch of inputs comes to before it is durable: everything that one append writes, and all
// that has to happen after it.
//
// Belongs to the core loop's thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "engine/runtime/live_runs.h"
#include "engine/runtime/message.h"

namespace recourse::runtime {

struct Surroundings;

struct Batch {
  Time now;
  journal::Heads heads;                             // as they will be
  std::int64_t inputs_bytes_max = 256 * 1024;       // the engine's option
  const decltype(Options::route)* route = nullptr;  // likewise; null: nobody is told
  const Surroundings* surroundings = nullptr;  // for plans that are made at once; null: none is

  std::vector<journal::RunChange> changes;
  struct RunEffect {
    RunId run;
    machine::Effect effect;
  };
  std::vector<RunEffect> effects;
  std::vector<RunId> runs;  // that are in memory because of this batch

  // Whom to answer, and with what: the row of a change, a row that stays as it is, or a refusal.
  struct Answer {
    Message* message;
    RunId run;
    std::variant<std::size_t, journal::RunRow, Error> content;
  };
  std::vector<Answer> answers;
  // The journal could not be read for these; they are of the engine's own and are kept.
  std::vector<Message*> held;

  // What schedules have come to without starting a run: stored after the changes. Rows of those
  // that start one stand in their changes.
  std::vector<journal::ScheduleRow> schedules;

  // What the batch itself adds to the journal's indexes.
  std::map<std::string, RunId, std::less<>> locks;           // acquired
  std::map<std::string, std::size_t, std::less<>> requests;  // request id -> change
  std::set<std::string, std::less<>> definitions;            // digests

  std::int64_t runs_opened = 0;  // less those that ended

  void Refuse(Message& message, RunId run, Error error) {
    answers.push_back({&message, run, std::move(error)});
  }
};

// Decides `input` for `run`, applies the events to it and adds what is to be written to `batch`. A
// plan that asks no action is made here too, so that its approval is asked in the same commit.
// Answers the index of the change, or nothing when there is nothing to write. Errors are Decide's;
// nothing has happened then.
Result<std::optional<std::size_t>> AddDecision(Batch& batch, LiveRun& run,
                                               const machine::Input& input, const Caller& caller,
                                               double jitter);

}  // namespace recourse::runtime
