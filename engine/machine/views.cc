// What others read off a state: its status, why it waits, when it wants to be told.
#include <algorithm>

#include "engine/base/rules.h"
#include "engine/machine/decide.h"

namespace recourse::machine {
namespace {

std::string Joined(const std::vector<std::string>& words, std::string_view last_word) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " " + std::string(last_word) + " " : ", ";
    out += words[i];
  }
  return out;
}

WhyWaiting WhyApproval(const AwaitingApproval& awaiting) {
  const ApprovalRequested& request = awaiting.request;
  WhyWaiting why;
  why.reason = "approval " + request.id.ToString() + ": " + request.prompt;
  std::size_t approved = 0;
  for (const auto& cast : awaiting.votes) approved += cast.vote == Vote::kApprove ? 1 : 0;
  std::vector<std::string> groups;
  for (const auto& group : MissingGroups(awaiting)) {
    groups.push_back(std::to_string(group.quorum) + " of " + group.role);
  }
  std::vector<std::string> stand_ins;
  for (const std::string& role : request.approvers) {
    const bool grouped = std::any_of(request.groups.begin(), request.groups.end(),
                                     [&](const auto& group) { return group.role == role; });
    if (!request.groups.empty() && !grouped) stand_ins.push_back(role);
  }
  const std::string roles = !groups.empty() ? (approved > 0 ? "still " : "") + Joined(groups, "and")
                            : request.approvers.empty() ? "nobody (its list of approvers is empty)"
                                                        : Joined(request.approvers, "or");
  why.who = request.quorum == 1
                ? roles
                : std::to_string(approved) + " of " + std::to_string(request.quorum) +
                      " approvals so far; " + roles;
  if (!stand_ins.empty()) why.who += ", or " + Joined(stand_ins, "or") + " for any of them";
  if (request.second_factor) why.who += ", with a one-time code";
  if (request.exclude_requester) why.who += ", but not the requester";
  if (request.expires) {
    why.next = request.on_expiry == OnExpiry::kHold ? "expires; the run then asks an operator"
               : request.on_expiry == OnExpiry::kReject
                   ? "expires, which fails the step"
                   : "is overdue; it stays open for " + request.escalations.back().to;
    why.next_at = request.expires;
  }
  return why;
}

std::string_view AskedIn(Question question) {
  switch (question) {
    case Question::kStepFailed:
      return "failed";
    case Question::kUnknownEffect:
      return "may or may not have taken effect";
    case Question::kVerifyInconclusive:
      return "took effect, but could not be verified";
    case Question::kCompensationFailed:
      return "could not be undone";
    case Question::kPastPivot:
      return "is past the point of no return";
    case Question::kApprovalExpired:
      return "expired undecided";
    case Question::kRolledBackTo:
      return "is reached by the rollback";
    case Question::kWindowClosing:
      return "does not fit in what is left of the window";
  }
  return "needs a decision";
}

std::string_view AnswersTo(Question question) {
  switch (question) {
    case Question::kStepFailed:
      return "retry, skip, rollback or cancel";
    case Question::kUnknownEffect:
      return "skip (it took effect), retry (it did not), or rollback or cancel, saying which";
    case Question::kVerifyInconclusive:
      return "skip (accept it), retry, rollback or cancel";
    case Question::kCompensationFailed:
      return "retry, skip (it was undone by hand) or cancel";
    case Question::kPastPivot:
      return "retry (go on forward), skip, rollback (down to it) or cancel";
    case Question::kApprovalExpired:
      return "retry (ask again), rollback or cancel";
    case Question::kRolledBackTo:
      return "retry (go on from there), rollback or cancel";
    case Question::kWindowClosing:
      return "retry (when the window is open), rollback or cancel; override-window where the "
             "workflow "
             "names who may allow it";
  }
  return "an operator decides";
}

