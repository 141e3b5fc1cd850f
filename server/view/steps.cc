#include "server/view/steps.h"

#include <map>
#include <variant>

#include "engine/base/json.h"
#include "server/view/convert.h"

namespace recourse::server {
namespace {

using namespace machine;  // NOLINT: the events' names are the subject of this file
using State = v1::StepState;

// Follows the events and keeps, for each step, where it is and since when.
class Follower {
 public:
  explicit Follower(std::vector<v1::StepState>& steps) : steps_(steps) {}

  void Follow(const record::Recorded& recorded) {
    time_ = recorded.envelope.time;
    std::visit(*this, recorded.event);
  }

  void operator()(const StepSkipped& event) {
    if (IsLastItem(event.at)) End(event.at.step, State::SKIPPED);
  }
  void operator()(const ForEachStarted& event) {
    const bool empty = !event.items.is_list() || event.items.as_list().empty();
    open_[event.step] = empty ? 0 : static_cast<int>(event.items.as_list().size());
    if (empty) {
      End(event.step, State::SUCCEEDED);
    } else {
      Begin(event.step, State::RUNNING);
    }
  }
  void operator()(const AttemptStarted& event) {
    At(event.at.step).clear_effect();
    Begin(event.at.step, State::RUNNING);
  }
  void operator()(const AttemptSucceeded& event) {
    At(event.at.step).clear_effect();
    if (IsLastItem(event.at)) End(event.at.step, State::SUCCEEDED);
  }
  void operator()(const AttemptFailed& event) {
    if (event.left == LeftBehind::kUnknown) return;  // A probe looks at what is true.
    if (event.retry_at) {
      Begin(event.at.step, State::WAITING);
    } else {
      End(event.at.step, State::FAILED);
    }
  }
  void operator()(const StepFailed& event) { End(event.at.step, State::FAILED); }
  void operator()(const SwitchTaken& event) { End(event.step, State::SUCCEEDED); }
  void operator()(const CheckpointReached& event) { End(event.step, State::SUCCEEDED); }
  void operator()(const WaitStarted& event) { Begin(event.step, State::WAITING); }
  void operator()(const WaitEnded& event) { End(event.step, State::SUCCEEDED); }
  void operator()(const ParallelStarted& event) { Begin(event.step, State::RUNNING); }
  void operator()(const SubWorkflowStarted& event) {
    for (int step = event.first; step < event.end; ++step) At(step).set_state(State::PENDING);
    Begin(event.step, State::RUNNING);
  }
  void operator()(const ManualStarted& event) { Begin(event.step, State::WAITING); }
  void operator()(const StepCompleted& event) { End(event.step, State::SUCCEEDED); }
  void operator()(const PlanStarted& event) { Begin(event.step, State::RUNNING); }
  void operator()(const ApprovalRequested& event) {
    approvals_[event.id] = event.step;
    Begin(event.step, State::WAITING);
  }
  void operator()(const ApprovalSettled& event) {
    const auto step = approvals_.find(event.id);
    if (step == approvals_.end() || event.settlement == Settlement::kVoid) return;
    End(step->second, event.settlement == Settlement::kApproved ? State::SUCCEEDED : State::FAILED);
  }
  void operator()(const AttentionNeeded& event) {
    if (event.question == Question::kUnknownEffect) {
      At(event.at.step).set_effect(State::UNKNOWN);
    } else if (event.question == Question::kVerifyInconclusive) {
      At(event.at.step).set_effect(State::STANDS);
    }
    if (At(event.at.step).state() == State::RUNNING) Begin(event.at.step, State::WAITING);
  }
  // What a person has said of it is in the state.
  void operator()(const EffectResolved& event) { At(event.at.step).clear_effect(); }
  void operator()(const CompensationSkipped& event) {
    At(event.at.step).set_effect(State::STANDS);  // it has no way back
  }
  void operator()(const CompensationStarted& event) {
    At(event.at.step).set_state(State::COMPENSATING);
  }
  void operator()(const CompensationSucceeded& event) { End(event.at.step, State::COMPENSATED); }
  void operator()(const RunSucceeded&) { Over(); }
  void operator()(const RunFailed&) { Over(); }
  void operator()(const RunCancelled&) { Over(); }
  void operator()(const RunRolledBack&) { Over(); }
  // What is left moves no step.
  template <class Event>
  void operator()(const Event&) {}

