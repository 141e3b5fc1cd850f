// What people decide of an approval.
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

Error Refuse(std::string message) { return Error{Code::kPermissionDenied, std::move(message)}; }

// The voter's roles that are asked.
std::vector<std::string> RolesAsked(const CastVote& vote, const ApprovalRequested& request) {
  std::vector<std::string> asked;
  for (const std::string& role : vote.roles) {
    const auto& approvers = request.approvers;
    if (std::find(approvers.begin(), approvers.end(), role) != approvers.end())
      asked.push_back(role);
  }
  return asked;
}

// Nobody decides alone about what they themselves have asked for or made of the run.
Result<void> CheckVoter(const Draft& draft, const CastVote& vote,
                        const AwaitingApproval& awaiting) {
  const ApprovalRequested& request = awaiting.request;
  const RunState& state = draft.state();
  const std::string& who = draft.facts().principal;
  const bool own = !awaiting.asked_by.empty() && who == awaiting.asked_by;
  if (own && vote.vote == Vote::kReject) return {};
  const std::string id = request.id.ToString();
  if (RolesAsked(vote, request).empty()) {
    return Refuse(who + " may not decide " + id + ": it takes one of the roles " +
                  Listed(request.approvers) + ", and " + who + " has " + Listed(vote.roles));
  }
  if (own) {
    return Refuse(who + " asked for " + id +
                  " and may only take it back, with a rejection; somebody "
                  "else must approve it");
  }
  if (request.exclude_requester && who == state.requester) {
    return Refuse(who + " asked for " + state.run.ToString() +
                  " and may not decide about it too; somebody else must");
  }
  if (request.exclude_requester && state.authors.contains(who)) {
    return Refuse(who + " has changed what " + state.run.ToString() +
                  " does and may not decide about it too; somebody else must");
  }
  const bool approves = vote.vote == Vote::kApprove;
  if (approves && request.second_factor && !vote.second_factor) {
    return Refuse("code: " + id + " takes a one-time code of " + who + " too");
  }
  return {};
}

// Whether nothing has begun in the lane since its approval at `step` was given: the run was stopped
// before the next step, that waits for the window, or the lane ended with the approval and waits
// for others.
bool NothingSince(const definition::Workflow& workflow, const Activity& lane, int step) {
  if (const auto* ready = std::get_if<Ready>(&lane)) {
    return ready->step == step && ready->point == Ready::Point::kFinished;
  }
  const int after = workflow.After(step);
  if (const auto* waits = std::get_if<AwaitingWindow>(&lane))
    return waits->at == StepRef{after, -1};
  const auto* over = std::get_if<Over>(&lane);
  const int block = workflow.steps[static_cast<std::size_t>(step)].block;
  return over != nullptr && !over->error && !over->stopped && block >= 0 &&
         after >= workflow.blocks[static_cast<std::size_t>(block)].end;
}

// The step whose approval was given under this id and from which nothing has begun since.
std::optional<int> StepGiven(const Draft& draft, ApprovalId id) {
  const Activity* root = ActivityOf(draft.state());
  for (const auto& [step, known] : draft.state().steps) {
    if (!known.given || known.given->approval.request.id != id || root == nullptr) continue;
    const Activity* lane = FindActivity(*root, {step, -1});
    if (lane != nullptr && NothingSince(draft.workflow(), *lane, step)) return step;
  }
  return std::nullopt;
}

// Takes back the voter's own yes.
Result<void> Withdraw(Draft& draft, const CastVote& input) {
  if (input.reason.empty()) return InvalidArgument("reason: say why the decision is taken back");
  const std::string id = input.id.ToString();
  const std::string& who = draft.facts().principal;
  if (const AwaitingApproval* awaiting = FindApproval(draft.state(), input.id)) {
    const bool voted = std::any_of(awaiting->votes.begin(), awaiting->votes.end(),
                                   [&](const auto& cast) { return cast.principal == who; });
    if (!voted)
      return FailedPrecondition(who + " has not decided " + id + "; nothing is taken back");
    draft.Emit(VoteCast{input.id, Vote::kWithdraw, input.reason, input.channel, {}, false});
    return {};
  }
  const auto step = StepGiven(draft, input.id);
  if (!step) return Aborted(id + " is not open any more");
  const ApprovalRequested& request = draft.state().steps.at(*step).given->approval.request;
  if (RolesAsked(input, request).empty()) {
    return Refuse(who + " may not take back " + id + ": it takes one of the roles " +
                  Listed(request.approvers));
  }
  draft.Emit(ApprovalRevoked{input.id, *step, input.reason});
  draft.Continue();
  return {};
}

}  // namespace

Result<void> On(Draft& draft, const CastVote& input) {
  if (input.vote == Vote::kWithdraw) return Withdraw(draft, input);
  const AwaitingApproval* found = FindApproval(draft.state(), input.id);
  if (found == nullptr) return Aborted(input.id.ToString() + " is not open any more");
  const AwaitingApproval awaiting = *found;
  const ApprovalRequested& request = awaiting.request;
  const Hold* hold = HoldOf(draft.state());
  const bool stands = hold != nullptr && ClockStands(*hold, awaiting);
  if (!stands && request.expires && *request.expires <= draft.facts().now) {
    return Aborted(input.id.ToString() + " expired at " +
                   FormatTimestamp(ToTimestamp(*request.expires)) +
                   "; your decision came too late and was not counted");
  }
  if (auto may = CheckVoter(draft, input, awaiting); !may) return may;
  if (!input.digest.empty() && input.digest != request.digest) {
    return Aborted("digest: " + input.id.ToString() +
                   " asks something else than what you were shown; look at it again");
  }
  const bool rejects = input.vote == Vote::kReject;
  if (rejects && input.reason.empty()) return InvalidArgument("reason: a rejection needs one");
  for (const auto& cast : awaiting.votes) {
    const bool same = cast.principal == draft.facts().principal && cast.vote == input.vote &&
                      cast.roles == RolesAsked(input, request);
    if (same) return {};  // said already
  }
  draft.Emit(VoteCast{input.id, input.vote, input.reason, input.channel, RolesAsked(input, request),
                      request.second_factor && input.second_factor});
  if (rejects) {
    draft.Emit(ApprovalSettled{input.id, Settlement::kRejected});
    if (request.overrides) return {};  // the run is as it was
    if (!request.overrides_window) {
      draft.FailStep({request.step, -1},
                     Error{Code::kPermissionDenied, Said(draft, "rejected", input.reason)});
    }
    draft.Continue();
    return {};
  }
  if (!IsGiven(*FindApproval(draft.state(), input.id))) return {};
  draft.Emit(ApprovalSettled{input.id, Settlement::kApproved});
  if (request.overrides) draft.Emit(InputOverridden{*request.overrides, request.id});
  draft.Continue();
  return {};
}

}  // namespace recourse::machine
