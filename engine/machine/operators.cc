// What people do to a run.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/machine/draft.h"

namespace recourse::machine {
namespace {

// What the run waits for at a retry or skip: the failed step, the back-off, or the wait.
struct Standing {
  StepRef at;
  const NeedsAttention* attention = nullptr;
  const Attempting* doubtful = nullptr;  // an attempt whose effect a person must tell
  const Rollback* rollback = nullptr;    // a compensation that failed
  // The step is done and its output stands; the run was stopped before the next.
  bool finished = false;
  bool approval = false;  // an approval that was not given: it waits, expired or was rejected
  bool retries = false;   // it failed and is tried again later
};

// A lane that waits for something that a person can hurry or pass.
bool Waits(const Activity& leaf) {
  return std::holds_alternative<BackingOff>(leaf) || std::holds_alternative<Sleeping>(leaf) ||
         std::holds_alternative<Checklist>(leaf) ||
         std::holds_alternative<AwaitingApproval>(leaf) ||
         std::holds_alternative<AwaitingWindow>(leaf);
}

// The step that is meant, where several wait. `step` is its id; empty: the only one.
Result<StepRef> TheWaiting(const Draft& draft, const std::string& step) {
  std::vector<StepRef> places;
  std::string names;
  for (const Activity* leaf : LeavesOf(*ActivityOf(draft.state()))) {
    if (!Waits(*leaf)) continue;
    const StepRef at = PlaceOf(*leaf);
    const std::string name = NameOf(draft.workflow(), at);
    if (name == step) return at;
    places.push_back(at);
    names += (names.empty() ? "" : " and ") + name;
  }
  if (places.size() == 1 && step.empty()) return places.front();
  const std::string run = draft.state().run.ToString();
  if (!step.empty() && !places.empty()) {
    return InvalidArgument("step: " + run + " is at " + names + ", not at " + step);
  }
  if (places.empty()) return FailedPrecondition("nothing waits in " + run);
  return InvalidArgument("step: " + run + " waits at " + names + "; say which is meant");
}

// Whether an approval stands inside the step, at any depth, that the run does not have.
bool LacksApprovalInside(const Draft& draft, int outer) {
  const definition::Workflow& workflow = draft.workflow();
  const auto owner = [&](int step) {
    const int block = workflow.steps[static_cast<std::size_t>(step)].block;
    return block < 0 ? -1 : workflow.blocks[static_cast<std::size_t>(block)].owner;
  };
  for (int i = outer + 1; i < draft.EndIndex(); ++i) {
    if (!std::holds_alternative<definition::ApprovalStep>(draft.StepAt(i).kind)) continue;
    int around = owner(i);
    while (around >= 0 && around != outer) around = owner(around);
    const auto known = draft.state().steps.find(i);
    const bool given = known != draft.state().steps.end() && known->second.given.has_value();
    if (around == outer && !given) return true;
  }
  return false;
}

Result<Standing> WhereItStands(const Draft& draft, const std::string& step = {}) {
  const RunState& state = draft.state();
  Standing standing;
  const Activity* root = ActivityOf(state);
  if (const auto* attention = std::get_if<NeedsAttention>(&state.status)) {
    standing.attention = attention;
    standing.at = attention->at;
    standing.rollback = std::get_if<Rollback>(&attention->from);
    const std::string here = NameOf(draft.workflow(), standing.at);
    if (!step.empty() && step != here) {
      return InvalidArgument("step: " + state.run.ToString() + " is at " + here + ", not at " +
                             step);
    }
  } else {
    auto waiting = TheWaiting(draft, step);
    if (!waiting) return std::move(waiting).error();
    standing.at = *waiting;
  }
  const Activity* activity = root == nullptr ? nullptr : FindActivity(*root, standing.at);
  if (activity != nullptr) {
    standing.doubtful = std::get_if<Attempting>(activity);
    const auto* ready = std::get_if<Ready>(activity);
    standing.finished = ready != nullptr && ready->point == Ready::Point::kFinished;
    standing.retries = std::holds_alternative<BackingOff>(*activity);
  }
  const definition::StepKind& kind = draft.StepAt(standing.at.step).kind;
  // A step at which people are asked to override the window is held by an approval too.
  const bool asks = activity != nullptr && std::holds_alternative<AwaitingApproval>(*activity);
  standing.approval =
      asks || (!standing.finished && std::holds_alternative<definition::ApprovalStep>(kind));
  return standing;
}

// Before a rollback, an effect that could not be told must be: by the person who asks for it.
Result<void> TellEffect(Draft& draft, std::optional<Finding> finding, const std::string& reason) {
  const auto* attention = std::get_if<NeedsAttention>(&draft.state().status);
  if (attention == nullptr) return {};
  for (const AttentionNeeded& other : attention->others) {
    if (!IsDoubt(other.question)) continue;
    return FailedPrecondition("more than one effect is unknown, that of " +
                              NameOf(draft.workflow(), attention->at) + " and that of " +
                              NameOf(draft.workflow(), other.at) +
                              "; answer for each with skip or retry first");
  }
  auto standing = WhereItStands(draft);
  if (!standing) return std::move(standing).error();
  if (standing->doubtful == nullptr) return {};
  if (!finding && attention->question == Question::kUnknownEffect) {
    return FailedPrecondition("finding: " + NameOf(draft.workflow(), standing->at) +
                              " may or may not have taken effect, and a rollback must know which; "
                              "say applied, not_applied or partial");
  }
  draft.Emit(EffectResolved{standing->at, finding.value_or(Finding::kApplied), reason});
  return {};
}

// Asks for the run to stop when an attempt is at work, and answers true; false when none is.
bool StopAtWork(Draft& draft, StopRequested stop) {
  const Activity* root = ActivityOf(draft.state());
  bool attempting = false;
  if (root != nullptr) {
    for (const Activity* leaf : LeavesOf(*root)) {
      attempting = attempting || (std::holds_alternative<Attempting>(*leaf) && IsAtWork(*leaf));
    }
  }
  if (!attempting) return false;
  draft.VoidApprovals();
  draft.Emit(std::move(stop));
  draft.StopAllPhases();
  return true;
}

// Whether steps may begin: nothing holds or stops the run.
bool GoesOn(const RunState& state) {
  const auto* running = std::get_if<Running>(&state.status);
  return running != nullptr ? !running->stop : std::holds_alternative<Waiting>(state.status);
}

// Once the end of a run is known, what it did stays done.
Result<void> RefuseAtLast(const Draft& draft, std::string_view word) {
  if (!draft.state().finishing) return {};
  return FailedPrecondition(std::string(word) + " is not possible: the work of " +
                            draft.state().run.ToString() +
                            " is over, and it is at what runs at "
                            "last; cancel ends that");
}

// Where the run is, for a rollback's message.
StepRef Here(const Draft& draft) {
  const auto* attention = std::get_if<NeedsAttention>(&draft.state().status);
  return attention != nullptr ? attention->at : PlaceOf(*ActivityOf(draft.state()));
}

}  // namespace

std::string Said(const Draft& draft, std::string_view what, const std::string& reason) {
  std::string said = std::string(what) + " by " + draft.facts().principal;
  return reason.empty() ? said : said + ": " + reason;
}

Result<void> On(Draft& draft, const Pause& input) {
  const auto* running = std::get_if<Running>(&draft.state().status);
  if (running != nullptr && running->stop) {
    return FailedPrecondition("Pause is not possible: " + draft.state().run.ToString() +
                              " is being stopped (" + running->stop->reason + ")");
  }
  draft.Emit(RunPaused{input.reason});
  return {};
}

Result<void> On(Draft& draft, const Quarantine& input) {
  const auto* running = std::get_if<Running>(&draft.state().status);
  const std::string run = draft.state().run.ToString();
  if (running != nullptr && running->stop) {
    return FailedPrecondition("Quarantine is not possible: " + run + " is being stopped (" +
                              running->stop->reason + ")");
  }
  if (ActivityOf(draft.state()) == nullptr) {
    return FailedPrecondition("Quarantine is not possible: " + run +
                              " is on its way back, and asks; nothing begins in it by itself");
  }
  if (input.reason.empty()) return InvalidArgument("reason: say why the run is put aside");
  draft.VoidOverride();  // nobody could decide it
  draft.Emit(RunPaused{input.reason, true});
  return {};
}

Result<void> On(Draft& draft, const Resume& input) {
  draft.Emit(RunResumed{input.reason});
  if (std::holds_alternative<NeedsAttention>(draft.state().status)) return {};  // it asks as before
  // What would have started during the pause starts now.
  const Time now = draft.facts().now;
  std::vector<Activity> due;
  for (const Activity* leaf : LeavesOf(*ActivityOf(draft.state()))) {
    const auto timers = TimersOf(*leaf);
    const bool over = std::any_of(timers.begin(), timers.end(),
                                  [&](const Timer& timer) { return timer.due <= now; });
    if (over) due.push_back(*leaf);
  }
  for (const Activity& leaf : due) {
    if (!GoesOn(draft.state())) break;
    const auto* backing = std::get_if<BackingOff>(&leaf);
    const auto* sleeping = std::get_if<Sleeping>(&leaf);
    const auto* window = std::get_if<AwaitingWindow>(&leaf);
    if (backing != nullptr) draft.BeginAttempt(backing->at);
    if (window != nullptr) draft.BeginAttempt(window->at);
    if (sleeping != nullptr && sleeping->signal.empty()) draft.Emit(WaitEnded{sleeping->step, {}});
  }
  draft.Continue();
  return {};
}

Result<void> On(Draft& draft, const Cancel& input) {
  if (input.rollback) {
    if (auto may = RefuseAtLast(draft, "Cancel with rollback"); !may) return may;
  }
  if (auto resolved =
          input.rollback ? TellEffect(draft, input.finding, input.reason) : Result<void>();
      !resolved) {
    return resolved;
  }
  StopRequested stop{StopKind::kCancel, input.rollback, {}, Said(draft, "cancelled", input.reason)};
  if (StopAtWork(draft, stop)) return {};
  draft.VoidApprovals();
  if (!input.rollback || std::holds_alternative<Queued>(draft.state().status)) {
    draft.EndRun(RunCancelled{stop.reason});
    return {};
  }
  draft.BeginRollback({{}, Afterwards::kCancelled, {}, Error{Code::kCancelled, stop.reason}}, false,
                      Here(draft));
  return {};
}

Result<void> On(Draft& draft, const Retry& input) {
  auto found = WhereItStands(draft, input.step);
  if (!found) return std::move(found).error();
  const Standing& standing = *found;
  if (standing.attention == nullptr && !standing.retries) {
    return FailedPrecondition("Retry is not possible: " + draft.state().run.ToString() +
                              " waits for something else than a retry; nothing has failed");
  }
  const bool compensation =
      standing.rollback != nullptr && standing.attention->question == Question::kCompensationFailed;
  if (standing.doubtful != nullptr &&
      standing.attention->question == Question::kVerifyInconclusive) {
    // It took effect, and a rollback has to undo that too, whatever the next attempt comes to.
    draft.Emit(EffectResolved{standing.at, Finding::kApplied, input.reason});
  }
  draft.Emit(RetryRequested{standing.at, input.reason});
  if (compensation) {
    draft.Unwind();
  } else {
    draft.Continue();
  }
  return {};
}

Result<void> On(Draft& draft, const Skip& input) {
  auto found = WhereItStands(draft, input.step);
  if (!found) return std::move(found).error();
  const Standing& standing = *found;
  const std::string here = NameOf(draft.workflow(), standing.at);
  if (standing.approval) {
    return FailedPrecondition(
        "Skip is not possible: an approval is never skipped; approve or reject "
        "it, or roll back");
  }
  if (standing.rollback == nullptr && !standing.finished &&
      LacksApprovalInside(draft, standing.at.step)) {
    return FailedPrecondition("Skip is not possible: " + here +
                              " has an approval inside that was not "
                              "given, and an approval is never skipped; retry it, or roll back");
  }
  if (standing.rollback != nullptr) {
    if (standing.attention->question != Question::kCompensationFailed) {
      return FailedPrecondition("Skip is not possible: " + here +
                                " cannot be undone; retry goes on forward, cancel ends the run");
    }
    draft.Emit(CompensationSucceeded{standing.at, input.output, Source::kOperator,
                                     Said(draft, "undone by hand, said", input.reason)});
    draft.Unwind();
    return {};
  }
  if (standing.attention != nullptr && standing.attention->question == Question::kRolledBackTo) {
    return FailedPrecondition("Skip is not possible: nothing has failed; retry goes on from " +
                              here);
  }
  if (standing.finished) {
    if (!input.output.is_null()) {
      return InvalidArgument("output: " + here +
                             " is done and keeps the output that it has; skip "
                             "without one goes on after it");
    }
    draft.Emit(RetryRequested{standing.at, Said(draft, "skipped", input.reason)});
    draft.Continue();
    return {};
  }
  if (standing.doubtful != nullptr) {
    const Attempting& attempt = *standing.doubtful;
    // What the action answered before its proof was missing; other evidence is no output.
    const bool measured = input.output.is_null() && attempt.doubt.has_value() &&
                          standing.attention->question == Question::kVerifyInconclusive;
    draft.Emit(AttemptSucceeded{standing.at, attempt.number,
                                measured ? attempt.doubt->evidence["output"] : input.output,
                                Source::kOperator, Said(draft, "accepted", input.reason)});
  } else {
    draft.Emit(StepSkipped{standing.at, Source::kOperator, input.output,
                           Said(draft, "skipped", input.reason)});
  }
  draft.Continue();
  return {};
}

Result<void> On(Draft& draft, const RollBack& input) {
  if (auto may = RefuseAtLast(draft, "RollBack"); !may) return may;
  std::optional<int> checkpoint;
  if (!input.checkpoint.empty()) {
    checkpoint = draft.workflow().FindStep(input.checkpoint);
    const auto& done = draft.state().done;
    const bool passed =
        checkpoint && std::any_of(done.begin(), done.end(), [&](const Done& entry) {
          return entry.kind == Done::Kind::kCheckpoint && entry.at.step == *checkpoint;
        });
    const auto known =
        checkpoint ? draft.state().steps.find(*checkpoint) : draft.state().steps.end();
    const bool earlier = known != draft.state().steps.end() && known->second.stale;
    if (!passed || earlier) {
      return InvalidArgument("checkpoint: " + draft.state().run.ToString() +
                             " has passed no checkpoint \"" + input.checkpoint + "\"");
    }
  }
  if (auto resolved = TellEffect(draft, input.finding, input.reason); !resolved) return resolved;
  const StopRequested stop{StopKind::kRollback, true, checkpoint,
                           Said(draft, "rolled back", input.reason)};
  if (StopAtWork(draft, stop)) return {};
  draft.VoidApprovals();
  draft.BeginRollback({checkpoint,
                       checkpoint ? Afterwards::kAsk : Afterwards::kRolledBack,
                       {},
                       Error{Code::kCancelled, stop.reason}},
                      false, Here(draft));
  return {};
}

Result<void> On(Draft& draft, const Annotate& input) {
  if (input.reference) {
    const auto& known = draft.state().references;
    if (std::find(known.begin(), known.end(), *input.reference) != known.end()) return {};
  } else if (input.text.empty()) {
    return InvalidArgument("text: an annotation needs one");
  }
  draft.Emit(RunAnnotated{input.text, input.reference});
  return {};
}

}  // namespace recourse::machine
