#include "server/attention.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/record/record.h"
#include "server/convert.h"
#include "server/notification_service.h"
#include "server/pages.h"
#include "server/view/run_details.h"

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

// The runs with an open approval.
Result<std::set<RunId>> WithOpenApproval(journal::Reader& reader) {
  std::set<RunId> runs;
  std::optional<ApprovalId> before;
  for (;;) {
    auto open = reader.ListApprovals(true, {}, before, kAtOnce);
    if (!open) return std::move(open).error();
    for (const journal::ApprovalRow& row : *open) {
      runs.insert(row.run);
      before = row.approval;
    }
    if (static_cast<int>(open->size()) < kAtOnce) return runs;
  }
}

// Whether the row's run waits for a person: it asks, is held, or waits for an approval or a checklist.
bool NeedsPerson(const journal::RunRow& row, const std::set<RunId>& asking) {
  switch (static_cast<machine::RunStatus>(row.status)) {
    case machine::RunStatus::kNeedsAttention:
    case machine::RunStatus::kPaused:
      return true;
    case machine::RunStatus::kQueued:
      return row.waits_for.find(machine::kHoldReason) != std::string::npos;
    default:
      return asking.contains(row.run) ||
             row.waits_for.find(machine::kChecklistReason) != std::string::npos;
  }
}

Result<std::vector<journal::RunRow>> Candidates(journal::Reader& reader) {
  auto asking = WithOpenApproval(reader);
  if (!asking) return std::move(asking).error();
  journal::RunFilter filter;
  filter.statuses = {static_cast<int>(machine::RunStatus::kQueued),
                     static_cast<int>(machine::RunStatus::kNeedsAttention),
                     static_cast<int>(machine::RunStatus::kPaused),
                     static_cast<int>(machine::RunStatus::kRunning),
                     static_cast<int>(machine::RunStatus::kWaiting)};
  filter.limit = kAtOnce;
  std::vector<journal::RunRow> found;
  std::vector<journal::RunRow> queued;
  std::set<std::string> held;  // the locks of those found
  for (;;) {
    auto rows = reader.ListRuns(filter);
    if (!rows) return std::move(rows).error();
    for (journal::RunRow& row : *rows) {
      filter.before = row.run;
      if (NeedsPerson(row, *asking)) {
        if (row.fencing_token != 0) held.insert(row.lock);
        found.push_back(std::move(row));
      } else if (static_cast<machine::RunStatus>(row.status) == machine::RunStatus::kQueued) {
        queued.push_back(std::move(row));
      }
    }
    if (static_cast<int>(rows->size()) < kAtOnce) break;
  }
  // Nobody but a person lets these go on either.
  for (journal::RunRow& row : queued) {
    if (held.contains(row.lock)) found.push_back(std::move(row));
  }
  return found;
}

}  // namespace

Result<v1::ListAttentionResponse> ReadAttention(const v1::ListAttentionRequest& request,
                                                runtime::Engine& engine, Time now,
                                                journal::Reader& reader, const ChannelNames* channels) {
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
  auto undelivered = UndeliveredChannels(reader, channels, now);
  if (!undelivered) return std::move(undelivered).error();
  for (v1::Channel& channel : *undelivered) *response.add_undelivered() = std::move(channel);
  const std::size_t all = rows->size();
  // More are looked at than shown: what somebody has taken care of makes room.
  if (all > kLimitMax) rows->resize(kLimitMax);
  std::map<std::string, machine::RunState> states;
  for (const journal::RunRow& row : *rows) {
    auto run = BasicView(reader, row);
    if (!run) return std::move(run).error();
    auto state = record::ReadRun(reader, row.run);
    // What cannot be folded still needs a person, the more so.
    if (state) {
      AddEscalation(*state, *run);
      states.emplace(run->id(), *std::move(state));
    }
    *response.add_runs() = *std::move(run);
  }
  std::stable_partition(response.mutable_runs()->begin(), response.mutable_runs()->end(),
                        [](const v1::Run& run) { return run.escalation().acknowledged_by().empty(); });
  const int shown = std::min<int>(response.runs_size(), static_cast<int>(limit));
  response.set_more(static_cast<std::int64_t>(all) - shown);
  response.mutable_runs()->DeleteSubrange(shown, response.runs_size() - shown);
  for (v1::Run& run : *response.mutable_runs()) {
    const auto state = states.find(run.id());
    if (state == states.end()) continue;
    auto workflow = engine.DefinitionOf(state->second.digest);
    if (workflow) AddPossible(**workflow, state->second, now, run);
  }
  return response;
}

}  // namespace recourse::server
