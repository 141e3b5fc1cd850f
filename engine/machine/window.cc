// The window of a run: outside it nothing begins that changes something, and what was begun inside
// is undone in time where the definition says so.
#include <algorithm>

#include "engine/base/text.h"
#include "engine/machine/draft.h"

namespace recourse::machine {
namespace {

using definition::OnClosing;

std::string Clock(Time time) { return FormatTimestamp(ToTimestamp(time)); }

}  // namespace

// The steps that have changed something, or are at it, but `besides`.
std::vector<StepRef> Draft::Changes(StepRef besides) const {
  std::vector<StepRef> changes;
  const auto add = [&](StepRef at) {
    if (at != besides && ActionAt(at).repeat != RepeatClass::kReadOnly) changes.push_back(at);
  };
  for (const Done& done : state_.done) {
    if (done.kind != Done::Kind::kCheckpoint) add(done.at);
  }
  for (const Activity* leaf : LeavesOf(*ActivityOf(state_))) {
    if (const auto* attempt = std::get_if<Attempting>(leaf)) add(attempt->at);
  }
  return changes;
}

// Undoing a step takes as long as doing it is expected to.
std::chrono::microseconds Draft::UndoTime(StepRef besides) const {
  std::chrono::microseconds sum{};
  for (const StepRef at : Changes(besides)) {
    if (ActionAt(at).can_compensate)
      sum += StepAt(at.step).expect.value_or(std::chrono::microseconds());
  }
  return sum;
}

std::optional<Time> Draft::RollbackBy(StepRef at) const {
  const bool fenced = facts_.window && facts_.window->closes && !state_.window_overridden;
  if (!fenced || state_.finishing) return std::nullopt;
  if (workflow_.window->on_closing != OnClosing::kRollback) return std::nullopt;
  if (ActionAt(at).repeat == RepeatClass::kReadOnly) return std::nullopt;
  const auto own = ActionAt(at).can_compensate ? StepAt(at.step).expect : std::nullopt;
  return *facts_.window->closes - UndoTime(at) - own.value_or(std::chrono::microseconds());
}

bool Draft::HeldByWindow(StepRef at) {
  const definition::ActionStep& action = ActionAt(at);
  const bool free = !facts_.window || state_.window_overridden || state_.finishing ||
                    action.repeat == RepeatClass::kReadOnly;
  if (free) return false;
  const WindowNow& window = *facts_.window;
  const auto expect = StepAt(at.step).expect.value_or(std::chrono::microseconds());
  const auto own_undo = action.can_compensate ? expect : std::chrono::microseconds();
  if (window.closes && facts_.now + expect + own_undo + UndoTime(at) <= *window.closes)
    return false;

  const bool untouched = Changes(at).empty();
  const Error closing{Code::kDeadlineExceeded,
                      NameOf(workflow_, at) + " takes " + FormatDuration(expect) +
                          (window.closes ? ", and the window closes at " + Clock(*window.closes)
                                         : ", and the window is closed") +
                          "; it was not started"};
  if (untouched && window.opens) {
    Emit(WindowAwaited{at, *window.opens});
    return true;
  }
  switch (workflow_.window->on_closing) {
    case OnClosing::kFinish:
      return untouched ? (Ask(Question::kWindowClosing, at, closing), true) : false;
    case OnClosing::kPause:
      Ask(Question::kWindowClosing, at, closing);
      return true;
    case OnClosing::kRollback:
      break;
  }
  Emit(StopRequested{StopKind::kWindow, true, {}, closing.message});
  StopAllPhases();
  return true;
}

Result<void> On(Draft& draft, const OverrideWindow& input) {
  const RunState& state = draft.state();
  const std::string run = state.run.ToString();
  if (!draft.workflow().window) return FailedPrecondition(run + " has no window");
  if (draft.workflow().window->override_by.empty()) {
    return FailedPrecondition("nobody may let " + run + " go on outside its window: " +
                              draft.workflow().name + " says no \"window_override\"");
  }
  if (input.reason.empty()) return InvalidArgument("reason: say why the window cannot be kept");
  std::optional<StepRef> held;
  if (const auto* attention = std::get_if<NeedsAttention>(&state.status)) {
    if (attention->question == Question::kWindowClosing) held = attention->at;
  } else {
    for (const Activity* leaf : LeavesOf(*ActivityOf(state))) {
      if (const auto* waits = std::get_if<AwaitingWindow>(leaf)) held = waits->at;
    }
  }
  if (!held) return FailedPrecondition(run + " does not wait for its window");
  ApprovalRequested request;
  request.step = held->step;
  request.id = draft.NextApproval();
  request.prompt = "Let " + run + " (" + state.workflow + ") go on outside its window? " +
                   draft.facts().principal + " says: " + input.reason;
  request.approvers = draft.workflow().window->override_by;
  request.exclude_requester = true;
  request.overrides_window = true;
  request.digest = DigestOf(state, request);
  const std::string text =
      run + " asks for approval " + request.id.ToString() + ": " + request.prompt;
  draft.Emit(std::move(request));
  draft.Do(Notify{"approval_requested", text});
  return {};
}

}  // namespace recourse::machine
