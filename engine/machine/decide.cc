#include "engine/machine/decide.h"

#include <algorithm>
#include <array>

#include "engine/machine/draft.h"

namespace recourse::machine {
namespace {

// Which input is legal in which status. Every pair that is not here is refused with
// FAILED_PRECONDITION, which names the status.
//
struct Row {
  std::string_view input;
  std::string_view statuses;  // one letter a status: q r w p n b, and e for those that are over
};
constexpr std::array kLegal = {
    Row{"Start", ""},  // only before there is a run
    Row{"LockGranted", "q"},
    Row{"LockPassed", "q"},
    Row{"Prepared", "rpn"},
    Row{"Progressed", "rpn"},
    Row{"Applied", "rpn"},
    Row{"AttemptBroke", "rpn"},
    Row{"Probed", "rpn"},
    Row{"Compensated", "rpnb"},
    Row{"CompensationBroke", "rpnb"},
    Row{"PlanMade", "rpn"},
    Row{"TimerFired", "qrwpnb"},
    Row{"Restarted", "qrwpnb"},
    Row{"CastVote", "rwpn"},
    Row{"Pause", "rw"},
    Row{"Resume", "pn"},
    Row{"Cancel", "qrwpn"},
    Row{"Retry", "rwn"},
    Row{"Skip", "rwn"},
    Row{"RollBack", "rwpn"},
    Row{"Annotate", "qrwpnbe"},
    Row{"SendSignal", "qrwpnb"},
    Row{"AnswerItem", "rwpn"},
    Row{"OverrideWindow", "rwpn"},
    Row{"Quarantine", "rwpn"},
    Row{"ResolveEffect", "n"},
    Row{"OverrideInput", "wpn"},
    Row{"Acknowledge", "rwpn"},
    Row{"AdoptDefinition", "pn"},
};
static_assert(kLegal.size() == std::variant_size_v<Input::variant>);

char LetterOf(RunStatus status) {
  switch (status) {
    case RunStatus::kQueued:
      return 'q';
    case RunStatus::kRunning:
      return 'r';
    case RunStatus::kWaiting:
      return 'w';
    case RunStatus::kPaused:
      return 'p';
    case RunStatus::kNeedsAttention:
      return 'n';
    case RunStatus::kRollingBack:
      return 'b';
    default:
      return 'e';
  }
}

bool AnyGiven(const RunState& state) {
  return std::any_of(state.steps.begin(), state.steps.end(),
                     [](const auto& step) { return step.second.given.has_value(); });
}

// Whether anything is there that the word is about, where lanes of a run at work may wait.
bool Applies(const RunState& state, std::string_view input) {
  const bool asks = std::holds_alternative<NeedsAttention>(state.status);
  if (input == "Resume") return HoldOf(state) != nullptr;
  if (asks && input == "CastVote") return !ApprovalsOf(state).empty() || AnyGiven(state);
  if (!std::holds_alternative<Running>(state.status)) return true;
  const bool votes = input == "CastVote";
  const bool retries = input == "Retry";
  if (!votes && !retries && input != "Skip") return true;
  for (const Activity* leaf : LeavesOf(*ActivityOf(state))) {
    if (votes ? std::holds_alternative<AwaitingApproval>(*leaf)
              : std::holds_alternative<BackingOff>(*leaf) ||
                    (!retries && (std::holds_alternative<Sleeping>(*leaf) ||
                                  std::holds_alternative<Checklist>(*leaf)))) {
      return true;
    }
  }
  return false;
}

bool IsLegalIn(const RunState& state, std::string_view input, std::string_view statuses) {
  return statuses.find(LetterOf(StatusOf(state))) != statuses.npos && Applies(state, input);
}

// How people say it.
std::string WordFor(std::string_view input) {
  if (input == "CastVote") return "Deciding";
  if (input == "ResolveEffect") return "Resolving an effect";
  if (input == "OverrideInput") return "Overriding an input";
  if (input == "OverrideWindow") return "Overriding the window";
  if (input == "AdoptDefinition") return "Adopting a definition";
  if (input == "AnswerItem") return "Answering an item";
  if (input == "SendSignal") return "A signal";
  return std::string(input);
}

// What people may not do to a run that was put aside, or that is asked whether an input may change.
Result<void> CheckHeld(const RunState& state, std::string_view input) {
  const auto is = [&](std::initializer_list<std::string_view> inputs) {
    return std::find(inputs.begin(), inputs.end(), input) != inputs.end();
  };
  const Hold* hold = HoldOf(state);
  if (hold != nullptr && hold->quarantined &&
      is({"CastVote", "Pause", "Retry", "Skip", "RollBack", "AnswerItem", "OverrideWindow",
          "Quarantine", "ResolveEffect", "OverrideInput"})) {
    return FailedPrecondition(WordFor(input) + " is not possible: " + state.run.ToString() +
                              " is quarantined by " + hold->by + " (" + hold->reason +
                              "); resume it first, or cancel it");
  }
  if (state.override_asked && is({"Resume", "Retry", "Skip", "ResolveEffect", "OverrideWindow"})) {
    const ApprovalRequested& asked = state.override_asked->request;
    return FailedPrecondition(
        WordFor(input) + " is not possible: " + asked.id.ToString() +
        " asks whether an input may be overridden; approve or reject it first (" +
        state.override_asked->asked_by + " may reject it too)");
  }
  return {};
}

Error Refused(const RunState& state, const Input& input) {
  const RunStatus status = StatusOf(state);
  std::string message = WordFor(NameOf(input)) + " is not possible: " + state.run.ToString() +
                        " is " + std::string(ToString(status));
  if (IsFinal(status)) message += ", which is over";
  return FailedPrecondition(std::move(message));
}

}  // namespace

std::string_view NameOf(const Input& input) { return kLegal[input.index()].input; }

bool IsLegal(RunStatus status, const Input& input) {
  return kLegal[input.index()].statuses.find(LetterOf(status)) != std::string_view::npos;
}

Result<Decision> Decide(const definition::Workflow& workflow, const RunState& state,
                        const Input& input, const Facts& facts) {
  const bool created = std::holds_alternative<Created>(state.status);
  const bool legal = created ? std::holds_alternative<Start>(input)
                             : IsLegalIn(state, NameOf(input), kLegal[input.index()].statuses);
  if (!legal) return Refused(state, input);
  if (auto free = CheckHeld(state, NameOf(input)); !free) return free.error();
  Draft draft(workflow, state, facts);
  auto decided = std::visit([&](const auto& in) { return On(draft, in); }, input);
  if (!decided) return std::move(decided).error();
  const RunState& after = draft.state();
  const RunStatus status = StatusOf(after);
  const bool well = !IsFinal(status) || status == RunStatus::kSucceeded;
  if (NeedsPerson(state) && !NeedsPerson(after) && well) {
    draft.Do(Notify{"attended", after.run.ToString() + " (" + after.workflow + ") " +
                                    (IsFinal(status) ? "is over" : "goes on") +
                                    "; nobody is needed now"});
  }
  return std::move(draft).Take();
}

}  // namespace recourse::machine
