#include "engine/runtime/live_runs.h"

#include "engine/record/record.h"

namespace recourse::runtime {

using machine::RunState;

bool IsParked(const RunState& state) {
  if (const auto* rolling = std::get_if<machine::RollingBack>(&state.status)) {
    return rolling->rollback.retry_at.has_value();
  }
  const machine::Activity* activity = machine::ActivityOf(state);
  return activity == nullptr || !machine::AnyAtWork(*activity);
}

bool IsSettled(const RunState& state) {
  if (const auto* waiting = std::get_if<machine::Waiting>(&state.status)) {
    for (const machine::Activity* leaf : machine::LeavesOf(waiting->activity)) {
      if (std::holds_alternative<machine::AwaitingApproval>(*leaf) ||
          std::holds_alternative<machine::Checklist>(*leaf)) {
        return true;
      }
    }
    return false;
  }
  return std::holds_alternative<machine::Paused>(state.status) ||
         std::holds_alternative<machine::NeedsAttention>(state.status) ||
         machine::IsFinal(machine::StatusOf(state));
}

Result<LiveRun*> LiveRuns::Load(RunId run) {
  if (LiveRun* found = Find(run)) return found;
  auto state = record::ReadRun(reader_, run);
  if (!state) return std::move(state).error();
  auto workflow = definitions_.Find(state->digest);
  if (!workflow) return std::move(workflow).error().In(run.ToString());
  LiveRun live{*std::move(state), *std::move(workflow), {}};
  live.timers = record::TimerRowsOf(live.state);
  return &runs_.emplace(run, std::move(live)).first->second;
}

LiveRun* LiveRuns::Find(RunId run) {
  const auto found = runs_.find(run);
  return found == runs_.end() ? nullptr : &found->second;
}

LiveRun& LiveRuns::Add(RunId run, std::shared_ptr<const definition::Workflow> workflow) {
  const auto [added, is_new] = runs_.try_emplace(run);
  RECOURSE_CHECK(is_new);
  added->second.state.run = run;
  added->second.workflow = std::move(workflow);
  return added->second;
}

void LiveRuns::DropIfParked(RunId run) {
  const auto found = runs_.find(run);
  if (found != runs_.end() && IsParked(found->second.state)) runs_.erase(found);
}

}  // namespace recourse::runtime
