// Who is told while a run needs a person: the policy as it is stored, and its levels.
#include <algorithm>
#include <set>

#include "engine/machine/draft.h"

namespace recourse::machine {
namespace {

std::chrono::microseconds MicrosIn(const Value& value) {
  return std::chrono::microseconds(value.is_int() ? value.as_int() : 0);
}

}  // namespace

Policy PolicyOf(const Value& stored) {
  Policy policy;
  policy.name = stored.StringOr("name", "");
  const Value& levels = stored["levels"];
  if (levels.is_list()) {
    for (const Value& level : levels.as_list()) {
      policy.levels.push_back({MicrosIn(level["after_us"]), level.StringOr("to", "")});
    }
  }
  policy.may_decide = stored["may_decide"] == Value(true);
  if (const Value& within = stored["respond_within_us"]; within.is_int()) {
    policy.respond_within = MicrosIn(within);
  }
  return policy;
}

void TellNextLevel(Draft& draft) {
  const RunState& state = draft.state();
  const Policy policy = PolicyOf(state.policy);
  const int level = state.need->told;
  const auto& [after, to] = policy.levels[static_cast<std::size_t>(level)];
  const auto why = WhyItWaits(draft.workflow(), state);
  const std::string text = to + ": " + state.run.ToString() + " (" + state.workflow + ", " +
                           state.severity + ") needs a person" +
                           (why ? ": " + why->reason : std::string());
  // Who is told at once was only told: deciding is for those who come in because nobody else did.
  const bool may_decide = policy.may_decide && after > std::chrono::microseconds(0);
  draft.Emit(Escalated{level, to, may_decide});
  draft.Do(Notify{"escalated", text});
}

namespace {

// Operators, those whom the policy tells, and those whom the run asks.
bool MayAcknowledge(const RunState& state, const std::vector<std::string>& roles) {
  std::set<std::string> may = {"operator"};
  for (const Policy::Level& level : PolicyOf(state.policy).levels) may.insert(level.to);
  for (const AwaitingApproval* open : ApprovalsOf(state)) {
    may.insert(open->request.approvers.begin(), open->request.approvers.end());
  }
  const Activity* root = ActivityOf(state);
  for (const Activity* leaf : root == nullptr ? std::vector<const Activity*>() : LeavesOf(*root)) {
    const auto* checklist = std::get_if<Checklist>(leaf);
    if (checklist != nullptr)
      may.insert(checklist->request.by.begin(), checklist->request.by.end());
  }
  return std::any_of(roles.begin(), roles.end(),
                     [&](const auto& role) { return may.contains(role); });
}

}  // namespace

Result<void> On(Draft& draft, const Acknowledge& input) {
  const RunState& state = draft.state();
  const std::string run = state.run.ToString();
  if (!state.need) {
    return FailedPrecondition(run +
                              (state.policy.is_null() ? " has no policy that would tell more people"
                                                      : " needs nobody now") +
                              "; there is nothing to acknowledge");
  }
  if (state.need->acknowledged) {
    if (state.need->acknowledged_by == draft.facts().principal) return {};
    return FailedPrecondition(run + " is acknowledged by " + state.need->acknowledged_by +
                              " already, who takes care of it");
  }
  if (!MayAcknowledge(state, input.roles)) {
    return Error{Code::kPermissionDenied,
                 draft.facts().principal + " may not take " + run +
                     ": it takes the role operator, or one that the run asks or has told"};
  }
  draft.Emit(RunAcknowledged{input.reason});
  draft.Do(Notify{"acknowledged", draft.facts().principal + " takes care of " + run + " (" +
                                      state.workflow + ")" +
                                      (input.reason.empty() ? "" : ": " + input.reason)});
  return {};
}

}  // namespace recourse::machine
