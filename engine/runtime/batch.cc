#include "engine/runtime/batch.h"

#include <algorithm>
#include <iterator>

#include "engine/definition/window.h"
#include "engine/machine/window_now.h"
#include "engine/record/record.h"
#include "engine/runtime/job.h"

namespace recourse::runtime {
namespace {

bool ConcernsApproval(const machine::Event& event) {
  return std::holds_alternative<machine::ApprovalRequested>(event) ||
         std::holds_alternative<machine::VoteCast>(event) ||
         std::holds_alternative<machine::ApprovalSettled>(event) ||
         std::holds_alternative<machine::ApprovalEscalated>(event) ||
         std::holds_alternative<machine::ApprovalRevoked>(event) ||
         std::holds_alternative<machine::Escalated>(event) ||
         std::holds_alternative<machine::InputOverridden>(event) ||
         std::holds_alternative<machine::DefinitionAdopted>(event) ||
         std::holds_alternative<machine::RunPaused>(event) ||
         std::holds_alternative<machine::RunResumed>(event);
}

// How the run's window stands; nothing for a run without one.
Result<std::optional<machine::WindowNow>> WindowOf(LiveRun& run, const machine::Input& input,
                                                   Time now) {
  const auto* start = std::get_if<machine::Start>(&input);
  const Value& window = start != nullptr ? start->window : run.state.window;
  if (window.is_null()) return std::optional<machine::WindowNow>();
  if (!run.window) {
    auto read = definition::ReadWindow(window);
    if (!read) return std::move(read).error().In("the window");
    run.window = *std::move(read);
  }
  return std::optional(machine::NowOf(*run.window, now));
}

// Gives the events their places in the run and in the journal.
std::vector<record::Recorded> Place(Batch& batch, const LiveRun& run,
                                    std::vector<machine::Event> events, const Caller& caller) {
  std::vector<record::Recorded> recorded;
  recorded.reserve(events.size());
  std::int64_t sequence = run.state.revision;
  for (machine::Event& event : events) {
    if (const auto* requested = std::get_if<machine::ApprovalRequested>(&event)) {
      batch.heads.approval = std::max(batch.heads.approval, requested->id);
    }
    recorded.push_back({{run.state.run, ++sequence, ++batch.heads.position, batch.now,
                         caller.principal, caller.via},
                        std::move(event)});
  }
  return recorded;
}

std::vector<std::string> ChannelsFor(const Batch& batch, const machine::Notify& notify,
                                     const journal::RunRow& run) {
  if (!notify.channel.empty()) return {notify.channel};
  if (batch.route == nullptr || !*batch.route) return {};
  return (*batch.route)(notify, run);
}

void AddEffects(Batch& batch, const LiveRun& run, std::vector<machine::Effect> effects,
                journal::RunChange& change) {
  for (machine::Effect& effect : effects) {
    if (const auto* notify = std::get_if<machine::Notify>(&effect)) {
      for (std::string& channel : ChannelsFor(batch, *notify, change.row)) {
        change.notifications.push_back({.position = batch.heads.position,
                                        .number = static_cast<int>(change.notifications.size()),
                                        .channel = std::move(channel),
                                        .event = notify->event,
                                        .run = run.state.run,
                                        .text = notify->text,
                                        .created = batch.now,
                                        .error = {},
                                        .sent = {},
                                        .given_up = {}});
      }
      continue;
    }
    batch.effects.push_back({run.state.run, std::move(effect)});
  }
}

// Goes on with a decision that asks for a plan, when that can be made at once. Not one that
// concerns approvals already: it has taken the next one's number, or changed the definition that is
// planned.
void GoOnWithPlan(const Batch& batch, const LiveRun& run, machine::Facts facts,
                  machine::Decision& decision) {
  if (batch.surroundings == nullptr || decision.effects.empty()) return;
  const auto* plan = std::get_if<machine::MakePlan>(&decision.effects.back());
  if (plan == nullptr || std::ranges::any_of(decision.events, ConcernsApproval)) return;
  const auto made = PlanAtOnce(*batch.surroundings, *run.workflow, decision.after, *plan);
  if (!made) return;
  facts.position += static_cast<std::int64_t>(decision.events.size());
  auto next = machine::Decide(*run.workflow, decision.after, *made, facts);
  if (!next) return;  // a worker makes it again, and what is wrong is said there
  decision.effects.pop_back();
  std::ranges::move(next->events, std::back_inserter(decision.events));
  std::ranges::move(next->effects, std::back_inserter(decision.effects));
  decision.after = std::move(next->after);
}

}  // namespace

Result<std::optional<std::size_t>> AddDecision(Batch& batch, LiveRun& run,
                                               const machine::Input& input, const Caller& caller,
                                               double jitter) {
  auto window = WindowOf(run, input, batch.now);
  if (!window) return std::move(window).error();
  const machine::Facts facts{batch.now,
                             caller.principal,
                             jitter,
                             ApprovalId{batch.heads.approval.number + 1},
                             batch.heads.position,
                             batch.inputs_bytes_max,
                             *window,
                             caller.via};
  auto decision = machine::Decide(*run.workflow, run.state, input, facts);
  if (!decision) return std::move(decision).error();
  GoOnWithPlan(batch, run, facts, *decision);
  batch.runs.push_back(run.state.run);
  journal::RunChange change;
  if (decision->events.empty()) {
    AddEffects(batch, run, std::move(decision->effects), change);
    return std::optional<std::size_t>();
  }

  const bool was_over = machine::IsFinal(machine::StatusOf(run.state));
  const bool approvals =
      std::any_of(decision->events.begin(), decision->events.end(), ConcernsApproval);
  const auto recorded = Place(batch, run, std::move(decision->events), caller);
  if (approvals) change.approvals = record::ApprovalRowsOf(*run.workflow, run.state, recorded);
  change.events.reserve(recorded.size());
  for (const record::Recorded& event : recorded) {
    change.events.push_back(record::Encode(event.envelope, event.event));
  }
  run.state = std::move(decision->after);
  RECOURSE_CHECK(run.state.position == batch.heads.position);
  if (const auto* adopt = std::get_if<machine::AdoptDefinition>(&input)) {
    run.workflow = adopt->to;
    change.definition = {adopt->to->digest, adopt->to->name, adopt->to->canonical};
  }
  change.row = record::RowOf(*run.workflow, run.state);
  if (auto timers = record::TimerRowsOf(run.state); timers != run.timers) {
    run.timers = timers;
    change.timers = std::move(timers);
  }
  AddEffects(batch, run, std::move(decision->effects), change);
  if (run.state.holds_lock) batch.locks.insert_or_assign(run.state.lock, run.state.run);
  if (!was_over && machine::IsFinal(machine::StatusOf(run.state))) --batch.runs_opened;
  batch.changes.push_back(std::move(change));
  return std::optional(batch.changes.size() - 1);
}

}  // namespace recourse::runtime
