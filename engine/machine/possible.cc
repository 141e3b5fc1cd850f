#include "engine/machine/possible.h"

namespace recourse::machine {
namespace {

constexpr std::string_view kReason = "asked whether it is possible";

// A vote by somebody who may cast it; nothing while no approval is open.
std::optional<CastVote> VoteOnOpenApproval(const RunState& state, Vote vote) {
  const Activity* activity = ActivityOf(state);
  const auto* awaiting = activity == nullptr ? nullptr : std::get_if<AwaitingApproval>(activity);
  if (awaiting == nullptr) return std::nullopt;
  CastVote cast;
  cast.id = awaiting->request.id;
  cast.vote = vote;
  cast.reason = kReason;
  cast.roles = awaiting->request.approvers;
  return cast;
}

}  // namespace

std::vector<std::string_view> PossibleVerbs(const definition::Workflow& workflow,
                                            const RunState& state, Facts facts) {
  facts.principal.clear();  // nobody who has asked for the run or voted
  std::vector<std::string_view> verbs;
  const auto ask = [&](std::string_view verb, const Input& input) {
    if (Decide(workflow, state, input, facts)) verbs.push_back(verb);
  };
  const std::string reason(kReason);
  if (const auto approve = VoteOnOpenApproval(state, Vote::kApprove)) ask("approve", *approve);
  if (const auto reject = VoteOnOpenApproval(state, Vote::kReject)) ask("reject", *reject);
  ask("retry", Retry{reason});
  ask("skip", Skip{{}, {}, reason});
  ask("rollback", RollBack{{}, reason, Finding::kPartial});
  ask("cancel", Cancel{reason, false, {}});
  ask("pause", Pause{reason});
  ask("resume", Resume{reason});
  return verbs;
}

}  // namespace recourse::machine
