// What people do to a run.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/machine/draft.h"

namespace recourse::machine {
namespace {

std::string Listed(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out.empty() ? "nobody" : out;
}

Result<void> CheckVoter(const Draft& draft, const CastVote& vote, const ApprovalRequested& request) {
  const std::string& who = draft.facts().principal;
  const bool may = std::any_of(vote.roles.begin(), vote.roles.end(), [&](const std::string& role) {
    return std::find(request.approvers.begin(), request.approvers.end(), role) !=
           request.approvers.end();
  });
  if (!may) {
    return Error{Code::kPermissionDenied,
                 who + " may not decide " + request.id.ToString() + ": it takes one of the roles " +
                     Listed(request.approvers) + ", and " + who + " has " + Listed(vote.roles)};
  }
  if (request.exclude_requester && who == draft.state().requester) {
    return Error{Code::kPermissionDenied,
                 who + " asked for " + draft.state().run.ToString() +
                     " and may not decide about it too; somebody else must"};
  }
  return {};
}

// What the run waits for at a retry or skip: the failed step, the back-off, or the wait.
struct Standing {
  StepRef at;
  const NeedsAttention* attention = nullptr;
  const Attempting* doubtful = nullptr;   // an attempt whose effect a person must tell
  const Rollback* rollback = nullptr;     // a compensation that failed
  // The step is done and its output stands; the run was stopped before the next.
  bool finished = false;
  bool approval = false;  // an approval that was not given: it waits, expired or was rejected
};

Standing WhereItStands(const Draft& draft) {
  const RunState& state = draft.state();
  Standing standing;
  const Activity* activity = ActivityOf(state);
  if (const auto* attention = std::get_if<NeedsAttention>(&state.status)) {
    standing.attention = attention;
    standing.at = attention->at;
    standing.rollback = std::get_if<Rollback>(&attention->from);
    activity = std::get_if<Activity>(&attention->from);
  } else {
    standing.at = PlaceOf(*activity);
  }
  if (activity != nullptr) {
    standing.doubtful = std::get_if<Attempting>(activity);
    const auto* ready = std::get_if<Ready>(activity);
    standing.finished = ready != nullptr && ready->point == Ready::Point::kFinished;
  }
  standing.approval =
      !standing.finished &&
      std::holds_alternative<definition::ApprovalStep>(draft.StepAt(standing.at.step).kind);
  return standing;
}

// Before a rollback, an effect that could not be told must be: by the person who asks for it.
Result<void> ResolveEffect(Draft& draft, std::optional<Finding> finding, const std::string& reason) {
  const auto* attention = std::get_if<NeedsAttention>(&draft.state().status);
  if (attention == nullptr) return {};
  const Standing standing = WhereItStands(draft);
  if (standing.doubtful == nullptr) return {};
  if (!finding && attention->question == Question::kUnknownEffect) {
    return FailedPrecondition("finding: " + NameOf(draft.workflow(), standing.at) +
                              " may or may not have taken effect, and a rollback must know which; "
                              "say applied, not_applied or partial");
  }
  draft.Emit(EffectResolved{standing.at, finding.value_or(Finding::kApplied), reason});
  return {};
}

void VoidApproval(Draft& draft) {
  const Activity* activity = ActivityOf(draft.state());
  const auto* awaiting = activity == nullptr ? nullptr : std::get_if<AwaitingApproval>(activity);
  if (awaiting != nullptr) {
    draft.Emit(ApprovalSettled{awaiting->request.id, Settlement::kVoid});
  }
}

// Asks for the run to stop when an attempt is at work, and answers true; false when none is.
bool StopAtWork(Draft& draft, StopRequested stop) {
  const Activity* activity = ActivityOf(draft.state());
  const auto* attempt = activity == nullptr ? nullptr : std::get_if<Attempting>(activity);
  if (attempt == nullptr) return false;
  draft.Emit(std::move(stop));
  draft.StopPhase();
  return true;
}

std::string Said(const Draft& draft, std::string_view what, const std::string& reason) {
  std::string said = std::string(what) + " by " + draft.facts().principal;
  return reason.empty() ? said : said + ": " + reason;
}

}  // namespace

Result<void> On(Draft& draft, const CastVote& input) {
  const Activity* activity = ActivityOf(draft.state());
  const auto* awaiting = std::get_if<AwaitingApproval>(activity);
  if (awaiting == nullptr || awaiting->request.id != input.id) {
    return Aborted(input.id.ToString() + " is not open any more");
  }
  const ApprovalRequested request = awaiting->request;
  if (request.expires && *request.expires <= draft.facts().now) {
    return Aborted(input.id.ToString() + " expired at " +
                   FormatTimestamp(ToTimestamp(*request.expires)) +
                   "; your decision came too late and was not counted");
  }
  if (auto may = CheckVoter(draft, input, request); !may) return may;
  if (!input.digest.empty() && input.digest != request.digest) {
    return Aborted("digest: " + input.id.ToString() +
                   " asks something else than what you were shown; look at it again");
  }
  if (input.vote == Vote::kReject && input.reason.empty()) {
    return InvalidArgument("reason: a rejection needs one");
  }
  const std::string& who = draft.facts().principal;
  for (const auto& cast : awaiting->votes) {
    if (cast.principal == who && cast.vote == input.vote) return {};  // said already
  }
  draft.Emit(VoteCast{input.id, input.vote, input.reason, input.channel});
  if (input.vote == Vote::kReject) {
    draft.Emit(ApprovalSettled{input.id, Settlement::kRejected});
    draft.FailStep({request.step, -1},
                   Error{Code::kPermissionDenied, Said(draft, "rejected", input.reason)});
    draft.Continue();
    return {};
  }
  const auto& votes = std::get<AwaitingApproval>(*ActivityOf(draft.state())).votes;
  if (static_cast<int>(votes.size()) < request.quorum) return {};
  draft.Emit(ApprovalSettled{input.id, Settlement::kApproved});
  draft.Continue();
  return {};
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

Result<void> On(Draft& draft, const Resume& input) {
  draft.Emit(RunResumed{input.reason});
  // What would have started during the pause starts now.
  const Activity* activity = ActivityOf(draft.state());
  const Time now = draft.facts().now;
  if (const auto* backing = std::get_if<BackingOff>(activity)) {
    if (backing->retry_at <= now) {
      const StepRef at = backing->at;
      draft.BeginAttempt(at);
    }
  } else if (const auto* sleeping = std::get_if<Sleeping>(activity)) {
    if (sleeping->until <= now) draft.Emit(WaitEnded{sleeping->step});
  }
  draft.Continue();
  return {};
}

Result<void> On(Draft& draft, const Cancel& input) {
  if (auto resolved = input.rollback ? ResolveEffect(draft, input.finding, input.reason)
                                     : Result<void>();
      !resolved) {
    return resolved;
  }
  StopRequested stop{StopKind::kCancel, input.rollback, {}, Said(draft, "cancelled", input.reason)};
  if (StopAtWork(draft, stop)) return {};
  VoidApproval(draft);
  if (!input.rollback || std::holds_alternative<Queued>(draft.state().status)) {
    draft.End(RunCancelled{stop.reason});
    return {};
  }
  draft.BeginRollback({{}, Afterwards::kCancelled, {}, Error{Code::kCancelled, stop.reason}}, false,
                      WhereItStands(draft).at);
  return {};
}

Result<void> On(Draft& draft, const Retry& input) {
  const Standing standing = WhereItStands(draft);
  if (standing.attention == nullptr &&
      !std::holds_alternative<BackingOff>(*ActivityOf(draft.state()))) {
    return FailedPrecondition("Retry is not possible: " + draft.state().run.ToString() +
                              " waits for something else than a retry; nothing has failed");
  }
  const bool compensation = standing.rollback != nullptr &&
                            standing.attention->question == Question::kCompensationFailed;
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
  const Standing standing = WhereItStands(draft);
  const std::string here = NameOf(draft.workflow(), standing.at);
  if (!input.step.empty() && input.step != here) {
    return InvalidArgument("step: " + draft.state().run.ToString() + " is at " + here + ", not at " +
                           input.step);
  }
  if (standing.approval) {
    return FailedPrecondition("Skip is not possible: an approval is never skipped; approve or reject "
                              "it, or roll back");
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
    return FailedPrecondition("Skip is not possible: nothing has failed; retry goes on from " + here);
  }
  if (standing.finished) {
    if (!input.output.is_null()) {
      return InvalidArgument("output: " + here + " is done and keeps the output that it has; skip "
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
  std::optional<int> checkpoint;
  if (!input.checkpoint.empty()) {
    checkpoint = draft.workflow().FindStep(input.checkpoint);
    const auto& done = draft.state().done;
    const bool passed = checkpoint && std::any_of(done.begin(), done.end(), [&](const Done& entry) {
                          return entry.kind == Done::Kind::kCheckpoint &&
                                 entry.at.step == *checkpoint;
                        });
    if (!passed) {
      return InvalidArgument("checkpoint: " + draft.state().run.ToString() +
                             " has passed no checkpoint \"" + input.checkpoint + "\"");
    }
  }
  if (auto resolved = ResolveEffect(draft, input.finding, input.reason); !resolved) return resolved;
  const StopRequested stop{StopKind::kRollback, true, checkpoint,
                           Said(draft, "rolled back", input.reason)};
  if (StopAtWork(draft, stop)) return {};
  VoidApproval(draft);
  draft.BeginRollback({checkpoint, checkpoint ? Afterwards::kAsk : Afterwards::kRolledBack, {},
                       Error{Code::kCancelled, stop.reason}},
                      false, WhereItStands(draft).at);
  return {};
}

Result<void> On(Draft& draft, const Annotate& input) {
  if (input.text.empty()) return InvalidArgument("text: an annotation needs one");
  draft.Emit(RunAnnotated{input.text});
  return {};
}

}  // namespace recourse::machine
