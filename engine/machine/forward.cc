// The forward path: entering steps and starting attempts.
#include <algorithm>

#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/definition/transitions.h"
#include "engine/machine/draft.h"

namespace recourse::machine {
namespace {

using definition::ActionStep;
// Of a for_each. Each is one commit at least, and what is known of all of them is held in memory.
constexpr std::size_t kItemsMax = 10'000;

bool SomePlanFollows(const definition::Workflow& workflow, int step) {
  for (const int next : ExpectedPath(workflow, step)) {
    const auto* action = std::get_if<ActionStep>(&workflow.steps[std::size_t(next)].kind);
    if (action != nullptr) return true;
  }
  return false;
}

// Where a switch goes when all is well: its default, unless that only fails.
int ExpectedCase(const definition::Workflow& workflow, const definition::SwitchStep& choice,
                 int next) {
  const auto fails = [&](int step) {
    return step < static_cast<int>(workflow.steps.size()) &&
           std::holds_alternative<definition::FailStep>(workflow.steps[std::size_t(step)].kind);
  };
  const int otherwise = choice.otherwise.value_or(next);
  if (!fails(otherwise)) return otherwise;
  for (const auto& option : choice.cases) {
    if (!fails(option.go_to)) return option.go_to;
  }
  return otherwise;
}

Result<Time> WaitUntil(const Draft& draft, int step, const definition::WaitStep& wait) {
  const RunScope scope = draft.Scope({step, -1});
  auto value = wait.until ? wait.until->Evaluate(scope) : wait.duration->Evaluate(scope);
  if (!value) return std::move(value).error();
  if (wait.until) {
    if (value->kind() == Value::Kind::kTimestamp) return FromTimestamp(value->as_timestamp());
    return InvalidArgument("wait until: expected a timestamp, got " + std::string(value->TypeOf()));
  }
  if (value->kind() == Value::Kind::kDuration) {
    const Duration span = value->as_duration();
    return draft.facts().now + std::chrono::seconds(span.seconds) +
           std::chrono::microseconds(span.nanos / 1000);
  }
  if (value->is_string()) {
    auto span = ParseDuration(value->as_string());
    if (!span) return std::move(span).error();
    return draft.facts().now + *span;
  }
  return InvalidArgument("wait for: expected a duration, got " + std::string(value->TypeOf()));
}

}  // namespace

namespace {

// What follows `step` where it goes on at `next`: past the end of a block comes the next branch, or
// what follows the step that has it.
int Following(const definition::Workflow& workflow, int step, int next) {
  const int size = static_cast<int>(workflow.steps.size());
  for (int block = workflow.steps[std::size_t(step)].block; next >= size && block >= 0;) {
    const definition::Block& left = workflow.blocks[std::size_t(block)];
    if (left.owner < 0) break;
    const auto after =
        std::find_if(workflow.blocks.begin() + block + 1, workflow.blocks.end(),
                     [&](const definition::Block& other) { return other.owner == left.owner; });
    if (after != workflow.blocks.end()) return after->first;
    next = workflow.After(left.owner);
    block = workflow.steps[std::size_t(left.owner)].block;
  }
  return next;
}

}  // namespace

std::vector<int> ExpectedPath(const definition::Workflow& workflow, int step) {
  std::vector<int> path;
  std::vector<bool> seen(workflow.steps.size());
  const int size = static_cast<int>(workflow.steps.size());
  for (int at = Following(workflow, step, workflow.After(step)); at < size;) {
    if (seen[std::size_t(at)]) break;
    seen[std::size_t(at)] = true;
    path.push_back(at);
    const definition::Step& next = workflow.steps[std::size_t(at)];
    if (std::holds_alternative<definition::ApprovalStep>(next.kind) ||
        definition::EndsRun(workflow, next)) {
      break;
    }
    int to = workflow.After(at);
    if (const auto* choice = std::get_if<definition::SwitchStep>(&next.kind)) {
      to = ExpectedCase(workflow, *choice, to);
    } else if (std::holds_alternative<definition::ParallelStep>(next.kind) ||
               std::holds_alternative<definition::SubWorkflowStep>(next.kind)) {
      to = at + 1;
    } else if (std::holds_alternative<definition::SucceedStep>(next.kind)) {
      to = size;
    }
    at = Following(workflow, at, to);
  }
  return path;
}

void Draft::Enter(int index, bool again) {
  if (index >= static_cast<int>(workflow_.steps.size())) return Succeed();
  const definition::Step& step = StepAt(index);
  if (!again) {
    const auto known = state_.steps.find(index);
    if (known != state_.steps.end() && known->second.visits >= step.visits_max) {
      return BreakCircle({index, -1},
                         Error{Code::kResourceExhausted,
                               "entered " + std::to_string(step.visits_max) +
                                   " times, which is its max_visits: the path goes in a circle"});
    }
    if (step.when) {
      auto wanted = step.when->Evaluate(Scope({index, -1}));
      if (!wanted) return FailStep({index, -1}, std::move(wanted).error().In("when"));
      if (!wanted->is_bool()) {
        return FailStep({index, -1}, InvalidArgument("when: expected true or false, got " +
                                                     std::string(wanted->TypeOf())));
      }
      if (!wanted->as_bool()) {
        return Emit(StepSkipped{{index, -1},
                                Source::kApply,
                                Value(),
                                "its condition is false: " + step.when->source()});
      }
    }
  }
  std::visit([&](const auto& kind) { EnterKind(index, kind); }, step.kind);
}

void Draft::EnterKind(int step, const ActionStep& action) {
  if (!action.for_each) return BeginAttempt({step, -1});
  auto items = AsJournaled(action.for_each->Evaluate(Scope({step, -1})));
  if (!items) return FailStep({step, -1}, std::move(items).error().In("for_each"));
  if (!items->is_list()) {
    return FailStep({step, -1}, InvalidArgument("for_each: expected a list, got " +
                                                std::string(items->TypeOf())));
  }
  const std::size_t count = items->as_list().size();
  if (count > kItemsMax) {
    return FailStep({step, -1}, Error{Code::kResourceExhausted,
                                      "for_each: the list has " + std::to_string(count) +
                                          " items; at most " + std::to_string(kItemsMax) +
                                          " are done by one step. Nothing was started"});
  }
  Emit(ForEachStarted{step, *std::move(items), action.parallel_max});
}

void Draft::EnterKind(int step, const definition::ApprovalStep&) {
  if (!SomePlanFollows(workflow_, step) && state_.overrides.empty())
    return RequestApproval(*this, step, Value());
  Emit(PlanStarted{step});
  Do(MakePlan{step, state_.revision});
}

void Draft::EnterKind(int step, const definition::SwitchStep& choice) {
  const RunScope scope = Scope({step, -1});
  for (const auto& option : choice.cases) {
    auto chosen = option.when.Evaluate(scope);
    if (!chosen) return FailStep({step, -1}, std::move(chosen).error().In("switch"));
    if (!chosen->is_bool()) {
      return FailStep({step, -1}, InvalidArgument("switch: expected true or false, got " +
                                                  std::string(chosen->TypeOf())));
    }
    if (chosen->as_bool()) return Emit(SwitchTaken{step, option.go_to});
  }
  Emit(SwitchTaken{step, choice.otherwise.value_or(workflow_.After(step))});
}

void Draft::EnterKind(int step, const definition::CheckpointStep&) {
  Emit(CheckpointReached{step});
}

void Draft::EnterKind(int step, const definition::WaitStep& wait) {
  if (!wait.signal.empty()) {
    std::optional<Time> until;
    if (wait.timeout) until = facts_.now + *wait.timeout;
    return Emit(WaitStarted{step, until, wait.signal, StepAt(step).pause_stops_clock});
  }
  auto until = WaitUntil(*this, step, wait);
  if (!until) return FailStep({step, -1}, std::move(until).error());
  Emit(WaitStarted{step, *until, {}, StepAt(step).pause_stops_clock});
}

void Draft::EnterKind(int step, const definition::SucceedStep&) {
  const int block = StepAt(step).block;
  const bool inside = block >= 0 && workflow_.blocks[std::size_t(block)].owner >= 0;
  if (inside) return LeaveBlockOf(step);
  Succeed();
}

void Draft::EnterKind(int step, const definition::SetStep& set) {
  auto values = AsJournaled(set.values.Evaluate(Scope({step, -1})));
  if (!values) return FailStep({step, -1}, std::move(values).error().In("set"));
  if (!FitsAsJson(*values, facts_.inputs_bytes_max)) {
    return FailStep({step, -1},
                    Error{Code::kResourceExhausted, "set: the values are larger than " +
                                                        HumanBytes(facts_.inputs_bytes_max) +
                                                        ", which is the limit"});
  }
  Emit(StepCompleted{step, *std::move(values)});
}

void Draft::EnterKind(int step, const definition::ParallelStep& parallel) {
  ParallelStarted started{step, {}, !parallel.collect};
  for (const int branch : parallel.branches) {
    const definition::Block& block = workflow_.blocks[std::size_t(branch)];
    started.branches.push_back({block.name, block.first, block.end});
  }
  Emit(std::move(started));
}

void Draft::EnterKind(int step, const definition::SubWorkflowStep& sub) {
  const definition::Block& block = workflow_.blocks[std::size_t(sub.block)];
  auto inputs = sub.with.Evaluate(Scope({step, -1}));
  if (inputs) {
    inputs =
        AsJournaled(definition::FitInputs(workflow_.InputsOf(StepAt(block.first).frame), *inputs));
  }
  if (!inputs) return FailStep({step, -1}, std::move(inputs).error().In("with"));
  Emit(SubWorkflowStarted{step, block.first, block.end, *std::move(inputs)});
}

void Draft::EnterKind(int step, const definition::FailStep& fail) {
  auto message = fail.message.Evaluate(Scope({step, -1}));
  if (!message) return FailStep({step, -1}, std::move(message).error().In("message"));
  FailStep({step, -1},
           Error{fail.code, message->is_string() ? message->as_string() : ToJson(*message)});
}

std::optional<Time> Draft::DeadlineOf(StepRef at) const {
  const definition::Step& step = StepAt(at.step);
  if (!step.deadline) return std::nullopt;
  // It counts from the visit's beginning; from a person's retry it counts anew.
  const Activity& lane = *FindActivity(*ActivityOf(state_), {at.step, -1});
  const auto* ready = std::get_if<Ready>(&lane);
  const bool begins =
      (ready != nullptr && at.item < 0) || std::holds_alternative<AwaitingWindow>(lane);
  return (begins ? facts_.now : state_.steps.at(at.step).entered) + *step.deadline;
}

void Draft::BeginAttempt(StepRef at) {
  const ActionStep& action = ActionAt(at);
  if (!action.known) {
    const Error missing = NoSuchAction(action, "the step was not started");
    FailStep(at, missing);
    return Ask(Question::kStepFailed, at, missing);
  }
  const auto deadline = DeadlineOf(at);
  if (deadline && *deadline <= facts_.now) {
    return FailStep(at, Error{Code::kDeadlineExceeded,
                              "the step's deadline is over; nothing more of "
                              "it was started"});
  }
  if (HeldByWindow(at)) return;
  auto inputs = AsJournaled(action.with.Evaluate(Scope(at)));
  if (!inputs) return FailStep(at, std::move(inputs).error().In("with"));
  inputs = WithOverrides(state_, at.step, *std::move(inputs));
  if (!FitsAsJson(*inputs, facts_.inputs_bytes_max)) {
    return FailStep(
        at, Error{Code::kResourceExhausted, "with: the inputs are larger than " +
                                                HumanBytes(facts_.inputs_bytes_max) +
                                                ", which is the limit; nothing was started"});
  }
  AttemptStarted started;
  started.at = at;
  const auto known = state_.steps.find(at.step);
  if (known != state_.steps.end()) {
    const auto attempts = known->second.attempts.find(at.item);
    if (attempts != known->second.attempts.end()) started.number = attempts->second + 1;
  }
  started.phase = action.has_prepare ? Phase::kPrepare : Phase::kApply;
  started.inputs = inputs->is_null() ? Value(Value::Map()) : *std::move(inputs);
  started.deadline = facts_.now + action.timeout;
  if (deadline) started.deadline = std::min(started.deadline, *deadline);
  started.rollback_by = RollbackBy(at);
  Emit(std::move(started));
  StartPhaseOf(std::get<Attempting>(*FindActivity(*ActivityOf(state_), at)));
}

void Draft::StopPhase(const Activity& leaf) {
  const auto* attempt = std::get_if<Attempting>(&leaf);
  if (attempt == nullptr || attempt->asked) return;
  if (attempt->phase != Phase::kPrepare && attempt->phase != Phase::kApply) return;
  Do(StopAttempt{attempt->at});
}

void Draft::StopAllPhases() {
  for (const Activity* leaf : LeavesOf(*ActivityOf(state_))) StopPhase(*leaf);
}

void Draft::StartPhaseOf(const Attempting& attempt, bool resumed) {
  const ActionStep& action = ActionAt(attempt.at);
  StartPhase start;
  start.at = attempt.at;
  start.number = attempt.number;
  start.phase = attempt.phase;
  start.action = action.action;
  start.key = KeyOf(attempt.at, attempt.number);
  start.inputs = attempt.inputs;
  start.undo = attempt.undo;
  start.checkpoint = attempt.checkpoint;
  start.deadline = facts_.now + action.timeout;
  if (const auto deadline = DeadlineOf(attempt.at))
    start.deadline = std::min(start.deadline, *deadline);
  start.fencing_token = state_.fencing_token;
  start.resumed = resumed;
  Do(std::move(start));
}

void Draft::BeginItem(StepRef at) {
  // Of a checklist, items without a check are for people.
  if (definition::ActionOf(StepAt(at.step), at.item) == nullptr) return FollowUp(at);
  BeginAttempt(at);
}

// What comes after a finished step or item.
void Draft::FollowUp(StepRef at) {
  const definition::StepKind& kind = StepAt(at.step).kind;
  if (at.item >= 0) {
    const int items = static_cast<int>(state_.steps.at(at.step).items.as_list().size());
    if (at.item + 1 < items) return BeginItem({at.step, at.item + 1});
    if (const auto* manual = std::get_if<definition::ManualStep>(&kind)) {
      return AskPeople(at.step, *manual);
    }
  }
  const int next = workflow_.After(at.step);
  if (next >= EndIndex()) return LeaveBlockOf(at.step);
  Enter(next, false);
}

void Draft::Succeed() {
  auto outputs = AsJournaled(workflow_.outputs.Evaluate(Scope({})));
  // The work is done: an output that cannot be computed is told, and undoes nothing.
  EndRun(RunSucceeded{outputs ? *std::move(outputs)
                              : Value::Object({{"error", outputs.error().ToString()}})});
}

}  // namespace recourse::machine
