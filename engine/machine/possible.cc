#include "engine/machine/possible.h"

namespace recourse::machine {
namespace {

constexpr std::string_view kReason = "asked whether it is possible";

// A vote by somebody who may cast it; nothing while no approval is open.
std::optional<CastVote> VoteOnOpenApproval(const RunState& state, Vote vote) {
  const auto open = ApprovalsOf(state);
  if (open.empty()) return std::nullopt;
  CastVote cast;
  cast.id = open.front()->request.id;
  cast.vote = vote;
  cast.reason = kReason;
  cast.second_factor = true;
  cast.roles = open.front()->request.approvers;
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
  // Where several lanes wait, what is possible for one of them is possible.
  std::vector<std::string> steps{""};
  if (const Activity* root = ActivityOf(state)) {
    for (const Activity* leaf : LeavesOf(*root)) steps.push_back(NameOf(workflow, PlaceOf(*leaf)));
  }
  const auto ask_any = [&](std::string_view verb, const auto& input_for) {
    for (const std::string& step : steps) {
      if (!Decide(workflow, state, input_for(step), facts)) continue;
      return verbs.push_back(verb);
    }
  };
  ask_any("retry", [&](const std::string& step) { return Input(Retry{reason, step}); });
  ask_any("skip", [&](const std::string& step) { return Input(Skip{step, {}, reason}); });
  ask("resolve", ResolveEffect{{}, Finding::kNotApplied, {}, reason});
  ask("rollback", RollBack{{}, reason, Finding::kPartial});
  ask("cancel", Cancel{reason, false, {}});
  ask("pause", Pause{reason});
  ask("resume", Resume{reason});
  return verbs;
}

}  // namespace recourse::machine
