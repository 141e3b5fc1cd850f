// Activities are trees: a lane of a parallel step can itself be inside one.
#include "engine/machine/state.h"

namespace recourse::machine {
namespace {

bool Holds(const Inside& inside, const Lane& lane, StepRef place) {
  if (lane.item >= 0) return place.step == inside.step && place.item == lane.item;
  return lane.first <= place.step && place.step < lane.end;
}

void Collect(const Activity& at, std::vector<const Activity*>& leaves) {
  const auto* inside = std::get_if<Inside>(&at);
  if (inside == nullptr) {
    leaves.push_back(&at);
    return;
  }
  for (const Lane& lane : inside->lanes) Collect(lane.activity, leaves);
}

}  // namespace

const Activity* FindActivity(const Activity& root, StepRef place) {
  const auto* inside = std::get_if<Inside>(&root);
  if (inside == nullptr) return &root;
  if (inside->step == place.step && (place.item < 0 || inside->items == 0)) return &root;
  for (const Lane& lane : inside->lanes) {
    if (Holds(*inside, lane, place)) return FindActivity(lane.activity, place);
  }
  return nullptr;
}

Activity* FindActivity(Activity& root, StepRef place) {
  return const_cast<Activity*>(FindActivity(std::as_const(root), place));
}

std::vector<const Activity*> LeavesOf(const Activity& root) {
  std::vector<const Activity*> leaves;
  Collect(root, leaves);
  return leaves;
}

bool IsAtWork(const Activity& leaf) {
  const auto* attempt = std::get_if<Attempting>(&leaf);
  return attempt != nullptr ? !attempt->asked : std::holds_alternative<Planning>(leaf);
}

bool AnyAtWork(const Activity& root) {
  const auto* inside = std::get_if<Inside>(&root);
  if (inside == nullptr) return IsAtWork(root);
  for (const Lane& lane : inside->lanes) {
    if (AnyAtWork(lane.activity)) return true;
  }
  return false;
}

const Hold* HoldOf(const RunState& state) {
  if (const auto* paused = std::get_if<Paused>(&state.status)) return &paused->hold;
  const auto* attention = std::get_if<NeedsAttention>(&state.status);
  return attention != nullptr && attention->hold ? &*attention->hold : nullptr;
}

bool ClockStands(const Hold& hold, const Activity& leaf) {
  if (const auto* sleeping = std::get_if<Sleeping>(&leaf)) {
    return hold.quarantined || sleeping->pause_stops_clock;
  }
  if (const auto* checklist = std::get_if<Checklist>(&leaf)) {
    return hold.quarantined || checklist->request.pause_stops_clock;
  }
  const auto* approval = std::get_if<AwaitingApproval>(&leaf);
  return approval != nullptr && (hold.quarantined || approval->request.pause_stops_clock);
}

const Activity* ActivityOf(const RunState& state) {
  if (const auto* running = std::get_if<Running>(&state.status)) return &running->activity;
  if (const auto* waiting = std::get_if<Waiting>(&state.status)) return &waiting->activity;
  if (const auto* paused = std::get_if<Paused>(&state.status)) return &paused->activity;
  if (const auto* attention = std::get_if<NeedsAttention>(&state.status)) {
    return std::get_if<Activity>(&attention->from);
  }
  return nullptr;
}

Activity* ActivityOf(RunState& state) {
  return const_cast<Activity*>(ActivityOf(std::as_const(state)));
}

std::vector<const AwaitingApproval*> ApprovalsOf(const RunState& state) {
  std::vector<const AwaitingApproval*> approvals;
  if (state.override_asked) approvals.push_back(&*state.override_asked);
  const Activity* root = ActivityOf(state);
  if (root == nullptr) return approvals;
  for (const Activity* leaf : LeavesOf(*root)) {
    if (const auto* awaiting = std::get_if<AwaitingApproval>(leaf)) approvals.push_back(awaiting);
  }
  return approvals;
}

const AwaitingApproval* FindApproval(const RunState& state, ApprovalId id) {
  for (const AwaitingApproval* awaiting : ApprovalsOf(state)) {
    if (awaiting->request.id == id) return awaiting;
  }
  return nullptr;
}

StepRef PlaceOf(const Activity& activity) {
  struct Place {
    StepRef operator()(const Ready& at) const { return {at.step, at.item}; }
    StepRef operator()(const Attempting& at) const { return at.at; }
    StepRef operator()(const Planning& at) const { return {at.step, -1}; }
    StepRef operator()(const BackingOff& at) const { return at.at; }
    StepRef operator()(const AwaitingApproval& at) const {
      return at.held.value_or(StepRef{at.step, -1});
    }
    StepRef operator()(const Sleeping& at) const { return {at.step, -1}; }
    StepRef operator()(const AwaitingWindow& at) const { return at.at; }
    StepRef operator()(const Checklist& at) const { return {at.step, -1}; }
    StepRef operator()(const Over&) const { return {}; }
    StepRef operator()(const Inside& at) const {
      const Activity* first = nullptr;
      for (const Lane& lane : at.lanes) {
        if (std::holds_alternative<Over>(lane.activity)) continue;
        if (first == nullptr || (AnyAtWork(lane.activity) && !AnyAtWork(*first))) {
          first = &lane.activity;
        }
      }
      return first == nullptr ? StepRef{at.step, -1} : PlaceOf(*first);
    }
  };
  return std::visit(Place{}, activity);
}

}  // namespace recourse::machine
