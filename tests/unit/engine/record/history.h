// Runs that are decided by the real rules and journaled as the engine does it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/journal/journal.h"
#include "engine/machine/decide.h"

namespace recourse::record {

class History {
 public:
  explicit History(const std::string& path);  // of a journal that is made

  // Starts a run of the workflow of this text (its actions are those of machine::TestCatalogue).
  RunId Start(std::string_view yaml, machine::Start start, const std::string& principal = "kim");

  // Decides, journals and applies. Fails the test when the rules refuse.
  void Send(RunId run, const machine::Input& input, const std::string& principal = "engine");

  // Answers the phase that the run started last.
  void Succeed(RunId run, Value output = Value::Map(), const std::string& note = {});
  void Prepare(RunId run, Value undo);
  void Fail(RunId run, Code code, LeftBehind left = LeftBehind::kNothing);
  void Fire(RunId run, machine::TimerKind kind);
  void Vote(RunId run, const std::string& principal, machine::Vote vote);

  const machine::RunState& state(RunId run) const { return runs_.at(run).state; }
  const definition::Workflow& workflow(RunId run) const { return *runs_.at(run).workflow; }
  journal::Journal& journal() { return *journal_; }

  Time now;

 private:
  struct Run {
    std::shared_ptr<const definition::Workflow> workflow;
    machine::RunState state;
    std::optional<machine::StartPhase> last;
  };
  const machine::StartPhase& Last(RunId run) const;

  std::unique_ptr<journal::Journal> journal_;
  std::map<RunId, Run> runs_;
};

// A run in every status but those of a moment, with approvals, timers and a lock, one for_each, a
// rollback and a retry.
void WriteRunsOfEveryKind(History& history);

}  // namespace recourse::record