 private:
  v1::StepState& At(int step) { return steps_.at(static_cast<std::size_t>(step)); }

  // Whether nothing of the step is left once this is done: items may end in any order.
  bool IsLastItem(StepRef at) { return at.item < 0 || --open_[at.step] <= 0; }

  void Begin(int step, State::State state) {
    v1::StepState& view = At(step);
    const bool entered = view.state() != State::RUNNING && view.state() != State::WAITING;
    if (entered) *view.mutable_start_time() = ToProto(time_);
    view.clear_end_time();
    view.set_state(state);
  }
  void End(int step, State::State state) {
    v1::StepState& view = At(step);
    const bool at_once = view.state() == State::PENDING || !view.has_start_time();
    if (at_once) *view.mutable_start_time() = ToProto(time_);
    *view.mutable_end_time() = ToProto(time_);
    view.set_state(state);
  }
  void Over() {
    for (v1::StepState& view : steps_) {
      const bool unfinished = view.state() == State::RUNNING || view.state() == State::WAITING;
      if (unfinished) view.set_state(State::PENDING);
    }
  }

  std::vector<v1::StepState>& steps_;
  std::map<int, int> open_;              // how many items of a step are not done yet
  std::map<ApprovalId, int> approvals_;  // the step that asked
  Time time_;
};

void AddFacts(const machine::StepState& facts, v1::StepState& view) {
  // It is as if it had not run, and it will run again; what was put back is told as such.
  if (facts.stale && view.state() != State::COMPENSATED) {
    view.set_state(State::PENDING);
    view.clear_start_time();
    view.clear_end_time();
  }
  view.set_visits(facts.visits);
  int attempts = 0;
  int reached = 0;
  for (const auto& [item, count] : facts.attempts) {
    attempts += count;
    if (item >= 0) ++reached;
  }
  view.set_attempts(attempts);
  if (facts.items.is_list()) {
    view.set_items(static_cast<int>(facts.items.as_list().size()));
    view.set_items_reached(reached);
  }
  if (facts.error) *view.mutable_error() = ToProto(*facts.error);
  if (!facts.output.is_null()) view.set_output_json(ToJson(facts.output));
}

// What a rollback would have to undo still stands.
void AddEffects(const definition::Workflow& workflow, const std::vector<Done>& done,
                std::vector<v1::StepState>& views) {
  for (const Done& entry : done) {
    const auto index = static_cast<std::size_t>(entry.at.step);
    const auto* action = std::get_if<definition::ActionStep>(&workflow.steps.at(index).kind);
    if (action == nullptr || action->repeat == RepeatClass::kReadOnly) continue;
    const bool partial = entry.kind == Done::Kind::kPartial;
    views.at(index).set_effect(partial ? State::PARTIAL : State::STANDS);
  }
}

}  // namespace

std::vector<v1::StepState> StepViews(const definition::Workflow& workflow,
                                     const machine::RunState& state,
                                     const std::vector<record::Recorded>& events) {
  std::vector<v1::StepState> views;
  for (const definition::Step& step : workflow.steps) {
    v1::StepState& view = views.emplace_back();
    view.set_id(step.id);
    view.set_kind(std::string(definition::NameOf(step.kind)));
    view.set_summary(step.summary);
    if (const auto* action = std::get_if<definition::ActionStep>(&step.kind)) {
      view.set_action(action->action);
    }
    view.set_state(State::PENDING);
    view.set_irreversible(step.irreversible);
  }
  Follower follower(views);
  for (const record::Recorded& recorded : events) follower.Follow(recorded);
  for (const auto& [index, facts] : state.steps) {
    AddFacts(facts, views.at(static_cast<std::size_t>(index)));
  }
  AddEffects(workflow, state.done, views);
  return views;
}

}  // namespace recourse::server
