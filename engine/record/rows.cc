// The index rows of runs and timers, as they follow from a run's state.
#include "engine/base/rules.h"
#include "engine/machine/decide.h"
#include "engine/record/record.h"
#include "engine/record/stored_text.h"
#include "engine/record/target.h"

namespace recourse::record {
namespace {

using namespace machine;  // NOLINT: the rules below name most of it

std::string NameUnlessEnd(const definition::Workflow& workflow, StepRef at) {
  const auto size = static_cast<int>(workflow.steps.size());
  return at.step < 0 || at.step >= size ? std::string() : NameOf(workflow, at);
}

std::string StandsAt(const definition::Workflow& workflow, const RunState& state) {
  if (const auto* attention = std::get_if<NeedsAttention>(&state.status)) {
    return NameUnlessEnd(workflow, attention->at);
  }
  if (const Activity* activity = ActivityOf(state)) {
    return NameUnlessEnd(workflow, PlaceOf(*activity));
  }
  if (const auto* rolling = std::get_if<RollingBack>(&state.status)) {
    if (rolling->rollback.at) return NameUnlessEnd(workflow, *rolling->rollback.at);
  }
  return {};
}

const Error* ErrorOf(const RunState& state) {
  using Found = const Error*;
  return std::visit(Rules{
                        [](const NeedsAttention& attention) -> Found { return &attention.error; },
                        [](const RollingBack& rolling) -> Found { return &rolling.rollback.cause; },
                        [](const Failed& failed) -> Found { return &failed.error; },
                        [](const RolledBack& rolled_back) -> Found { return &rolled_back.cause; },
                        [](const auto&) -> Found { return nullptr; },
                    },
                    state.status);
}

}  // namespace

std::string TargetOf(const definition::Workflow& workflow, const Value& inputs) {
  for (const definition::Input& input : workflow.inputs) {
    if (input.type == definition::InputType::kTarget) {
      return inputs[input.name].StringOr("name", "");
    }
  }
  return {};
}

journal::RunRow RowOf(const definition::Workflow& workflow, const RunState& state) {
  const RunStatus status = StatusOf(state);
  journal::RunRow row;
  row.run = state.run;
  row.workflow = state.workflow;
  row.digest = state.digest;
  row.target = TargetOf(workflow, state.inputs);
  row.status = static_cast<int>(status);
  row.step = StandsAt(workflow, state);
  row.severity = state.severity;
  row.requester = state.requester;
  row.request_id = state.request_id;
  row.started = state.started;
  row.changed = state.changed;
  row.revision = state.revision;
  if (IsFinal(status)) row.finished = state.since;
  if (state.holds_lock) {
    row.lock = state.lock;
    row.fencing_token = state.fencing_token;
  } else if (status == RunStatus::kQueued) {
    row.lock = state.lock;
  }
  if (const auto why = WhyItWaits(workflow, state)) {
    row.waits_for = StoredText(why->reason);
    row.waits_for_whom = why->who;
    row.next = why->next;
    row.waits_since = why->since;
    row.next_at = why->next_at;
  }
  if (const Error* error = ErrorOf(state)) {
    row.error_code = static_cast<int>(error->code);
    row.error_message = StoredText(error->message);
  }
  return row;
}

std::vector<journal::TimerRow> TimerRowsOf(const RunState& state) {
  std::vector<journal::TimerRow> rows;
  for (const Timer& timer : TimersOf(state)) {
    rows.push_back({state.run, static_cast<int>(timer.kind), timer.due});
  }
  return rows;
}

}  // namespace recourse::record
