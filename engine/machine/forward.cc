// The forward path: entering steps and starting attempts.
#include <algorithm>

#include "engine/base/digest.h"
#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/machine/draft.h"

namespace recourse::machine {
namespace {

using definition::ActionStep;
using Point = Ready::Point;

// How many events one decision may come to before a person is asked: a path that goes in a circle
// without ever waiting would else hold up all runs, and fill the memory.
constexpr std::size_t kEventsMax = 10'000;

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

std::vector<int> ExpectedPath(const definition::Workflow& workflow, int step) {
  std::vector<int> path;
  std::vector<bool> seen(workflow.steps.size());
  const int size = static_cast<int>(workflow.steps.size());
  for (int at = workflow.steps[std::size_t(step)].next.value_or(step + 1); at < size;) {
    if (seen[std::size_t(at)]) break;
    seen[std::size_t(at)] = true;
    path.push_back(at);
    const definition::Step& next = workflow.steps[std::size_t(at)];
    if (std::holds_alternative<definition::ApprovalStep>(next.kind) ||
        std::holds_alternative<definition::SucceedStep>(next.kind) ||
        std::holds_alternative<definition::FailStep>(next.kind)) {
      break;
    }
    const auto* choice = std::get_if<definition::SwitchStep>(&next.kind);
    at = choice != nullptr ? ExpectedCase(workflow, *choice, next.next.value_or(at + 1))
                           : next.next.value_or(at + 1);
  }
  return path;
}

void Draft::Continue() {
  // Each turn enters a step or handles a failure; visits_max of every step bounds the turns, and
  // kEventsMax what is journaled of them at once.
  for (;;) {
    if (!std::holds_alternative<Running>(state_.status)) return;
    const Running& running = std::get<Running>(state_.status);
    const auto* ready = std::get_if<Ready>(&running.activity);
    if (ready == nullptr) return;
    if (running.stop) return ActOnStop(StopRequested(*running.stop));
    const Ready at = *ready;
    const bool ending = at.step >= static_cast<int>(workflow_.steps.size());
    if (decision_.events.size() >= kEventsMax && !ending) {
      return Ask(Question::kStepFailed, {at.step, at.item},
                 Error{Code::kResourceExhausted,
                       std::to_string(kEventsMax) +
                           " things happened to the run without one that takes time: its path "
                           "seems to go in a circle. Nothing more was done; retry goes on from "
                           "here"});
    }
    switch (at.point) {
      case Point::kEnter:
        Enter(at.step, false);
        break;
      case Point::kAgain:
        if (at.item >= 0) {
          BeginAttempt({at.step, at.item});
        } else {
          Enter(at.step, true);
        }
        break;
      case Point::kFinished:
        FollowUp({at.step, at.item});
        break;
      case Point::kFailed:
        HandleFailure({at.step, at.item});
        break;
    }
  }
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
        return Emit(StepSkipped{{index, -1}, Source::kApply, Value(),
                                "its condition is false: " + step.when->source()});
      }
    }
  }
  std::visit([&](const auto& kind) { EnterKind(index, kind); }, step.kind);
}

void Draft::EnterKind(int step, const ActionStep& action) {
  if (!action.for_each) return BeginAttempt({step, -1});
  auto items = action.for_each->Evaluate(Scope({step, -1}));
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
  Emit(ForEachStarted{step, *std::move(items)});
}

void Draft::EnterKind(int step, const definition::ApprovalStep&) {
  if (!SomePlanFollows(workflow_, step)) return RequestApproval(*this, step, Value());
  Emit(PlanStarted{step});
  Do(MakePlan{step});
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
  Emit(SwitchTaken{step, choice.otherwise.value_or(StepAt(step).next.value_or(step + 1))});
}

void Draft::EnterKind(int step, const definition::CheckpointStep&) { Emit(CheckpointReached{step}); }

void Draft::EnterKind(int step, const definition::WaitStep& wait) {
  auto until = WaitUntil(*this, step, wait);
  if (!until) return FailStep({step, -1}, std::move(until).error());
  Emit(WaitStarted{step, *until});
}

void Draft::EnterKind(int, const definition::SucceedStep&) { Succeed(); }

void Draft::EnterKind(int step, const definition::FailStep& fail) {
  auto message = fail.message.Evaluate(Scope({step, -1}));
  if (!message) return FailStep({step, -1}, std::move(message).error().In("message"));
  FailStep({step, -1}, Error{fail.code, message->is_string() ? message->as_string()
                                                             : ToJson(*message)});
}

void Draft::BeginAttempt(StepRef at) {
  const ActionStep& action = ActionAt(at.step);
  if (!action.known) {
    const Error missing = NoSuchAction(action, "the step was not started");
    FailStep(at, missing);
    return Ask(Question::kStepFailed, at, missing);
  }
  auto inputs = action.with.Evaluate(Scope(at));
  if (!inputs) return FailStep(at, std::move(inputs).error().In("with"));
  if (!FitsAsJson(*inputs, facts_.inputs_bytes_max)) {
    return FailStep(at, Error{Code::kResourceExhausted,
                              "with: the inputs are larger than " +
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
  Emit(std::move(started));
  StartPhaseOf(std::get<Attempting>(*ActivityOf(state_)));
}

void Draft::StopPhase() {
  const auto& attempt = std::get<Attempting>(*ActivityOf(state_));
  if (attempt.phase != Phase::kPrepare && attempt.phase != Phase::kApply) return;
  Do(StopAttempt{attempt.at});
}

void Draft::StartPhaseOf(const Attempting& attempt, bool resumed) {
  const ActionStep& action = ActionAt(attempt.at.step);
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
  start.fencing_token = state_.fencing_token;
  start.resumed = resumed;
  Do(std::move(start));
}

// What comes after a finished step or item.
void Draft::FollowUp(StepRef at) {
  if (at.item >= 0) {
    const int items = static_cast<int>(state_.steps.at(at.step).items.as_list().size());
    if (at.item + 1 < items) return BeginAttempt({at.step, at.item + 1});
  }
  Enter(StepAt(at.step).next.value_or(at.step + 1), false);
}

void Draft::Succeed() {
  auto outputs = workflow_.outputs.Evaluate(Scope({}));
  // The work is done: an output that cannot be computed is told, and undoes nothing.
  End(RunSucceeded{outputs ? *std::move(outputs)
                           : Value::Object({{"error", outputs.error().ToString()}})});
}

void RequestApproval(Draft& draft, int step, Value plan) {
  const auto& approval = std::get<definition::ApprovalStep>(draft.StepAt(step).kind);
  auto prompt = approval.prompt.Evaluate(draft.Scope({step, -1}));
  if (!prompt) return draft.FailStep({step, -1}, std::move(prompt).error().In("prompt"));
  ApprovalRequested request;
  request.step = step;
  request.id = draft.facts().next_approval;
  request.prompt = prompt->is_string() ? prompt->as_string() : ToJson(*prompt);
  request.approvers = approval.approvers;
  request.quorum = approval.quorum;
  request.exclude_requester = approval.exclude_requester;
  if (approval.expires) request.expires = draft.facts().now + *approval.expires;
  request.on_expiry = approval.on_expiry;
  request.digest = ToHex(Sha256Of(ToJson(Value::Object(
      {{"inputs", draft.state().inputs}, {"plan", plan}, {"prompt", request.prompt}}))));
  request.plan = std::move(plan);
  const std::string text = draft.state().run.ToString() + " asks for approval " +
                           request.id.ToString() + ": " + request.prompt;
  draft.Emit(std::move(request));
  draft.Do(Notify{"approval_requested", text});
}

}  // namespace recourse::machine
