// What each message comes to.
#include <algorithm>

#include "engine/base/no_such.h"
#include "engine/base/text.h"
#include "engine/expression/secret.h"
#include "engine/machine/possible.h"
#include "engine/record/record.h"
#include "engine/runtime/core_loop.h"

namespace recourse::runtime {
namespace {

const Caller kItself{"engine", {}, {}};
// That are offered a free lock before it stays free; those that do not get it are told who did.
constexpr int kWaitersAsked = 16;
// Of a value that overrides an input: it is shown to people.
constexpr std::int64_t kOverrideMax = 64 * 1024;

// Whether reading may succeed later, so that an input of the engine's own is worth keeping.
bool MayPass(const Error& error) {
  return error.code == Code::kUnavailable || error.code == Code::kResourceExhausted;
}

// A refusal that the run's state is the reason of, with what is possible instead.
Error WithWhatIsPossible(Error refusal, const LiveRun& run, Time now) {
  if (refusal.code != Code::kFailedPrecondition) return refusal;
  machine::Facts facts;
  facts.now = now;
  std::string verbs;
  for (const auto verb : machine::PossibleVerbs(*run.workflow, run.state, facts)) {
    verbs += (verbs.empty() ? "" : ", ") + std::string(verb);
  }
  if (!verbs.empty()) refusal.message += "; possible now: " + verbs;
  return refusal;
}

// A slip in a signal's name would be kept, and waited for, for ever.
Result<void> CheckSignal(const definition::Workflow& workflow, const machine::Input& input) {
  const auto* signal = std::get_if<machine::SendSignal>(&input);
  if (signal == nullptr) return {};
  std::vector<std::string> names;
  for (const definition::Step& step : workflow.steps) {
    const auto* wait = std::get_if<definition::WaitStep>(&step.kind);
    if (wait != nullptr && !wait->signal.empty()) names.push_back(wait->signal);
  }
  if (std::find(names.begin(), names.end(), signal->name) != names.end()) return {};
  const std::string nearest = Nearest(signal->name, names);
  return InvalidArgument("name: no step of " + workflow.name + " waits for a signal \"" +
                         signal->name + "\"" +
                         (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"));
}

}  // namespace

void CoreLoop::Take(Batch& batch, Message& message) {
  std::visit([&](auto& of) { Take(batch, message, of); }, message);
}

void CoreLoop::Take(Batch& batch, Message& message, SubmitMessage& submit) {
  const auto* skip = std::get_if<machine::Skip>(&submit.input);
  const auto* told = std::get_if<machine::ResolveEffect>(&submit.input);
  const Value* given = skip != nullptr ? &skip->output : told != nullptr ? &told->output : nullptr;
  const auto* signal = std::get_if<machine::SendSignal>(&submit.input);
  const Value* from_outside = signal != nullptr ? &signal->payload : given;
  if (from_outside != nullptr && expression::HoldsSecret(*from_outside)) {
    return batch.Refuse(
        message, submit.run,
        InvalidArgument("what looks like a reference to a secret is none where it does "
                        "not stand in a definition; nothing was done"));
  }
  if (given != nullptr && !FitsAsJson(*given, options_.output_bytes_max)) {
    return batch.Refuse(message, submit.run,
                        Error{Code::kResourceExhausted,
                              "output_json: larger than " + HumanBytes(options_.output_bytes_max) +
                                  ", which is the limit; nothing was done"});
  }
  if (auto* answer = std::get_if<machine::AnswerItem>(&submit.input)) {
    answer->roles = submit.caller.roles;
  }
  if (auto* acknowledge = std::get_if<machine::Acknowledge>(&submit.input)) {
    acknowledge->roles = submit.caller.roles;
  }
  TakeInput(batch, message, submit.run, submit.input, submit.revision, submit.caller);
}

void CoreLoop::Take(Batch& batch, Message& message, VoteMessage& of) {
  const std::string id = of.vote.id.ToString();
  auto approval = journal_.reader().FindApproval(of.vote.id);
  if (!approval) return batch.Refuse(message, {}, std::move(approval).error().In("decide " + id));
  if (!*approval) return batch.Refuse(message, {}, NotFound("there is no approval " + id));
  machine::CastVote vote = of.vote;
  vote.roles = of.caller.roles;
  if (vote.channel.empty()) vote.channel = of.caller.channel;
  TakeInput(batch, message, (*approval)->run, std::move(vote), {}, of.caller);
}

// Whether the step's action has an input of that name, which takes such a value.
Result<void> CoreLoop::CheckOverride(const definition::Workflow& workflow,
                                     const machine::Input& input) const {
  const auto* change = std::get_if<machine::OverrideInput>(&input);
  const auto step = change == nullptr ? std::nullopt : workflow.FindStep(change->step);
  if (!step) return {};  // the machine says so
  const auto* does = std::get_if<definition::ActionStep>(&workflow.steps[std::size_t(*step)].kind);
  if (expression::HoldsSecret(change->value)) {
    return InvalidArgument(change->input + ": a secret is named by the definition only");
  }
  if (!FitsAsJson(change->value, kOverrideMax)) {
    return InvalidArgument(change->input + ": larger than " + HumanBytes(kOverrideMax));
  }
  if (does == nullptr) return {};
  if (!does->with.Secrets().empty()) {
    return FailedPrecondition("input: " + change->step +
                              " uses secrets, and what overrides one would stand in the journal");
  }
  const Action* action = surroundings_.registry.FindAction(does->action);
  if (action == nullptr) return {};
  const Value& known = action->Spec().inputs["properties"];
  std::vector<std::string> names;
  if (known.is_map()) {
    for (const auto& [name, schema] : known.as_map()) names.push_back(name.as_string());
  }
  const Value* schema = known.Find(change->input);
  if (schema == nullptr) return NoSuch("input", change->input, names).In("input");
  return CheckAgainstSchema(change->value, *schema, change->input);
}

// Somebody else was faster: what they did.
Error CoreLoop::ChangedSince(const LiveRun& run, std::int64_t revision) const {
  constexpr int kToldMax = 5;
  const machine::RunState& state = run.state;
  std::string message = state.run.ToString() + " is at revision " + std::to_string(state.revision) +
                        ", not " + std::to_string(revision) +
                        ": it has changed since you looked, and nothing was done. It is " +
                        std::string(machine::ToString(machine::StatusOf(state))) + " now";
  // In this batch's memory it may be further than in the journal.
  auto events = journal_.reader().EventsOfRun(state.run, revision, kToldMax);
  if (revision < 0 || !events || events->empty()) return Aborted(message);
  message += "; since then:";
  for (const journal::StoredEvent& event : *events) {
    auto recorded = record::Decode(event);
    if (!recorded) break;
    message +=
        (&event == &events->front() ? " " : "; ") + record::Describe(*run.workflow, *recorded).text;
  }
  return Aborted(std::move(message));
}

// The definition that a run is to adopt: the one of its workflow's name that is loaded now.
Result<machine::Input> CoreLoop::WithDefinition(const definition::Workflow& workflow,
                                                machine::AdoptDefinition adopt) const {
  const auto found = catalogue_->workflows.find(workflow.name);
  if (found == catalogue_->workflows.end()) {
    return FailedPrecondition("no workflow " + workflow.name + " is loaded; nothing to adopt");
  }
  if (!found->second->digest.starts_with(adopt.digest)) {
    return Aborted("digest: the definition of " + workflow.name + " that is loaded now is " +
                   found->second->digest.substr(0, 12) + ", not " + adopt.digest +
                   "; nothing was changed, look at it again");
  }
  adopt.to = found->second;
  return machine::Input(std::move(adopt));
}

void CoreLoop::TakeInput(Batch& batch, Message& message, RunId id, const machine::Input& input,
                         const std::optional<std::int64_t>& revision, const Caller& caller) {
  auto run = runs_.Load(id);
  if (!run) return batch.Refuse(message, id, std::move(run).error());
  batch.runs.push_back(id);
  const machine::RunState& state = (*run)->state;
  if (revision && *revision != state.revision) {
    return batch.Refuse(message, id, ChangedSince(**run, *revision));
  }
  if (auto known = CheckSignal(*(*run)->workflow, input); !known) {
    return batch.Refuse(message, id, std::move(known).error());
  }
  if (auto fits = CheckOverride(*(*run)->workflow, input); !fits) {
    return batch.Refuse(message, id, std::move(fits).error());
  }
  std::optional<machine::Input> adopting;
  if (const auto* adopt = std::get_if<machine::AdoptDefinition>(&input)) {
    auto with = WithDefinition(*(*run)->workflow, *adopt);
    if (!with) return batch.Refuse(message, id, std::move(with).error());
    adopting = *std::move(with);
  }
  auto change = AddDecision(batch, **run, adopting ? *adopting : input, caller, Jitter());
  if (!change) {
    return batch.Refuse(message, id,
                        WithWhatIsPossible(std::move(change).error(), **run, batch.now));
  }
  if (*change) {
    batch.answers.push_back({&message, id, **change});
  } else {
    batch.answers.push_back({&message, id, record::RowOf(*(*run)->workflow, state)});
  }
}

// Waits are set aside before a batch is made.
void CoreLoop::Take(Batch&, Message&, WaitMessage&) {}
void CoreLoop::Take(Batch&, Message&, SteerMessage&) {}
void CoreLoop::Take(Batch&, Message&, ReloadMessage&) {}
void CoreLoop::Take(Batch&, Message&, RemoveMessage&) {}
void CoreLoop::Take(Batch&, Message&, NoteMessage&) {}

void CoreLoop::Take(Batch& batch, Message& message, EngineMessage& own) {
  auto run = runs_.Load(own.run);
  if (!run) {
    if (MayPass(run.error())) return batch.held.push_back(&message);
    Report(run.error().In(std::string(machine::NameOf(own.input))));
    return batch.Refuse(message, own.run, std::move(run).error());
  }
  batch.runs.push_back(own.run);
  // What is refused answers something that is over: the late outcome of a stopped attempt.
  auto change = AddDecision(batch, **run, own.input, kItself, Jitter());
  if (!own.done) return;
  if (!change) {
    batch.Refuse(message, own.run, std::move(change).error());
  } else {
    batch.answers.push_back({&message, own.run, change->value_or(0)});
  }
}

void CoreLoop::Take(Batch& batch, Message&, TimerMessage& of) {
  // The clock was set back since the timer was read: it is due again later, and not to be muted.
  if (of.timer.due > batch.now) return;
  auto run = runs_.Load(of.timer.run);
  if (!run) {
    if (MayPass(run.error())) return;  // It is read again from the journal.
    Report(run.error().In("a timer of " + of.timer.run.ToString()));
    return timers_.Mute(of.timer);
  }
  LiveRun& live = **run;
  batch.runs.push_back(of.timer.run);
  const machine::TimerFired fired{{static_cast<machine::TimerKind>(of.timer.kind), of.timer.due}};
  if (auto change = AddDecision(batch, live, fired, kItself, Jitter()); change && *change) {
    return;
  }
  if (std::find(live.timers.begin(), live.timers.end(), of.timer) != live.timers.end()) {
    timers_.Mute(of.timer);
  }
}

void CoreLoop::Take(Batch& batch, Message& message, GrantMessage& of) {
  if (!Grant(batch, of.lock)) batch.held.push_back(&message);
}

// False when the journal could not be read.
bool CoreLoop::Grant(Batch& batch, const std::string& lock) {
  auto holder = HolderOf(batch, lock);
  if (!holder) return !MayPass(holder.error());
  if (holder->number != 0) return true;
  auto waiters = journal_.reader().LockWaiters(lock, kWaitersAsked);
  if (!waiters) return !MayPass(waiters.error());
  RunId passed_to;
  for (const journal::RunRow& waiter : *waiters) {
    auto run = runs_.Load(waiter.run);
    if (!run) {
      Report(run.error().In("grant the lock " + lock));
      continue;
    }
    batch.runs.push_back(waiter.run);
    if (passed_to.number != 0) {
      // What cannot be told stays as it is: the run goes on waiting all the same.
      (void)AddDecision(batch, **run, machine::LockPassed{passed_to}, kItself, 0);
      continue;
    }
    auto change = AddDecision(batch, **run, machine::LockGranted{}, kItself, Jitter());
    if (!change || !*change) continue;
    if (!(*run)->state.holds_lock) break;  // It is over already, and the lock granted anew.
    passed_to = waiter.run;
  }
  return true;
}

Result<RunId> CoreLoop::HolderOf(const Batch& batch, const std::string& lock) {
  if (const auto taken = batch.locks.find(lock); taken != batch.locks.end()) return taken->second;
  auto holder = journal_.reader().LockHolder(lock);
  if (!holder) return std::move(holder).error().In("look for the holder of " + lock);
  return *holder ? (*holder)->run : RunId{};
}

}  // namespace recourse::runtime
