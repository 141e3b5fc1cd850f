// The fold's rules for what people say to a run, and what they are asked: private to apply.cc.
#pragma once

#include "engine/machine/fold.h"

namespace recourse::machine {

class FoldPeople : protected FoldTools {
 public:
  void operator()(const ApprovalRequested& event) {
    if (!event.overrides) CountVisit({event.step, -1});
    AwaitingApproval awaiting{event.step, event, {}, envelope_.time, 0, {}, {}};
    StepRef place{event.step, -1};
    if (event.overrides || event.overrides_window) awaiting.asked_by = envelope_.principal;
    if (event.overrides) {
      state_.override_asked = std::move(awaiting);
      return;
    }
    if (event.overrides_window) {
      // Asked while the run waits for the window, or needs attention because it closes.
      const auto* attention = std::get_if<NeedsAttention>(&state_.status);
      if (attention != nullptr) {
        place = attention->at;
      } else if (const auto held = HeldByWindow(LaneOf(place)); !held.empty()) {
        place = held.front();
      }
      awaiting.held = place;
      Answered();
    }
    Work(place, std::move(awaiting));
  }
  void operator()(const VoteCast& event) {
    CountVote(ApprovalOf(event.id).votes, envelope_, event);
  }
  void operator()(const ApprovalEscalated& event) {
    AwaitingApproval& awaiting = ApprovalOf(event.id);
    if (event.expired) {
      awaiting.request.expires.reset();
    } else {
      ++awaiting.escalated;
    }
    AddApprover(awaiting.request, event.to);
  }
  void operator()(const ApprovalRevoked& event) {
    state_.steps[event.step].given.reset();
    Work({event.step, -1}, Ready{event.step, -1, Point::kAgain});
  }
  void operator()(const InputOverridden& event) {
    state_.overrides[event.change.step][event.change.input] = event.change;
    state_.authors.insert(event.change.by);
    AskAnew();
  }
  void operator()(const Escalated& event) {
    if (state_.need) state_.need->told = event.level + 1;
    if (!event.may_decide) return;
    for (const AwaitingApproval* open : ApprovalsOf(state_)) {
      if (open->request.groups.empty()) AddApprover(ApprovalOf(open->request.id).request, event.to);
    }
  }
  void operator()(const RunAcknowledged&) {
    if (!state_.need) return;
    state_.need->acknowledged_by = envelope_.principal;
    state_.need->acknowledged = envelope_.time;
  }
  void operator()(const DefinitionAdopted& event) {
    state_.digest = event.digest;
    state_.authors.insert(envelope_.principal);
    AskAnew();
  }
  void operator()(const ApprovalSettled& event) {
    if (state_.override_asked && state_.override_asked->request.id == event.id) {
      state_.override_asked.reset();
      return;
    }
    const AwaitingApproval& awaiting = ApprovalOf(event.id);
    const Hold* hold = HoldOf(state_);
    const int step = awaiting.step;
    const bool approved = event.settlement == Settlement::kApproved;
    if (const auto held = awaiting.held) {
      if (approved) {
        state_.window_overridden = true;
        state_.rollback_by.reset();
        // It is the run that may go on: so may every other lane that waits for the window.
        for (const StepRef at : HeldByWindow(Root()))
          Work(at, Ready{at.step, at.item, Point::kAgain});
      }
      state_.steps[held->step].entered = envelope_.time;
      return Work(*held, Ready{held->step, held->item, Point::kAgain});
    }
    if (approved) {
      state_.steps[step].error.reset();  // an earlier no
      Given given{awaiting, envelope_.time, envelope_.sequence};
      // Its clock stood, so it had none that it could be late by.
      if (hold != nullptr && ClockStands(*hold, awaiting)) given.approval.request.expires.reset();
      state_.steps[step].given = std::move(given);
    }
    Work({step, -1}, Ready{step, -1, approved ? Point::kFinished : Point::kFailed});
  }

  void operator()(const RunPaused& event) {
    StartClocks();  // of an earlier hold, which this one takes the place of
    Hold hold{event.reason, envelope_.principal, envelope_.time, event.quarantined};
    if (auto* attention = std::get_if<NeedsAttention>(&state_.status)) {
      attention->hold = std::move(hold);
      return;
    }
    Activity activity = std::move(Root());
    Become(Paused{std::move(activity), std::move(hold)});
  }
  void operator()(const RunResumed&) {
    StartClocks();
    state_.hold.clear();
    if (auto* attention = std::get_if<NeedsAttention>(&state_.status)) {
      attention->hold.reset();
      return;
    }
    Activity activity = std::move(Root());
    Become(Running{std::move(activity), {}});
    Settle();
  }
  void operator()(const ManualStarted& event) {
    // With checks the visit began with the first of them.
    if (!state_.steps[event.step].items.is_list()) CountVisit({event.step, -1});
    Work({event.step, -1}, Checklist{event.step, event, {}});
  }
  void operator()(const ItemAnswered& event) {
    if (!event.done) return;  // the step's failure follows
    auto& checklist = std::get<Checklist>(LaneOf({event.step, -1}));
    checklist.answers[event.item] = {event.checked ? "engine" : envelope_.principal, event.note,
                                     envelope_.time};
    state_.since = envelope_.time;
  }

 protected:
  FoldPeople(RunState& state, const Envelope& envelope) : FoldTools(state, envelope) {}
};

}  // namespace recourse::machine
