// What the fold's rules share: private to engine/machine. apply.cc has a rule for each event.
#pragma once

#include <algorithm>
#include <stdexcept>

#include "engine/base/check.h"
#include "engine/machine/state.h"

namespace recourse::machine {

class FoldTools {
 protected:
  using Point = Ready::Point;

  FoldTools(RunState& state, const Envelope& envelope) : state_(state), envelope_(envelope) {}

  // What the run is at, and what the lane of `place` is. An event that needs one where there is
  // none is of a journal that was tampered with: whoever reads one catches that, like
  // bad_variant_access.
  Activity& Root() {
    Activity* root = ActivityOf(state_);
    if (root == nullptr) throw std::out_of_range("the run is at nothing");
    return *root;
  }
  Activity& LaneOf(StepRef place) {
    Activity* found = FindActivity(Root(), place);
    if (found == nullptr) throw std::out_of_range("the run has no such lane");
    return *found;
  }
  Attempting& AttemptAt(StepRef place) { return std::get<Attempting>(LaneOf(place)); }
  AwaitingApproval& ApprovalOf(ApprovalId id) {
    const AwaitingApproval* found = FindApproval(state_, id);
    if (found == nullptr) throw std::out_of_range("the approval is not open");
    return const_cast<AwaitingApproval&>(*found);
  }

  // Who says what a step's output or a signal's payload is has a hand in what is done with it.
  void NoteAuthor(const Value& said) {
    if (!said.is_null()) state_.authors.insert(envelope_.principal);
  }

  void Become(Status status) {
    state_.status = std::move(status);
    state_.since = envelope_.time;
  }
  // A run at something is running where that is at work or about to be, and waiting otherwise; a
  // paused run stays paused, one that needs attention keeps its question.
  void Settle() {
    state_.since = envelope_.time;
    if (auto* running = std::get_if<Running>(&state_.status)) {
      if (running->stop || !IsParked(running->activity)) return;
      Activity activity = std::move(running->activity);
      state_.status = Waiting{std::move(activity)};
    } else if (auto* waiting = std::get_if<Waiting>(&state_.status)) {
      if (IsParked(waiting->activity)) return;
      Activity activity = std::move(waiting->activity);
      state_.status = Running{std::move(activity), {}};
    }
  }
  static bool IsParked(const Activity& root) {
    bool waits = false;
    for (const Activity* leaf : LeavesOf(root)) {
      if (std::holds_alternative<Over>(*leaf)) continue;
      if (IsAtWork(*leaf) || std::holds_alternative<Ready>(*leaf)) return false;
      waits = true;
    }
    return waits;
  }

