// What the engine promises of every run, judged from what is decided and not from how.
//
// Each function answers which promise is broken, as a sentence; empty: none is.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/machine/decide.h"

namespace recourse::simulation {

// The attempts and compensations that the engine has set going and that are not over.
using AtWork = std::map<machine::StepRef, machine::StartPhase>;

// An approval, and the irreversible step that must not begin without it.
struct Gate {
  std::string approval;
  std::string pivot;
};

// Follows the events of one run.
class Witness {
 public:
  Witness(const definition::Workflow& workflow, std::vector<Gate> gates);

  // REQUIRES: `state` is that of the run before `event`.
  std::string See(const machine::RunState& state, const machine::Event& event);

  // The approvals that nobody has settled.
  const std::set<ApprovalId>& open() const { return open_; }

 private:
  // What a rollback would have to undo, in the order of completion.
  struct Entry {
    machine::StepRef at;
    bool checkpoint = false;
  };

  std::string SeeAttempt(const machine::RunState& state, const machine::AttemptStarted& event);
  std::string SeeUndoing(machine::StepRef at, bool starts);
  void SeeDone(const machine::Event& event);
  std::string SeeEnd(const machine::Event& event) const;
  std::string SeeAllUndone() const;
  bool CanBeUndone(machine::StepRef at) const;
  std::string Name(machine::StepRef at) const { return machine::NameOf(workflow_, at); }

  const definition::Workflow& workflow_;
  std::vector<Gate> gates_;
  std::set<std::string> approved_;   // approvals that were given, for the pivot behind them
  std::map<ApprovalId, int> asked_;  // the step of each approval
  std::set<ApprovalId> of_steps_;    // that a step asked for
  std::set<ApprovalId> open_;
  std::vector<Entry> completed_;
  std::map<machine::StepRef, int> attempts_;
  std::set<machine::StepRef> at_work_;
  std::optional<int> rolls_back_to_;
  std::optional<machine::Ending> ending_;  // once it is known and what runs at last has begun
};

// What is at work is what the state says is at work.
std::string JudgeAtWork(const definition::Workflow& workflow, const machine::RunState& state,
                        const AtWork& at_work);

// The timers are those of what waits; nothing that would start something wakes a run that is held.
std::string JudgeTimers(const machine::RunState& state);

// A run at which nothing is at work is over, or says why it waits and who can unblock it.
std::string JudgeWaiting(const definition::Workflow& workflow, const machine::RunState& state);

}  // namespace recourse::simulation
