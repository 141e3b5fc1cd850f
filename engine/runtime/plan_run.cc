#include "engine/runtime/plan_run.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/definition/window.h"
#include "engine/machine/window_now.h"
#include "engine/record/record.h"
#include "engine/runtime/start_inputs.h"

namespace recourse::runtime {
namespace {

constexpr int kPastRunsMax = 20;
constexpr int kWaitersMax = 100;  // that are counted

// Who holds the lock that the run would take, and who would be before it.
Result<Value> LockOf(const definition::Workflow& workflow, const machine::RunState& state,
                     journal::Reader& reader) {
  auto key = LockKeyOf(workflow, state);
  if (!key) return std::move(key).error();
  if (key->empty()) return Value();
  auto holder = reader.LockHolder(*key);
  if (!holder) return std::move(holder).error().In("look for the holder of " + *key);
  auto waiters = reader.LockWaiters(*key, kWaitersMax);
  if (!waiters) return std::move(waiters).error().In("look for who waits for " + *key);
  const bool queues = workflow.on_locked == definition::OnLocked::kQueue;
  Value lock = Value::Object({{"key", *key},
                              {"on_locked", queues ? "queue" : "reject"},
                              {"holder", ""},
                              {"waiting", static_cast<std::int64_t>(waiters->size())}});
  if (!*holder) return lock;
  return lock.With("holder", (*holder)->run.ToString())
      .With("holder_workflow", (*holder)->workflow)
      .With("holder_started", FormatTimestamp(ToTimestamp((*holder)->started)));
}

// Whether the window is open, and until or from when; null: the workflow has none.
Result<Value> WindowNowOf(const definition::Workflow& workflow, const machine::RunState& state) {
  auto value = WindowOf(workflow, state);
  if (!value || value->is_null()) return value;
  auto window = definition::ReadWindow(*value);
  if (!window) return std::move(window).error().In("window");
  const machine::WindowNow now = machine::NowOf(*window, state.started);
  const auto text = [](const std::optional<Time>& time) {
    return time ? FormatTimestamp(ToTimestamp(*time)) : std::string();
  };
  return Value::Object({{"closes", text(now.closes)}, {"opens", text(now.opens)}});
}

// How long the last runs of the workflow on this target took that succeeded.
Result<Value> PastRuns(const definition::Workflow& workflow, const machine::RunState& state,
                       journal::Reader& reader) {
  journal::RunFilter filter;
  filter.statuses = {static_cast<int>(machine::RunStatus::kSucceeded)};
  filter.workflow = workflow.name;
  filter.target = record::RowOf(workflow, state).target;
  filter.limit = kPastRunsMax;
  auto rows = reader.ListRuns(filter);
  if (!rows) return std::move(rows).error().In("look for past runs of " + workflow.name);
  std::vector<std::chrono::microseconds> took;
  for (const journal::RunRow& row : *rows) {
    if (row.finished) took.push_back(*row.finished - row.started);
  }
  if (took.empty()) return Value::Object({{"runs", 0}});
  std::ranges::sort(took);
  return Value::Object({{"runs", static_cast<std::int64_t>(took.size())},
                        {"median", FormatDuration(took[took.size() / 2])},
                        {"shortest", FormatDuration(took.front())},
                        {"longest", FormatDuration(took.back())}});
}

}  // namespace

Result<RunPlan> PlanRun(const PlanMeans& means, const RunPlanRequest& request,
                        journal::Reader& reader) {
  const definition::Workflow& workflow = *request.workflow;
  auto inputs = InputsOf(workflow, request.start, request.inventory, request.inputs_bytes_max);
  if (!inputs) return std::move(inputs).error();
  const machine::RunState state =
      BeforeItsStart(workflow, {}, *inputs, request.caller, means.clock.Now());
  auto lock = LockOf(workflow, state, reader);
  if (!lock) return std::move(lock).error();
  auto window = WindowNowOf(workflow, state);
  if (!window) return std::move(window).error();
  auto past = PastRuns(workflow, state, reader);
  if (!past) return std::move(past).error();
  const Value plan = MakePlan(means, {workflow, state, state.started})
                         .With("lock", *std::move(lock))
                         .With("window", *std::move(window))
                         .With("past_runs", *std::move(past));
  return RunPlan{request.workflow, *inputs, plan, PlanDigest(*inputs, plan, "")};
}

}  // namespace recourse::runtime