  // The lane of `place` is at something else.
  void Work(StepRef place, Activity activity) {
    Activity* found = FindActivity(Root(), place);
    if (found == nullptr) found = &AddItem(place);
    *found = std::move(activity);
    Settle();
  }
  // The steps and items in `within` that wait for the window.
  static std::vector<StepRef> HeldByWindow(const Activity& within) {
    std::vector<StepRef> held;
    for (const Activity* leaf : LeavesOf(within)) {
      if (const auto* waits = std::get_if<AwaitingWindow>(leaf)) held.push_back(waits->at);
    }
    return held;
  }
  // The lane of the step is at steps, or items, of its own.
  void GoInside(Inside inside) {
    constexpr int kDepthMax = 100;  // no definition comes near: a forged journal may
    int depth = 0;
    for (const Activity* at = &Root(); depth <= kDepthMax; ++depth) {
      const auto* around = std::get_if<Inside>(at);
      if (around == nullptr) break;
      const Activity* next = nullptr;
      for (const Lane& lane : around->lanes) {
        if (lane.first <= inside.step && inside.step < lane.end) next = &lane.activity;
      }
      if (next == nullptr) break;
      at = next;
    }
    if (depth > kDepthMax) throw std::out_of_range("steps stand too deep in steps");
    const StepRef place{inside.step, -1};
    Work(place, std::move(inside));
  }
  // An item of a for_each that has several at work begins.
  Activity& AddItem(StepRef place) {
    auto& inside = std::get<Inside>(LaneOf({place.step, -1}));
    if (place.item >= inside.items) throw std::out_of_range("the step has no such item");
    Lane& lane = inside.lanes.emplace_back();
    lane.item = place.item;
    inside.next_item = std::max(inside.next_item, place.item + 1);
    return lane.activity;
  }
  // The step, or item, is done; an item that was at work beside others leaves, and the last of them
  // ends the step.
  void Finish(StepRef place) {
    auto* inside = std::get_if<Inside>(&LaneOf({place.step, -1}));
    if (place.item < 0 || inside == nullptr || inside->items == 0) {
      return Work(place, Ready{place.step, place.item, Point::kFinished});
    }
    RemoveItem(*inside, place.item);
    const bool all = inside->lanes.empty() && inside->next_item >= inside->items;
    if (!all || inside->failure) return Settle();
    state_.steps[place.step].succeeded = true;
    Work({place.step, -1}, Ready{place.step, -1, Point::kFinished});
  }
  static void RemoveItem(Inside& inside, int item) {
    std::erase_if(inside.lanes, [&](const Lane& lane) { return lane.item == item; });
  }

  // A person has answered what the run asked first.
  void Answered() {
    auto* attention = std::get_if<NeedsAttention>(&state_.status);
    if (attention == nullptr) return;
    if (!attention->others.empty()) {
      const AttentionNeeded next = attention->others.front();
      attention->others.erase(attention->others.begin());
      attention->question = next.question;
      attention->at = next.at;
      attention->error = next.error;
      return;
    }
    Activity activity = std::move(std::get<Activity>(attention->from));
    auto stop = std::move(attention->stop);
    if (attention->hold && !stop) {
      Hold hold = *std::move(attention->hold);
      state_.status = Paused{std::move(activity), std::move(hold)};
      return;
    }
    state_.status = Running{std::move(activity), std::move(stop)};
  }
  static void AddApprover(ApprovalRequested& request, const std::string& role) {
    auto& approvers = request.approvers;
    const bool known = std::find(approvers.begin(), approvers.end(), role) != approvers.end();
    if (!role.empty() && !known) approvers.push_back(role);
  }
  // What the open approvals were about has changed: their steps ask anew.
  void AskAnew() {
    const Activity* root = ActivityOf(state_);
    if (root == nullptr) return;
    for (const Activity* found : LeavesOf(*root)) {
      const auto* awaiting = std::get_if<AwaitingApproval>(found);
      if (awaiting == nullptr || awaiting->held) continue;
      const int step = awaiting->step;
      const_cast<Activity&>(*found) = Ready{step, -1, Point::kAgain};
    }
    Settle();
  }
  // The run is held no longer: what stood still goes on where it was.
  void StartClocks() {
    const Hold* hold = HoldOf(state_);
    Activity* root = ActivityOf(state_);
    if (hold == nullptr || root == nullptr) return;
    const auto stood = envelope_.time - hold->since;
    // The time that a run has for its work begins with its work.
    const bool stands = hold->quarantined || !state_.hold.empty();
    if (stands && state_.deadline) *state_.deadline += stood;
    if (hold->quarantined && state_.need) {
      state_.need->since += envelope_.time - std::max(hold->since, state_.need->since);
    }
    for (const Activity* found : LeavesOf(*root)) {
      if (!ClockStands(*hold, *found)) continue;
      auto& leaf = const_cast<Activity&>(*found);
      if (auto* sleeping = std::get_if<Sleeping>(&leaf)) {
        if (sleeping->until) *sleeping->until += stood;
      } else if (auto* checklist = std::get_if<Checklist>(&leaf)) {
        if (checklist->request.expires) *checklist->request.expires += stood;
      } else if (auto* approval = std::get_if<AwaitingApproval>(&leaf)) {
        // One that was asked meanwhile has stood since then only.
        const auto own = envelope_.time - std::max(hold->since, approval->requested);
        if (approval->request.expires) *approval->request.expires += own;
        for (auto& escalation : approval->request.escalations) escalation.due += own;
      }
    }
  }
  void RetryOnTheWayBack(const RetryRequested& event, const NeedsAttention& attention,
                         Rollback rollback) {
    if (attention.question == Question::kPastPivot) {
      // Forward again: what came after the pivot is undone, the pivot itself stands, unless it was
      // left half done.
      PopAbove(event.at);
      ForgetBehind(state_.done.back().sequence);
      const bool half_done = state_.done.back().kind == Done::Kind::kPartial;
      return GoOnAt(
          Ready{event.at.step, event.at.item, half_done ? Point::kAgain : Point::kFinished});
    }
    rollback.at.reset();
    rollback.number = 0;
    Become(RollingBack{std::move(rollback)});
  }
  // Forward after a rollback: inside the sub-workflows that the step stands in.
  void GoOnAt(const Ready& ready) {
    std::vector<std::pair<int, const StepState*>> around;
    for (const auto& [index, step] : state_.steps) {
      if (!step.inside || ready.step < step.inside->first || ready.step >= step.inside->second)
        continue;
      around.emplace_back(index, &step);
    }
    Activity activity = ready;
    // A step comes after the one that it stands in: the innermost last.
    for (auto at = around.rbegin(); at != around.rend(); ++at) {
      Inside inside;
      inside.step = at->first;
      inside.lanes.push_back(
          {at->second->inside->first, at->second->inside->second, -1, std::move(activity)});
      activity = std::move(inside);
    }
    Become(Running{std::move(activity), {}});
  }