std::string Held(const Hold& hold) {
  std::string held = (hold.quarantined ? "quarantined by " : "paused by ") + hold.by;
  return hold.reason.empty() ? held : held + ": " + hold.reason;
}

WhyWaiting WhyAttention(const definition::Workflow& workflow, const NeedsAttention& attention) {
  WhyWaiting why;
  const auto* root = std::get_if<Activity>(&attention.from);
  const Activity* lane = root == nullptr ? nullptr : FindActivity(*root, attention.at);
  const auto* ready = lane == nullptr ? nullptr : std::get_if<Ready>(lane);
  const bool finished = ready != nullptr && ready->point == Ready::Point::kFinished;
  const std::string here = NameOf(workflow, attention.at);
  why.reason = finished && attention.question == Question::kStepFailed
                   ? "stopped after " + here
                   : here + " " + std::string(AskedIn(attention.question));
  if (!attention.error.message.empty()) why.reason += ": " + attention.error.ToString();
  if (attention.stop) {
    why.reason += " (" + attention.stop->reason + ": that goes on once the effect is known)";
  }
  if (attention.hold) {
    why.reason = Held(*attention.hold) + "; " + why.reason;
    if (attention.hold->quarantined) {
      why.who = "an operator: resume (then it asks again) or cancel";
      return why;
    }
  }
  const auto step = static_cast<std::size_t>(attention.at.step);  // of a forged journal: any
  const bool approval = step < workflow.steps.size() &&
                        std::holds_alternative<definition::ApprovalStep>(workflow.steps[step].kind);
  const bool asked_anew = approval && !finished && attention.question == Question::kStepFailed;
  const bool undoing = std::holds_alternative<Rollback>(attention.from);
  why.who =
      "an operator: " +
      std::string(undoing && attention.question == Question::kPastPivot
                      ? "retry (go on forward), rollback (down to it) or cancel"
                      : AnswersTo(asked_anew ? Question::kApprovalExpired : attention.question));
  return why;
}

}  // namespace

RunStatus StatusOf(const RunState& state) {
  return std::visit(Rules{
                        [](const Created&) { return RunStatus::kQueued; },
                        [](const Queued&) { return RunStatus::kQueued; },
                        [](const Running&) { return RunStatus::kRunning; },
                        [](const Waiting&) { return RunStatus::kWaiting; },
                        [](const Paused&) { return RunStatus::kPaused; },
                        [](const NeedsAttention&) { return RunStatus::kNeedsAttention; },
                        [](const RollingBack&) { return RunStatus::kRollingBack; },
                        [](const Succeeded&) { return RunStatus::kSucceeded; },
                        [](const Failed&) { return RunStatus::kFailed; },
                        [](const Cancelled&) { return RunStatus::kCancelled; },
                        [](const RolledBack&) { return RunStatus::kRolledBack; },
                    },
                    state.status);
}

