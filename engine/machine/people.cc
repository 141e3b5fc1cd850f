// The steps at which people are asked: approvals, checklists, and signals that somebody sends.
#include <algorithm>

#include "engine/base/digest.h"
#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/machine/draft.h"

namespace recourse::machine {
namespace {

std::string TextOf(const Value& value) {
  return value.is_string() ? value.as_string() : ToJson(value);
}

// {"items": {"phone": {"by": "ada", "note": "..."}, "rows": {"output": {...}}}}
Value OutputOf(const Draft& draft, const Checklist& checklist) {
  const auto& manual = std::get<definition::ManualStep>(draft.StepAt(checklist.step).kind);
  const auto known = draft.state().steps.find(checklist.step);
  Value::Map items;
  for (std::size_t i = 0; i < manual.items.size(); ++i) {
    const std::string& id = manual.items[i].id;
    Value::Map answer;
    if (const auto found = checklist.answers.find(id); found != checklist.answers.end()) {
      answer.emplace("by", found->second.by);
      answer.emplace("note", found->second.note);
    }
    if (known != draft.state().steps.end() && known->second.output.is_list()) {
      const auto& outputs = known->second.output.as_list();
      if (i < outputs.size() && !outputs[i].is_null()) answer.emplace("output", outputs[i]);
    }
    items.emplace(id, Value(std::move(answer)));
  }
  return Value::Object({{"items", Value(std::move(items))}});
}

const Checklist* FindChecklist(const Draft& draft, const std::string& step) {
  const Activity* root = ActivityOf(draft.state());
  if (root == nullptr) return nullptr;  // a person is asked on the way back
  for (const Activity* leaf : LeavesOf(*root)) {
    const auto* open = std::get_if<Checklist>(leaf);
    if (open != nullptr && (step.empty() || draft.StepAt(open->step).id == step)) return open;
  }
  return nullptr;
}

// The steps whose checklists are open, where that is more than one.
std::string SeveralOpen(const Draft& draft) {
  std::string names;
  int count = 0;
  for (const Activity* leaf : LeavesOf(*ActivityOf(draft.state()))) {
    const auto* open = std::get_if<Checklist>(leaf);
    if (open != nullptr) names += (count++ == 0 ? "" : " and ") + draft.StepAt(open->step).id;
  }
  return count > 1 ? names : "";
}

// The step is done when every item is.
void CompleteChecklist(Draft& draft, int step) {
  const auto& checklist =
      std::get<Checklist>(*FindActivity(*ActivityOf(draft.state()), {step, -1}));
  if (checklist.answers.size() < checklist.request.items.size()) return;
  draft.Emit(StepCompleted{step, OutputOf(draft, checklist)});
}

}  // namespace

std::string DigestOf(const RunState& state, const ApprovalRequested& request) {
  Value::Map shown{{Value("inputs"), state.inputs},
                   {Value("plan"), request.plan},
                   {Value("prompt"), Value(request.prompt)}};
  if (!state.overrides.empty()) {
    Value::List changes;
    for (const auto& [step, inputs] : state.overrides) {
      for (const auto& [input, change] : inputs) {
        changes.push_back(Value::Object(
            {{"step", std::int64_t(step)}, {"input", input}, {"value", change.value}}));
      }
    }
    shown.emplace("overridden", Value(std::move(changes)));
  }
  if (request.overrides) {
    shown.emplace("override", Value::Object({{"step", std::int64_t(request.overrides->step)},
                                             {"input", request.overrides->input},
                                             {"value", request.overrides->value}}));
  }
  return ToHex(Sha256Of(ToJson(Value(std::move(shown)))));
}

void RequestApproval(Draft& draft, int step, Value plan) {
  const auto& approval = std::get<definition::ApprovalStep>(draft.StepAt(step).kind);
  auto prompt = approval.prompt.Evaluate(draft.Scope({step, -1}));
  if (!prompt) return draft.FailStep({step, -1}, std::move(prompt).error().In("prompt"));
  ApprovalRequested request;
  request.step = step;
  request.id = draft.NextApproval();
  request.prompt = TextOf(*prompt);
  request.approvers = approval.approvers;
  request.quorum = approval.quorum;
  request.groups = approval.groups;
  request.second_factor = approval.second_factor;
  request.exclude_requester = approval.exclude_requester;
  if (approval.expires) request.expires = draft.facts().now + *approval.expires;
  request.on_expiry = approval.on_expiry;
  request.pause_stops_clock = draft.StepAt(step).pause_stops_clock;
  for (const definition::Escalation& escalation : approval.escalate) {
    request.escalations.push_back({draft.facts().now + escalation.after, escalation.to});
  }
  if (approval.escalate.empty() && approval.expires) {
    request.escalations.push_back({draft.facts().now + *approval.expires / 2, ""});
  }
  request.plan = std::move(plan);
  request.digest = DigestOf(draft.state(), request);
  const std::string text = draft.state().run.ToString() + " asks for approval " +
                           request.id.ToString() + ": " + request.prompt;
  draft.Emit(std::move(request));
  draft.Do(Notify{"approval_requested", text});
}

void Draft::EnterKind(int step, const definition::ManualStep& manual) {
  const bool checks = std::any_of(manual.items.begin(), manual.items.end(),
                                  [](const auto& item) { return item.check != nullptr; });
  if (!checks) return AskPeople(step, manual);
  Value::List ids;
  for (const definition::ManualStep::Item& item : manual.items) ids.emplace_back(item.id);
  Emit(ForEachStarted{step, Value(std::move(ids)), 1});
}

void Draft::AskPeople(int step, const definition::ManualStep& manual) {
  ManualStarted started;
  started.step = step;
  auto prompt = manual.prompt.Evaluate(Scope({step, -1}));
  if (!prompt) return FailStep({step, -1}, std::move(prompt).error().In("prompt"));
  started.prompt = TextOf(*prompt);
  for (const definition::ManualStep::Item& item : manual.items) {
    auto text = item.text.Evaluate(Scope({step, -1}));
    if (!text) return FailStep({step, -1}, std::move(text).error().In(item.id));
    started.items.push_back({item.id, TextOf(*text)});
  }
  started.by = manual.by;
  started.pause_stops_clock = StepAt(step).pause_stops_clock;
  if (manual.expires) started.expires = facts_.now + *manual.expires;
  const std::string text =
      state_.run.ToString() + " has a checklist at " + StepAt(step).id + ": " + started.prompt;
  const auto known = state_.steps.find(step);
  const Value answered = known == state_.steps.end() ? Value() : known->second.output;
  Emit(std::move(started));
  for (std::size_t i = 0; i < manual.items.size(); ++i) {
    // An operator's word may have been any output.
    const bool made = answered.is_list() && i < answered.as_list().size();
    if (manual.items[i].check == nullptr || !made || answered.as_list()[i].is_null()) continue;
    Emit(ItemAnswered{step, manual.items[i].id, true, true, "its check succeeded"});
  }
  CompleteChecklist(*this, step);
  const Activity& lane = *FindActivity(*ActivityOf(state_), {step, -1});
  if (std::holds_alternative<Checklist>(lane)) Do(Notify{"checklist", text});
}

Result<void> On(Draft& draft, const AnswerItem& input) {
  const Checklist* open = FindChecklist(draft, input.step);
  const std::string run = draft.state().run.ToString();
  if (open == nullptr) {
    return FailedPrecondition("there is no open checklist" +
                              (input.step.empty() ? "" : " at " + input.step) + " in " + run);
  }
  if (const std::string names = input.step.empty() ? SeveralOpen(draft) : ""; !names.empty()) {
    return InvalidArgument("step: " + run + " has checklists at " + names + "; say which is meant");
  }
  const ManualStarted& request = open->request;
  const auto item = std::find_if(request.items.begin(), request.items.end(),
                                 [&](const auto& one) { return one.id == input.item; });
  if (item == request.items.end()) {
    std::string items;
    for (const auto& one : request.items) items += (items.empty() ? "" : ", ") + one.id;
    return InvalidArgument("item: the checklist has no \"" + input.item + "\"; it has " + items);
  }
  const bool may = std::any_of(input.roles.begin(), input.roles.end(), [&](const auto& role) {
    return std::find(request.by.begin(), request.by.end(), role) != request.by.end();
  });
  if (!may) {
    std::string roles;
    for (const std::string& role : request.by) roles += (roles.empty() ? "" : " or ") + role;
    return Error{Code::kPermissionDenied,
                 draft.facts().principal + " may not answer the checklist at " +
                     draft.StepAt(open->step).id + "; it takes the role " +
                     (roles.empty() ? "of nobody: its list is empty" : roles)};
  }
  if (!input.done && input.note.empty()) {
    return InvalidArgument("note: say why the item cannot be done");
  }
  if (const auto said = open->answers.find(input.item); said != open->answers.end() && input.done) {
    if (input.note.empty() || input.note == said->second.note) return {};
    return FailedPrecondition("the item " + input.item + " was answered by " + said->second.by +
                              (said->second.note.empty() ? "" : ": " + said->second.note) +
                              ". This note was not kept; to add it: recourse note " + run +
                              " TEXT");
  }
  const int step = open->step;
  draft.Emit(ItemAnswered{step, input.item, input.done, false, input.note});
  if (input.done) {
    CompleteChecklist(draft, step);
  } else {
    draft.FailStep({step, -1}, Error{Code::kFailedPrecondition,
                                     "the item " + input.item + " cannot be done, said " +
                                         draft.facts().principal + ": " + input.note});
  }
  draft.Continue();
  return {};
}

Result<void> On(Draft& draft, const SendSignal& input) {
  constexpr std::size_t kKeptMax = 100;
  if (input.name.empty()) return InvalidArgument("name: a signal needs one");
  if (!FitsAsJson(input.payload, draft.facts().inputs_bytes_max)) {
    return InvalidArgument("payload: larger than " + HumanBytes(draft.facts().inputs_bytes_max));
  }
  const auto kept = draft.state().signals.find(input.name);
  if (kept != draft.state().signals.end() && kept->second.size() >= kKeptMax) {
    return Error{Code::kResourceExhausted, std::to_string(kKeptMax) + " signals " + input.name +
                                               " are kept already that no step has waited for"};
  }
  draft.Emit(SignalReceived{input.name, input.payload});
  draft.Continue();
  return {};
}

void Draft::TakeSignals() {
  const bool goes_on = std::holds_alternative<Running>(state_.status) ||
                       std::holds_alternative<Waiting>(state_.status);
  if (!goes_on || state_.signals.empty()) return;
  std::vector<std::pair<int, std::string>> waiting;
  for (const Activity* leaf : LeavesOf(*ActivityOf(state_))) {
    const auto* sleeping = std::get_if<Sleeping>(leaf);
    if (sleeping != nullptr && !sleeping->signal.empty()) {
      waiting.emplace_back(sleeping->step, sleeping->signal);
    }
  }
  for (const auto& [step, name] : waiting) {
    const auto kept = state_.signals.find(name);
    if (kept == state_.signals.end()) continue;
    const Signal signal = kept->second.front();
    Emit(WaitEnded{step, Value::Object({{"payload", signal.payload}, {"by", signal.by}})});
  }
}

}  // namespace recourse::machine