  // Who answers a run's question after its deadline lets it go on past it.
  void PassDeadline() {
    if (!std::holds_alternative<NeedsAttention>(state_.status)) return;
    if (state_.deadline && *state_.deadline <= envelope_.time) state_.deadline_over = true;
  }

  void CountVisit(StepRef at) {
    Activity* root = ActivityOf(state_);
    if (root == nullptr || at.item >= 0) return;
    const auto* ready = std::get_if<Ready>(FindActivity(*root, at));
    // What comes after a finished step is entered from there, without a state in between.
    if (ready != nullptr && (ready->point == Point::kEnter || ready->point == Point::kFinished)) {
      StepState& step = state_.steps[at.step];
      ++step.visits;
      step.stale = false;
      if (step.first == 0) step.first = envelope_.sequence;
      step.entered = envelope_.time;
    }
  }

  void Store(StepState& step, StepRef at, const Value& output) {
    step.error.reset();
    step.evidence = Value();
    if (at.item < 0) {
      step.output = output;
      step.succeeded = true;
      return;
    }
    StoreItem(step, at, output);
  }

  void StoreItem(StepState& step, StepRef at, const Value& output) {
    Value::List outputs = step.output.is_list() ? step.output.as_list() : Value::List();
    const auto index = static_cast<std::size_t>(at.item);
    if (!step.items.is_list() || index >= step.items.as_list().size()) {
      throw std::out_of_range("the step has no such item");
    }
    const bool in_turn = !std::holds_alternative<Inside>(LaneOf({at.step, -1}));
    // One after the other: what stands behind the item is of an earlier time.
    if (in_turn || outputs.size() <= index) outputs.resize(index + 1);
    outputs[index] = output;
    step.succeeded = in_turn && outputs.size() == step.items.as_list().size();
    step.output = std::move(outputs);
  }

  void RecordError(StepRef at, const Error& error, const Value& evidence) {
    StepState& step = state_.steps[at.step];
    step.error = error;
    step.evidence = evidence;
    state_.error = error;
    state_.error_at = at;
    state_.error_evidence = evidence;
  }

