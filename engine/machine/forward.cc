// The forward path: entering steps, starting attempts, and what a failure leads to.
#include <algorithm>
#include <cmath>

#include "engine/base/digest.h"
#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/machine/draft.h"

namespace recourse::machine {
namespace {

using definition::ActionStep;
using Point = Ready::Point;

// The delay before attempt `tries + 1`: grows by `backoff`, capped, and up to a fifth shorter so
// that runs that failed together do not come back together.
std::chrono::microseconds RetryDelay(const RetryPolicy& retry, int tries, double jitter) {
  const double grown = static_cast<double>(retry.delay.count()) * std::pow(retry.backoff, tries - 1);
  const double capped = std::min(grown, static_cast<double>(retry.delay_max.count()));
  return std::chrono::microseconds(std::llround(capped * (1 - 0.2 * jitter)));
}

bool MayRetry(const ActionStep& action, int tries, Code code, LeftBehind left) {
  if (tries >= action.retry.attempts) return false;
  if (std::find(action.retry.on.begin(), action.retry.on.end(), code) == action.retry.on.end()) {
    return false;
  }
  // What is half done may be done again only by an action that says so.
  return left == LeftBehind::kNothing || action.repeat == RepeatClass::kIdempotent ||
         action.repeat == RepeatClass::kReadOnly;
}

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
  // Each turn enters a step or handles a failure; visits_max of every step bounds the turns.
  for (;;) {
    if (!std::holds_alternative<Running>(state_.status)) return;
    const Running& running = std::get<Running>(state_.status);
    const auto* ready = std::get_if<Ready>(&running.activity);
    if (ready == nullptr) return;
    if (running.stop) return ActOnStop(StopRequested(*running.stop));
    const Ready at = *ready;
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
      return FailStep({index, -1},
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

void Draft::StartPhaseOf(const Attempting& attempt) {
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
  Do(std::move(start));
}

void Draft::FailAttempt(const Attempting& attempt, Error error, Value evidence, LeftBehind left) {
  const ActionStep& action = ActionAt(attempt.at.step);
  const auto* running = std::get_if<Running>(&state_.status);
  const bool stopping = running != nullptr && running->stop.has_value();
  AttemptFailed failed{attempt.at, attempt.number, std::move(error), std::move(evidence), left, {}};
  if (!stopping && MayRetry(action, attempt.tries, failed.error.code, left)) {
    failed.retry_at = facts_.now + RetryDelay(action.retry, attempt.tries, facts_.jitter);
  }
  Emit(std::move(failed));
  Continue();
}

void Draft::FailStep(StepRef at, Error error) { Emit(StepFailed{at, std::move(error)}); }

// What comes after a finished step or item.
void Draft::FollowUp(StepRef at) {
  if (at.item >= 0) {
    const int items = static_cast<int>(state_.steps.at(at.step).items.as_list().size());
    if (at.item + 1 < items) return BeginAttempt({at.step, at.item + 1});
  }
  Enter(StepAt(at.step).next.value_or(at.step + 1), false);
}

void Draft::HandleFailure(StepRef at) {
  const definition::Step& step = StepAt(at.step);
  const Error error = state_.steps.at(at.step).error.value_or(Error{});
  for (const definition::ErrorRule& rule : step.on_error) {
    if (rule.code && *rule.code != error.code) continue;
    if (rule.rollback_to) {
      return BeginRollback({rule.rollback_to, Afterwards::kGoTo, rule.go_to, error}, true);
    }
    return Emit(FailureHandled{at, rule.go_to});
  }
  switch (step.on_failure.value_or(workflow_.on_failure)) {
    case OnFailure::kRollback:
      return BeginRollback({{}, Afterwards::kRolledBack, {}, error}, true);
    case OnFailure::kPause:
      return Ask(Question::kStepFailed, at, error);
    case OnFailure::kContinue:
      return Emit(FailureHandled{at, {}});
    case OnFailure::kFail:
      return End(RunFailed{error});
  }
}

void Draft::ActOnStop(const StopRequested& stop) {
  const Error cause{stop.kind == StopKind::kDeadline ? Code::kDeadlineExceeded : Code::kCancelled,
                    stop.reason};
  switch (stop.kind) {
    case StopKind::kCancel:
      if (!stop.rollback) return End(RunCancelled{stop.reason});
      return BeginRollback({{}, Afterwards::kCancelled, {}, cause}, false);
    case StopKind::kRollback:
      return BeginRollback({stop.rollback_to,
                            stop.rollback_to ? Afterwards::kAsk : Afterwards::kRolledBack, {}, cause},
                           false);
    case StopKind::kDeadline:
      break;
  }
  switch (workflow_.on_failure) {
    case OnFailure::kRollback:
      return BeginRollback({{}, Afterwards::kRolledBack, {}, cause}, true);
    case OnFailure::kPause: {
      const Ready at = std::get<Ready>(*ActivityOf(state_));
      return Ask(Question::kStepFailed, {at.step, at.item}, cause);
    }
    case OnFailure::kContinue:  // A run that is over its time cannot go on.
    case OnFailure::kFail:
      return End(RunFailed{cause});
  }
}

void Draft::Succeed() {
  auto outputs = workflow_.outputs.Evaluate(Scope({}));
  // The work is done: an output that cannot be computed is told, and undoes nothing.
  End(RunSucceeded{outputs ? *std::move(outputs)
                           : Value::Object({{"error", outputs.error().ToString()}})});
}

void Draft::Ask(Question question, StepRef at, Error error) {
  Emit(AttentionNeeded{question, at, std::move(error)});
  Do(Notify{"needs_attention",
            state_.run.ToString() + " needs attention: " + WhyItWaits(workflow_, state_)->reason});
}

void Draft::End(Event last) {
  const bool held = state_.holds_lock;
  const bool well = std::holds_alternative<RunSucceeded>(last);
  Emit(std::move(last));
  if (held) Do(ReleaseLock{state_.lock});
  if (!well) {
    Do(Notify{"run_finished", state_.run.ToString() + " (" + state_.workflow + ") ended " +
                                  std::string(ToString(StatusOf(state_)))});
  }
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
