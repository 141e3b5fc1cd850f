#include "server/attention.h"

#include <algorithm>
#include <array>
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
constexpr std::size_t kBehindMax = 3;  // of those that wait for the lock of one run
constexpr std::size_t kEndedBadlyMax = 20;
constexpr std::size_t kEndedBadlyCounted = 500;
constexpr std::chrono::hours kEndedBadlyShown{24};

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

// Whether the run only waits for the lock of another: a person can act on that one.
bool Queues(const journal::RunRow& row) {
  return static_cast<machine::RunStatus>(row.status) == machine::RunStatus::kQueued &&
         row.waits_for.find(machine::kHoldReason) == std::string::npos;
}

// Whether the row's run waits for a person: it asks, is held, or waits for an approval or a
// checklist.
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

Result<void> AddEndedBadly(journal::Reader& reader, Time now, v1::ListAttentionResponse& response) {
  constexpr std::array kStatuses = {static_cast<int>(machine::RunStatus::kFailed),
                                    static_cast<int>(machine::RunStatus::kRolledBack)};
  auto ended = reader.ListEndedBadly(kStatuses, now - kEndedBadlyShown, kEndedBadlyCounted);
  if (!ended) return std::move(ended).error();
  for (std::size_t i = 0; i < std::min(ended->size(), kEndedBadlyMax); ++i) {
    *response.add_ended_badly() = ToProto((*ended)[i]);
  }
  response.set_more_ended_badly(
      static_cast<std::int64_t>(ended->size() - std::min(ended->size(), kEndedBadlyMax)));
  return {};
}

}  // namespace

std::vector<Need> MostUrgentFirst(std::vector<journal::RunRow> rows) {
  const auto urgency = [](const journal::RunRow& row) {
    return std::tuple(Rank(row.severity), row.waits_since);
  };
  std::ranges::stable_sort(rows, {}, urgency);
  std::vector<Need> needs;
  std::map<std::string, std::size_t> holders;  // of locks: their place in `needs`
  for (const journal::RunRow& row : rows) {
    if (Queues(row)) continue;
    if (row.fencing_token != 0) holders.emplace(row.lock, needs.size());
    needs.push_back({row, {}});
  }
  for (journal::RunRow& row : rows) {
    if (!Queues(row)) continue;
    const auto holder = holders.find(row.lock);
    if (holder != holders.end()) needs[holder->second].behind.push_back(std::move(row));
  }
  std::ranges::stable_sort(needs, {}, [&](const Need& need) {
    int rank = Rank(need.run.severity);
    for (const journal::RunRow& row : need.behind) rank = std::min(rank, Rank(row.severity));
    return std::tuple(rank, need.run.waits_since);
  });
  return needs;
}

bool LeavesOpen(const Need& need) {
  return std::ranges::any_of(need.behind, [&](const journal::RunRow& row) {
    return Rank(row.severity) < Rank(need.run.severity);
  });
}

namespace {

using States = std::map<std::string, machine::RunState>;

// The run as it is listed; its state is kept in `states`.
Result<v1::Run> ListedRun(journal::Reader& reader, const journal::RunRow& row, States& states) {
  auto run = BasicView(reader, row);
  if (!run) return run;
  auto state = record::ReadRun(reader, row.run);
  // What cannot be folded still needs a person, the more so.
  if (!state) return run;
  AddEscalation(*state, *run);
  states.emplace(run->id(), *std::move(state));
  return run;
}

// A need with its run as it is listed.
struct ListedNeed {
  const Need* need = nullptr;
  v1::Run run{};
};

// The most urgent of what waits for the lock of a run, the last one with how many more there are.
Result<void> AddBehind(journal::Reader& reader, const Need& need, States& states,
                       v1::ListAttentionResponse& response) {
  const std::size_t shown = std::min(need.behind.size(), kBehindMax);
  for (std::size_t i = 0; i < shown; ++i) {
    auto run = ListedRun(reader, need.behind[i], states);
    if (!run) return std::move(run).error();
    *response.add_runs() = *std::move(run);
  }
  const std::size_t more = need.behind.size() - shown;
  if (more == 0) return {};
  v1::Waiting& waiting = *response.mutable_runs()->rbegin()->mutable_waiting();
  waiting.set_reason(waiting.reason() + "; " + std::to_string(more) + " more " +
                     (more == 1 ? "run waits" : "runs wait") + " for it");
  return {};
}

// At most `limit` needs, each with what waits behind it. Those that somebody has taken care of come
// last.
Result<void> AddRuns(journal::Reader& reader, const std::vector<Need>& needs, std::size_t limit,
                     States& states, v1::ListAttentionResponse& response) {
  std::vector<ListedNeed> all;
  for (const Need& need : needs) {
    auto run = ListedRun(reader, need.run, states);
    if (!run) return std::move(run).error();
    all.push_back({&need, *std::move(run)});
  }
  std::ranges::stable_partition(all, [](const ListedNeed& listed) {
    return listed.run.escalation().acknowledged_by().empty() || LeavesOpen(*listed.need);
  });
  if (all.size() > limit) all.resize(limit);
  for (ListedNeed& listed : all) {
    *response.add_runs() = std::move(listed.run);
    if (auto added = AddBehind(reader, *listed.need, states, response); !added) return added;
  }
  return {};
}

}  // namespace

Result<v1::ListAttentionResponse> ReadAttention(const v1::ListAttentionRequest& request,
                                                runtime::Engine& engine, Time now,
                                                journal::Reader& reader,
                                                const ChannelNames* channels) {
  if (request.limit() < 0 || request.limit() > kLimitMax) {
    return InvalidArgument("limit: must be 0 to " + std::to_string(kLimitMax));
  }
  auto rows = Candidates(reader);
  if (!rows) return std::move(rows).error();
  const auto limit = static_cast<std::size_t>(request.limit() == 0 ? kLimit : request.limit());
  v1::ListAttentionResponse response;
  if (const auto info = engine.info(); !info.journal_writable) {
    response.set_journal_error(info.journal_error);
  }
  auto undelivered = UndeliveredChannels(reader, channels, now);
  if (!undelivered) return std::move(undelivered).error();
  for (v1::Channel& channel : *undelivered) *response.add_undelivered() = std::move(channel);
  if (auto added = AddEndedBadly(reader, now, response); !added) return std::move(added).error();
  std::vector<Need> needs = MostUrgentFirst(*std::move(rows));
  response.set_more(static_cast<std::int64_t>(needs.size() - std::min(needs.size(), limit)));
  // More are looked at than shown: what somebody has taken care of makes room.
  if (needs.size() > kLimitMax) needs.resize(kLimitMax);
  States states;
  if (auto added = AddRuns(reader, needs, limit, states, response); !added) {
    return std::move(added).error();
  }
  for (v1::Run& run : *response.mutable_runs()) {
    const auto state = states.find(run.id());
    if (state == states.end()) continue;
    auto workflow = engine.DefinitionOf(state->second.digest);
    if (workflow) AddPossible(**workflow, state->second, now, run);
  }
  return response;
}

}  // namespace recourse::server