  void PushPartial(const Attempting& attempt) {
    state_.done.push_back({Done::Kind::kPartial, attempt.at, attempt.number, attempt.inputs,
                           attempt.undo, Value(), ItemOf(attempt.at), InputsAround(attempt.at.step),
                           envelope_.sequence});
  }
  void AskAbout(const AttentionNeeded& event) {
    if (auto* rolling = std::get_if<RollingBack>(&state_.status)) {
      Rollback rollback = std::move(rolling->rollback);
      return Become(NeedsAttention{event.question, event.at, event.error, std::move(rollback)});
    }
    if (IsDoubt(event.question)) AttemptAt(event.at).asked = true;
    if (FindActivity(Root(), event.at) == nullptr) {
      // An item that has not begun: what is answered is about it.
      AddItem(event.at) = Ready{event.at.step, event.at.item, Point::kAgain};
    }
    TakeBackStops(event.at);
    if (auto* attention = std::get_if<NeedsAttention>(&state_.status)) {
      attention->others.push_back(event);
      return;
    }
    NeedsAttention attention{event.question, event.at, event.error, {}};
    if (const Hold* hold = HoldOf(state_)) attention.hold = *hold;
    const auto* running = std::get_if<Running>(&state_.status);
    if (running != nullptr && IsDoubt(event.question)) attention.stop = running->stop;
    attention.from = std::move(Root());
    Become(std::move(attention));
  }

  // Of the innermost sub-workflow that the step stands in: they are others at its next visit.
  Value InputsAround(int step) const {
    Value inputs;
    for (const auto& [index, around] : state_.steps) {
      if (around.inside && around.inside->first <= step && step < around.inside->second) {
        inputs = around.inputs;  // a step comes after the one that it stands in
      }
    }
    return inputs;
  }
  // The run asks a person because it was stopped: what another lane had at work did not fail by
  // itself, and is made again when the run goes on.
  void TakeBackStops(StepRef asked) {
    const auto* running = std::get_if<Running>(&state_.status);
    if (running == nullptr || !running->stop) return;
    for (const Activity* leaf : LeavesOf(running->activity)) {
      auto* ready = const_cast<Ready*>(std::get_if<Ready>(leaf));
      if (ready == nullptr || ready->point != Point::kFailed) continue;
      if (StepRef{ready->step, ready->item} != asked)
        *ready = {ready->step, ready->item, Point::kAgain};
    }
  }
  Value ItemOf(StepRef at) const {
    if (at.item < 0) return {};
    return state_.steps.at(at.step).items.as_list().at(static_cast<std::size_t>(at.item));
  }

  // Drops what lies above the newest entry of `at`: it changed nothing, so nothing was undone.
  void PopAbove(StepRef at) {
    while (!state_.done.empty() && state_.done.back().at != at) state_.done.pop_back();
    RECOURSE_CHECK(!state_.done.empty());
  }
  void Undone(StepRef at) {
    state_.done.pop_back();
    StepState& step = state_.steps[at.step];
    step.succeeded = false;
    if (at.item < 0) step.output = Value();
  }

  // What an earlier time came to is not this one's; numbers of visits and attempts go on.
  static void BeginAnew(StepState& step) {
    StepState fresh;
    fresh.visits = step.visits;
    fresh.attempts = std::move(step.attempts);
    fresh.stale = true;
    step = std::move(fresh);
  }
  // Forward again from what was done last: the steps that the run came to only behind it have not
  // run. One that it had come to before keeps what is known of it, as what follows may need that.
  void ForgetBehind(std::int64_t sequence) {
    for (auto& [index, step] : state_.steps) {
      if (step.first > sequence) BeginAnew(step);
    }
  }

  void End(Status status) {
    state_.holds_lock = false;
    state_.override_asked.reset();
    Become(std::move(status));
  }

  RunState& state_;
  const Envelope& envelope_;
};

}  // namespace recourse::machine
