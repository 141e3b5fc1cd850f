// What people change of what a run does: an effect that they tell, another input, another
// definition.
#include <algorithm>

#include "engine/base/json.h"
#include "engine/machine/draft.h"

namespace recourse::machine {
namespace {

// The step of that id at which an action is done, and whose next attempt can have another input.
Result<int> StepToOverride(const Draft& draft, const OverrideInput& input) {
  const auto step = draft.workflow().FindStep(input.step);
  const std::string run = draft.state().run.ToString();
  if (!step) return InvalidArgument("step: " + run + " has no step \"" + input.step + "\"");
  if (!std::holds_alternative<definition::ActionStep>(draft.StepAt(*step).kind)) {
    return InvalidArgument("step: " + input.step + " does no action, so that it has no inputs");
  }
  const Activity* root = ActivityOf(draft.state());
  if (root == nullptr)
    return FailedPrecondition(run + " is on its way back; nothing begins forward");
  for (const Activity* leaf : LeavesOf(*root)) {
    const auto* awaiting = std::get_if<AwaitingApproval>(leaf);
    if (std::holds_alternative<Planning>(*leaf) || (awaiting != nullptr && awaiting->held)) {
      return FailedPrecondition(
          run + (awaiting != nullptr
                     ? " asks for leave to go on outside its window; decide that first"
                     : " is making the plan of an approval; try again in a moment"));
    }
    if (std::holds_alternative<Attempting>(*leaf) && PlaceOf(*leaf).step == *step) {
      return FailedPrecondition("step: " + input.step + " has an attempt that is not over");
    }
  }
  const auto known = draft.state().steps.find(*step);
  if (known != draft.state().steps.end() && known->second.succeeded) {
    return FailedPrecondition("step: " + input.step +
                              " is done already; roll back to before it first");
  }
  return *step;
}

// The approval that was given last, of those that stand on the way to `step`, if any; of all when
// none does, or `step` is not said. What it allowed was the plan as it stood.
const Given* LastGiven(const RunState& state, std::optional<int> step,
                       const definition::Workflow* workflow = nullptr) {
  const auto around = [&](int block) {
    for (int at = workflow->steps[std::size_t(*step)].block; at >= 0;) {
      if (at == block) return true;
      const int owner = workflow->blocks[std::size_t(at)].owner;
      at = owner < 0 ? -1 : workflow->steps[std::size_t(owner)].block;
    }
    return block < 0;
  };
  const Given* last = nullptr;
  const Given* on_the_way = nullptr;
  const auto newer = [](const Given* one, const Given* than) {
    return than == nullptr || one->approval.request.id.number > than->approval.request.id.number;
  };
  for (const auto& [index, known] : state.steps) {
    if (!known.given) continue;
    const Given* one = &*known.given;
    if (newer(one, last)) last = one;
    const bool leads =
        step && workflow != nullptr && around(workflow->steps[std::size_t(index)].block);
    if (leads && newer(one, on_the_way)) on_the_way = one;
  }
  return on_the_way != nullptr ? on_the_way : last;
}

// Those who allowed the plan are asked for the change.
void AskToOverride(Draft& draft, const OverrideInput& input, InputOverride change,
                   const ApprovalRequested& approval) {
  const RunState& state = draft.state();
  ApprovalRequested request;
  request.step = change.step;
  request.id = draft.NextApproval();
  request.prompt = "Let " + input.step + " in " + state.run.ToString() + " (" + state.workflow +
                   ") have " + input.input + " = " + ToJson(input.value) + "? " +
                   draft.facts().principal + " says: " + input.reason;
  request.approvers = approval.approvers;
  request.groups = approval.groups;
  request.quorum = approval.quorum;
  request.second_factor = approval.second_factor;
  request.exclude_requester = approval.exclude_requester;
  request.overrides = std::move(change);
  request.digest = DigestOf(state, request);
  const std::string text =
      state.run.ToString() + " asks for approval " + request.id.ToString() + ": " + request.prompt;
  draft.Emit(std::move(request));
  draft.Do(Notify{"approval_requested", text});
}

// The last step that the run has come to, or has something to say of; -1: none.
int Furthest(const RunState& state) {
  int furthest = state.steps.empty() ? -1 : state.steps.rbegin()->first;
  for (const Done& done : state.done) furthest = std::max(furthest, done.at.step);
  for (const Activity* leaf : LeavesOf(*ActivityOf(state))) {
    const auto* ready = std::get_if<Ready>(leaf);
    const bool ahead = ready != nullptr && ready->point == Ready::Point::kEnter;
    if (!ahead && !std::holds_alternative<Over>(*leaf))
      furthest = std::max(furthest, PlaceOf(*leaf).step);
  }
  return furthest;
}

// Where the run goes on from, beyond what it has come past: the step that is next in a lane, and
// the one that it asks about.
std::vector<int> Ahead(const RunState& state) {
  std::vector<int> ahead;
  for (const Activity* leaf : LeavesOf(*ActivityOf(state))) {
    if (!std::holds_alternative<Over>(*leaf)) ahead.push_back(PlaceOf(*leaf).step);
  }
  if (const auto* attention = std::get_if<NeedsAttention>(&state.status)) {
    ahead.push_back(attention->at.step);
    for (const AttentionNeeded& other : attention->others) ahead.push_back(other.at.step);
  }
  return ahead;
}

// Whether the step at `index`, or the end, is the same one in both.
bool SamePlace(const definition::Workflow& old, const definition::Workflow& fresh,
               std::size_t index) {
  if (index >= old.steps.size() || index >= fresh.steps.size()) {
    return index == old.steps.size() && index == fresh.steps.size();
  }
  return fresh.steps[index].id == old.steps[index].id &&
         fresh.steps[index].block == old.steps[index].block &&
         fresh.steps[index].frame == old.steps[index].frame;
}

// The step of the workflow itself that the step stands in, or is.
int Outermost(const definition::Workflow& workflow, int step) {
  for (;;) {
    const int block = workflow.steps[std::size_t(step)].block;
    const int owner = block < 0 ? -1 : workflow.blocks[std::size_t(block)].owner;
    if (owner < 0) return step;
    step = owner;
  }
}

// What differs in what the run has come past; empty: nothing.
std::string Difference(const definition::Workflow& old, const definition::Workflow& fresh,
                       const RunState& state) {
  const int furthest = Furthest(state);
  int outermost = -1;  // of the furthest: its place in the list of the workflow's own steps
  for (int i = 0; i <= furthest; ++i) {
    if (!SamePlace(old, fresh, std::size_t(i))) {
      return "step " + old.steps[std::size_t(i)].id +
             " is at another place, and the run has come past it";
    }
    if (Outermost(old, i) == i) ++outermost;
  }
  for (const int next : Ahead(state)) {
    if (SamePlace(old, fresh, std::size_t(next))) continue;
    return (std::size_t(next) < old.steps.size() ? "step " + old.steps[std::size_t(next)].id
                                                 : "the end") +
           ", which is next, is at another place";
  }
  const auto was = ParseJson(old.canonical);
  const auto is = ParseJson(fresh.canonical);
  if (!was || !is) return "the definitions cannot be compared";
  for (const char* key : {"name", "inputs", "lock", "window", "workflows"}) {
    if ((*was)[key] != (*is)[key]) return std::string("\"") + key + "\" is not the same";
  }
  const Value::List& before = (*was)["steps"].as_list();
  const Value::List& after = (*is)["steps"].as_list();
  for (std::size_t i = 0; outermost >= 0 && i <= std::size_t(outermost) && i < before.size(); ++i) {
    if (i >= after.size() || before[i] != after[i]) {
      return "step " + before[i].StringOr("id", "") +
             " is not the same, and the run has come past it";
    }
  }
  return {};
}

}  // namespace

Result<void> On(Draft& draft, const ResolveEffect& input) {
  const auto& attention = std::get<NeedsAttention>(draft.state().status);
  if (!IsDoubt(attention.question)) {
    return FailedPrecondition(
        "no effect of " + draft.state().run.ToString() +
        " is in doubt; what it asks is answered with retry, skip or rollback");
  }
  if (input.reason.empty()) return InvalidArgument("reason: say how you know");
  if (input.finding == Finding::kApplied) {
    return On(draft, Skip{input.step, input.output, input.reason});
  }
  if (!input.output.is_null()) {
    return InvalidArgument("output: only a step that took effect has one");
  }
  const std::string here = NameOf(draft.workflow(), attention.at);
  if (!input.step.empty() && input.step != here) {
    return InvalidArgument("step: " + draft.state().run.ToString() + " asks about " + here +
                           ", not about " + input.step);
  }
  const StepRef at = attention.at;
  draft.Emit(EffectResolved{at, input.finding, input.reason});
  draft.Emit(RetryRequested{at, input.reason});
  draft.Continue();
  return {};
}

Result<void> On(Draft& draft, const OverrideInput& input) {
  auto step = StepToOverride(draft, input);
  if (!step) return std::move(step).error();
  if (input.reason.empty()) return InvalidArgument("reason: say why the input has to be another");
  if (draft.state().override_asked) {
    return FailedPrecondition(draft.state().override_asked->request.id.ToString() +
                              " asks for another override; it comes first");
  }
  InputOverride change{*step, input.input, input.value, input.reason, draft.facts().principal};
  if (const Given* given = LastGiven(draft.state(), *step, &draft.workflow())) {
    if (std::holds_alternative<Waiting>(draft.state().status)) {
      return FailedPrecondition(
          "pause " + draft.state().run.ToString() +
          " first: the change needs an approval, and the run could go on meanwhile");
    }
    AskToOverride(draft, input, std::move(change), ApprovalRequested(given->approval.request));
    return {};
  }
  draft.Emit(InputOverridden{std::move(change), {}});
  draft.Continue();
  return {};
}

Value WithOverrides(const RunState& state, int step, Value inputs) {
  const auto changed = state.overrides.find(step);
  if (changed == state.overrides.end()) return inputs;
  Value::Map members = inputs.is_map() ? inputs.as_map() : Value::Map();
  for (const auto& [input, change] : changed->second) members.insert_or_assign(input, change.value);
  return Value(std::move(members));
}

Result<void> On(Draft& draft, const AdoptDefinition& input) {
  const RunState& state = draft.state();
  const std::string run = state.run.ToString();
  if (input.reason.empty())
    return InvalidArgument("reason: say why the run needs another definition");
  if (input.to->digest == state.digest) {
    return FailedPrecondition(run + " goes by this definition of " + input.to->name + " already");
  }
  const bool early = !state.finishing && ActivityOf(state) != nullptr;
  if (!early) {
    return FailedPrecondition(
        run + " is on its way back or at what runs at last; it keeps its definition");
  }
  for (const Activity* leaf : LeavesOf(*ActivityOf(state))) {
    if (!IsAtWork(*leaf)) continue;
    return FailedPrecondition(NameOf(draft.workflow(), PlaceOf(*leaf)) + " of " + run +
                              " is at work; wait until it is over");
  }
  if (LastGiven(state, {})) {
    return FailedPrecondition(
        run +
        " was approved by what its definition says; roll back to a checkpoint "
        "before the approval, or cancel and start anew");
  }
  if (!state.overrides.empty() || state.override_asked) {
    return FailedPrecondition(
        "an input of " + run +
        " is overridden, for a step of the definition that it has; it keeps that");
  }
  if (const auto difference = Difference(draft.workflow(), *input.to, state); !difference.empty()) {
    return FailedPrecondition("the new definition of " + input.to->name + " cannot be adopted by " +
                              run + ": " + difference);
  }
  draft.Emit(DefinitionAdopted{input.to->digest, input.reason});
  return {};
}

}  // namespace recourse::machine
