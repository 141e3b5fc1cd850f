#include "server/attention.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/record/record.h"
#include "server/convert.h"
#include "server/pages.h"
#include "server/run_view.h"

namespace recourse::server {
namespace {

constexpr int kLimit = 100;
constexpr int kLimitMax = 500;
constexpr int kAtOnce = 500;

// The lower the more urgent.
int Rank(const std::string& severity) {
  constexpr std::string_view kOrder[] = {"critical", "high", "medium", "low"};
  return static_cast<int>(std::find(std::begin(kOrder), std::end(kOrder), severity) -
                          std::begin(kOrder));
}

// Whether the row's run waits for a person: it asks, is put aside, or waits for an approval or a
// checklist.
Result<bool> NeedsPerson(const journal::RunRow& row, journal::Reader& reader) {
  switch (static_cast<machine::RunStatus>(row.status)) {
    case machine::RunStatus::kNeedsAttention:
    case machine::RunStatus::kPaused:
      return true;
    case machine::RunStatus::kRunning:
    case machine::RunStatus::kWaiting:
      break;
    default:
      return false;
  }
  if (row.waits_for.find(machine::kChecklistReason) != std::string::npos) return true;
  auto open = reader.ListApprovals(true, row.run, {}, 1);
  if (!open) return std::move(open).error();
  return !open->empty();
}

Result<std::vector<journal::RunRow>> Candidates(journal::Reader& reader) {
  journal::RunFilter filter;
  filter.statuses = {static_cast<int>(machine::RunStatus::kNeedsAttention),
                     static_cast<int>(machine::RunStatus::kPaused),
                     static_cast<int>(machine::RunStatus::kRunning),
                     static_cast<int>(machine::RunStatus::kWaiting)};
  filter.limit = kAtOnce;
  std::vector<journal::RunRow> found;
  for (;;) {
    auto rows = reader.ListRuns(filter);
    if (!rows) return std::move(rows).error();
    for (journal::RunRow& row : *rows) {
      filter.before = row.run;
      auto needs = NeedsPerson(row, reader);
      if (!needs) return std::move(needs).error();
      if (*needs) found.push_back(std::move(row));
    }
    if (static_cast<int>(rows->size()) < kAtOnce) return found;
  }
}

}  // namespace

void AddEscalation(const machine::RunState& state, v1::Run& run) {
  if (!state.need) return;
  const machine::Policy policy = machine::PolicyOf(state.policy);
  v1::Escalation& to = *run.mutable_escalation();
  to.set_policy(policy.name);
  *to.mutable_since_time() = ToProto(state.need->since);
  if (policy.respond_within) {
    *to.mutable_respond_by_time() = ToProto(state.need->since + *policy.respond_within);
  }
  const auto told = static_cast<std::size_t>(state.need->told);
  for (std::size_t i = 0; i < told && i < policy.levels.size(); ++i) to.add_told(policy.levels[i].to);
  to.set_acknowledged_by(state.need->acknowledged_by);
  if (state.need->acknowledged) {
    *to.mutable_acknowledge_time() = ToProto(*state.need->acknowledged);
  } else if (told < policy.levels.size()) {
    to.set_next(policy.levels[told].to);
    *to.mutable_next_time() = ToProto(state.need->since + policy.levels[told].after);
  }
}

Result<v1::ListAttentionResponse> ReadAttention(const v1::ListAttentionRequest& request,
                                                runtime::Engine& engine, Time now,
                                                journal::Reader& reader) {
  if (request.limit() < 0 || request.limit() > kLimitMax) {
    return InvalidArgument("limit: must be 0 to " + std::to_string(kLimitMax));
  }
  auto rows = Candidates(reader);
  if (!rows) return std::move(rows).error();
  std::stable_sort(rows->begin(), rows->end(), [](const auto& a, const auto& b) {
    return std::tuple(Rank(a.severity), a.waits_since) < std::tuple(Rank(b.severity), b.waits_since);
  });
  const auto limit = static_cast<std::size_t>(request.limit() == 0 ? kLimit : request.limit());
  v1::ListAttentionResponse response;
  if (rows->size() > limit) {
    response.set_more(static_cast<std::int64_t>(rows->size() - limit));
    rows->resize(limit);
  }
  for (const journal::RunRow& row : *rows) {
    auto run = BasicView(reader, row);
    if (!run) return std::move(run).error();
    auto state = record::ReadRun(reader, row.run);
    auto workflow = engine.DefinitionOf(row.digest);
    // What cannot be folded still needs a person, the more so.
    if (state && workflow) {
      AddPossible(**workflow, *state, now, *run);
      AddEscalation(*state, *run);
    }
    *response.add_runs() = *std::move(run);
  }
  std::stable_partition(response.mutable_runs()->begin(), response.mutable_runs()->end(),
                        [](const v1::Run& run) { return run.escalation().acknowledged_by().empty(); });
  return response;
}

}  // namespace recourse::server
