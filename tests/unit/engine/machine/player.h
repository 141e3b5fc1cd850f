// Plays a run by hand: sends inputs to the real rules, keeps its events, and holds that their fold
// is the live state.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/machine/decide.h"

namespace recourse::machine {

// Actions of every class: read.it, do.it (idempotent), probe.it, once.it, and undo.it, which is
// probed, prepares and can be undone.
class TestCatalogue final : public ActionCatalogue {
 public:
  TestCatalogue();
  const ActionSpec* Find(std::string_view name) const override;
  std::vector<const ActionSpec*> All() const override;

 private:
  std::vector<ActionSpec> specs_;
};

// The workflow of this text. Fails the test when it has problems.
std::shared_ptr<const definition::Workflow> WorkflowOf(std::string_view yaml);

class Player {
 public:
  explicit Player(std::string_view yaml);
  explicit Player(std::shared_ptr<const definition::Workflow> workflow);

  // Decides and applies; what the rule wants done is in effects(). Fails the test when refused.
  void Send(const Input& input, const std::string& principal = "engine");
  // REQUIRES: the rules refuse it, changing nothing.
  Error Refused(const Input& input, const std::string& principal = "engine");

  void Start(Value inputs = Value::Map(), const std::string& lock = {}, RunId holder = {});
  // Answers the phase that was started last.
  void Succeed(Value output = Value::Map());
  void Prepare(Value undo = Value::Map());
  void Fail(Code code, LeftBehind left = LeftBehind::kNothing);
  void Probe(ProbeAnswer::Verdict verdict, Value output = Value());
  void FailCompensation();
  // Lets the timer of that kind fire when it is due.
  void Fire(TimerKind kind);
  void Vote(const std::string& principal, machine::Vote vote,
            std::vector<std::string> roles = {"dba"});

  const RunState& state() const { return state_; }
  RunStatus status() const { return StatusOf(state_); }
  const definition::Workflow& workflow() const { return *workflow_; }
  // Of the last Send.
  const std::vector<Effect>& effects() const { return effects_; }
  // The phase started last: "apply do/1", "compensate undo/1"; "nothing" when the last Send
  // started none.
  std::string started() const;
  // The names of all events so far, and of those since the last call of Fresh.
  std::vector<std::string> names() const;
  std::vector<std::string> Fresh();
  // "apply a/1" and so on for every phase started so far, in order.
  const std::vector<std::string>& history() const { return history_; }
  std::string why() const;

  Time now = Time(std::chrono::hours(24 * 365 * 56));

 private:
  Facts FactsFor(const std::string& principal) const;
  const StartPhase& Last() const;
  void Check() const;

  std::shared_ptr<const definition::Workflow> workflow_;
  RunState state_;
  std::vector<std::pair<Envelope, Event>> events_;
  std::vector<Effect> effects_;
  std::optional<StartPhase> last_;
  std::vector<std::string> history_;
  std::size_t fresh_ = 0;
};

}  // namespace recourse::machine