namespace {

WhyWaiting WhyLeaf(const definition::Workflow& workflow, const Activity& leaf) {
  WhyWaiting why;
  if (const auto* approval = std::get_if<AwaitingApproval>(&leaf)) return WhyApproval(*approval);
  if (const auto* backing = std::get_if<BackingOff>(&leaf)) {
    why.reason = NameOf(workflow, backing->at) + " failed: " + backing->error.ToString();
    why.who = "the engine, or an operator: retry or skip";
    why.next = "tries again";
    why.next_at = backing->retry_at;
  } else if (const auto* window = std::get_if<AwaitingWindow>(&leaf)) {
    why.reason = NameOf(workflow, window->at) + " waits for the window to open";
    const bool may = workflow.window && !workflow.window->override_by.empty();
    why.who = may ? "the clock, or an operator who asks to override the window" : "the clock";
    why.next = "goes on";
    why.next_at = window->opens;
  } else if (const auto* checklist = std::get_if<Checklist>(&leaf)) {
    std::string open;
    for (const auto& item : checklist->request.items) {
      if (checklist->answers.contains(item.id)) continue;
      open += (open.empty() ? "" : ", ") + item.id + " (" + item.text + ")";
    }
    why.reason = std::string(kChecklistReason) + NameOf(workflow, {checklist->step, -1}) + ": " +
                 checklist->request.prompt + "; open: " + open;
    why.who = checklist->request.by.empty() ? "nobody (its list of roles is empty)"
                                            : Joined(checklist->request.by, "or");
    if (checklist->request.expires) {
      why.next = "is over, which fails the step";
      why.next_at = checklist->request.expires;
    }
  } else if (const auto* sleeping = std::get_if<Sleeping>(&leaf)) {
    const bool signal = !sleeping->signal.empty();
    why.reason = NameOf(workflow, {sleeping->step, -1}) +
                 (signal ? " waits for the signal " + sleeping->signal : " waits for a time");
    why.who =
        signal ? "who sends the signal, or an operator: skip" : "the clock, or an operator: skip";
    why.next = !sleeping->until ? "" : signal ? "the step fails" : "goes on";
    why.next_at = sleeping->until;
  }
  return why;
}

// Several lanes wait: what comes to pass first by itself stands in front.
WhyWaiting WhyLanes(const definition::Workflow& workflow, const Activity& root) {
  WhyWaiting first;
  std::string more;
  for (const Activity* leaf : LeavesOf(root)) {
    if (std::holds_alternative<Over>(*leaf)) continue;
    const WhyWaiting one = WhyLeaf(workflow, *leaf);
    if (first.reason.empty()) {
      first = one;
    } else {
      first.reason += "; and " + one.reason;
      if (first.who != one.who) first.who += "; and " + one.who;
      if (one.next_at && (!first.next_at || *one.next_at < *first.next_at)) {
        first.next = one.next;
        first.next_at = one.next_at;
      }
    }
  }
  return first;
}

}  // namespace

std::optional<WhyWaiting> WhyItWaits(const definition::Workflow& workflow, const RunState& state) {
  WhyWaiting why;
  if (state.override_asked && ActivityOf(state) != nullptr) {
    why = WhyApproval(*state.override_asked);
    if (HoldOf(state) != nullptr) why.reason += "; " + Held(*HoldOf(state)) + ", resume after that";
    why.since = state.override_asked->requested;
    return why;
  }
  if (const auto* queued = std::get_if<Queued>(&state.status)) {
    why.reason = "the lock " + state.lock + " is held by " + queued->holder.ToString();
    why.who = queued->holder.ToString() + ", when it is over";
    why.next = "starts when the lock is free";
    if (!state.hold.empty()) {
      why.reason += "; then " + std::string(kHoldReason) + state.requester + ": " + state.hold;
      why.who = "an operator: cancel it now, or resume it when it has the lock";
      why.next = "gets the lock when it is free, and then waits for an operator";
    }
  } else if (const auto* paused = std::get_if<Paused>(&state.status)) {
    why.reason = Held(paused->hold);
    why.who = paused->hold.quarantined ? "an operator: resume or cancel" : "an operator: resume";
    if (!state.hold.empty() && !paused->hold.quarantined) {
      why.reason = std::string(kHoldReason) + paused->hold.by + ": " + paused->hold.reason;
      why.who = "an operator: resume (its first step begins) or cancel";
    }
  } else if (const auto* attention = std::get_if<NeedsAttention>(&state.status)) {
    why = WhyAttention(workflow, *attention);
  } else if (const auto* rolling = std::get_if<RollingBack>(&state.status)) {
    if (!rolling->rollback.retry_at) return std::nullopt;
    why.reason = "undoing " + NameOf(workflow, *rolling->rollback.at) + " failed";
    why.who = "the engine";
    why.next = "tries again";
    why.next_at = rolling->rollback.retry_at;
  } else if (const auto* waiting = std::get_if<Waiting>(&state.status)) {
    why = WhyLanes(workflow, waiting->activity);
  } else {
    return std::nullopt;
  }
  why.since = state.since;
  return why;
}

