// A run in a world of its own: plays the engine's part around the rules. Attempts stay at work
// until a test says how they end, several at once; the clock moves when a test says so; a crash
// drops everything but the events.
//
// Every event goes through its stored form. After every decision the world holds that the fold of
// the stored events is the live state, and what witness.h says. A broken promise, or an input that
// the rules refuse against a test's word, fails the test with all that happened before.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "engine/calendar/window.h"
#include "engine/record/record.h"
#include "tests/simulation/actions.h"
#include "tests/simulation/witness.h"

namespace recourse::simulation {

class World {
 public:
  explicit World(std::string_view yaml, const Library& others = {});
  explicit World(std::shared_ptr<const definition::Workflow> workflow,
                 std::vector<Gate> gates = {});

  // --- inputs ---

  // What the rules say to it; when they take it, it is done.
  Result<void> Try(const machine::Input& input, const std::string& principal = "engine");
  // REQUIRES: the rules take it, or refuse it.
  void Send(const machine::Input& input, const std::string& principal = "operator");
  Error Refused(const machine::Input& input, const std::string& principal = "operator");

  // `holder` has the lock; 0: it is free.
  void Start(Value inputs = Value::Map(), RunId holder = {});
  // The server dies and starts again.
  void Crash();

  // --- what is at work; a name is that of a step or an item: "stop", "stop[1]" ---

  // Its phases succeed until the attempt, or compensation, is over.
  void Succeed(const std::string& name, Value output = Value::Map());
  void Fail(const std::string& name, Code code = Code::kInternal,
            LeftBehind left = LeftBehind::kNothing);
  void Probe(const std::string& name, ProbeAnswer::Verdict verdict);
  void Plan(const std::string& name);
  // Everything succeeds that is at work or comes to be, until nothing is or `name` is applied.
  void WorkUntil(const std::string& name = {});
  void Work() { WorkUntil(); }
  // How a phase at work ends; the rules must take it.
  void End(machine::StepRef at, const machine::Input& outcome);

  // --- people and time ---

  void Vote(const std::string& who, machine::Vote vote);
  void Answer(const std::string& item, bool done = true);
  void Signal(const std::string& name);
  void Pause() { Send(machine::Pause{"a look at it"}); }
  void Resume() { Send(machine::Resume{"go on"}); }
  void Cancel(bool rollback) { Send(machine::Cancel{"enough", rollback, {}}); }
  // Moves the clock; timers that become due on the way fire.
  void Wait(std::chrono::microseconds span);
  // Moves the clock to the next timer, which fires. False: none is set.
  bool FireNext();

  // --- what came of it ---

  const machine::RunState& state() const { return state_; }
  machine::RunStatus status() const { return machine::StatusOf(state_); }
  const definition::Workflow& workflow() const { return *workflow_; }
  const AtWork& attempts() const { return at_work_; }
  const std::vector<int>& plans() const { return plans_; }
  // "apply stop[1]/1", in the order of the steps.
  std::vector<std::string> at_work() const;
  // Of all phases so far, and of the steps undone and stopped, in their order.
  const std::vector<std::string>& started() const { return started_; }
  const std::vector<std::string>& undone() const { return undone_; }
  const std::vector<std::string>& stopped() const { return stopped_; }
  std::vector<std::string> events() const;
  std::size_t size() const { return journal_.size(); }
  std::string why() const;
  // The code of the failure that the run ended in, or the last one.
  Code code() const { return state_.error ? state_.error->code : Code::kUnknown; }
  int locks_released() const { return locks_released_; }
  // All that happened, a line each.
  std::string Story() const;
  [[noreturn]] void Break(const std::string& what) const;

  Time now = Time(std::chrono::hours(24 * 365 * 56));

 private:
  void Hold(const std::string& broken) const {
    if (!broken.empty()) Break(broken);
  }
  void Note(std::string line) { story_.push_back(std::move(line)); }
  void Record(const machine::Event& event, const std::string& principal);
  void Do(const machine::Effect& effect);
  // An action that changes something begins inside the window only.
  void CheckWindow(machine::StepRef at) const;
  void CheckUndoing(const machine::StartPhase& start) const;
  void Judge() const;
  machine::StartPhase Find(const std::string& name) const;
  void EndWell(const machine::StartPhase& start, Value output);
  std::string Describe(const machine::StartPhase& start) const;

  std::shared_ptr<const definition::Workflow> workflow_;
  std::optional<calendar::Window> window_;  // of the workflow
  Witness witness_;
  machine::RunState state_;
  std::vector<journal::StoredEvent> journal_;
  AtWork at_work_;
  std::vector<int> plans_;
  std::map<std::string, std::pair<machine::StepRef, int>> keys_;
  std::map<std::string, Value> items_;    // of attempts, by key
  std::map<std::string, Value> answers_;  // what they answered
  std::int64_t approvals_ = 0;
  int locks_released_ = 0;
  std::vector<std::string> started_;
  std::vector<std::string> undone_;
  std::vector<std::string> stopped_;
  std::vector<std::string> story_;
};

}  // namespace recourse::simulation