std::vector<Timer> TimersOf(const RunState& state) {
  std::vector<Timer> timers;
  const Hold* hold = HoldOf(state);
  if (hold != nullptr && hold->quarantined) return timers;
  // A run that is being stopped ends as whoever stops it said, also past its deadline.
  const auto* running = std::get_if<Running>(&state.status);
  const bool stopping = running != nullptr && running->stop.has_value();
  if (state.deadline && !state.deadline_over && !stopping && !state.finishing) {
    const RunStatus status = StatusOf(state);
    const bool paused = status == RunStatus::kPaused && state.hold.empty();
    if (status == RunStatus::kRunning || status == RunStatus::kWaiting || paused ||
        status == RunStatus::kQueued) {
      timers.push_back({TimerKind::kDeadline, *state.deadline});
    }
  }
  if (state.need && !state.need->acknowledged) {
    const Policy policy = PolicyOf(state.policy);
    const auto told = static_cast<std::size_t>(state.need->told);
    if (told < policy.levels.size()) {
      timers.push_back({TimerKind::kPolicyLevel, state.need->since + policy.levels[told].after});
    }
  }
  if (const auto* rolling = std::get_if<RollingBack>(&state.status)) {
    if (rolling->rollback.retry_at) {
      timers.push_back({TimerKind::kCompensationRetry, *rolling->rollback.retry_at});
    }
    return timers;
  }
  const Activity* root = ActivityOf(state);
  if (root == nullptr || stopping) return timers;
  const bool asks = std::holds_alternative<NeedsAttention>(state.status);
  if (state.rollback_by && !asks && !state.finishing) {
    timers.push_back({TimerKind::kWindowClosing, *state.rollback_by});
  }
  // Pause, and a question to a person, stop new attempts, not the clock, unless the step says so:
  // an approval expires all the same, but a retry or the end of a wait would start something, and
  // is made up for when the run goes on.
  const bool held = hold != nullptr || asks;
  for (const Activity* leaf : LeavesOf(*root)) {
    if (hold != nullptr && ClockStands(*hold, *leaf)) continue;
    for (const Timer& timer : TimersOf(*leaf)) {
      const bool starts = timer.kind == TimerKind::kRetry || timer.kind == TimerKind::kWait ||
                          timer.kind == TimerKind::kWindowOpens;
      const bool known = std::find(timers.begin(), timers.end(), timer) != timers.end();
      if (!(held && starts) && !known) timers.push_back(timer);
    }
  }
  return timers;
}

std::vector<Timer> TimersOf(const Activity& leaf) {
  std::vector<Timer> timers;
  if (const auto* backing = std::get_if<BackingOff>(&leaf)) {
    timers.push_back({TimerKind::kRetry, backing->retry_at});
  } else if (const auto* window = std::get_if<AwaitingWindow>(&leaf)) {
    timers.push_back({TimerKind::kWindowOpens, window->opens});
  } else if (const auto* sleeping = std::get_if<Sleeping>(&leaf)) {
    if (sleeping->until) timers.push_back({TimerKind::kWait, *sleeping->until});
  } else if (const auto* checklist = std::get_if<Checklist>(&leaf)) {
    if (checklist->request.expires)
      timers.push_back({TimerKind::kWait, *checklist->request.expires});
  } else if (const auto* approval = std::get_if<AwaitingApproval>(&leaf)) {
    if (approval->request.expires) {
      timers.push_back({TimerKind::kApprovalExpiry, *approval->request.expires});
    }
    if (approval->escalated < approval->request.escalations.size()) {
      timers.push_back(
          {TimerKind::kEscalation, approval->request.escalations[approval->escalated].due});
    }
  }
  return timers;
}

}  // namespace recourse::machine
