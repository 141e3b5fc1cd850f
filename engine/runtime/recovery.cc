// What the loop does before it takes its first message.
#include <algorithm>

#include "engine/base/fail_point.h"
#include "engine/runtime/core_loop.h"

namespace recourse::runtime {
namespace {

using machine::RunStatus;

constexpr int kPage = 1000;

// Calls `each` for every run with `status`, newest first. Errors are the reader's.
template <class Each>
Result<void> ForEachRun(journal::Reader& reader, RunStatus status, Each each) {
  journal::RunFilter filter;
  filter.statuses = {static_cast<int>(status)};
  filter.limit = kPage;
  for (;;) {
    auto page = reader.ListRuns(filter);
    if (!page) return std::move(page).error().In("read the open runs");
    for (const journal::RunRow& row : *page) each(row);
    if (page->size() < static_cast<std::size_t>(kPage)) return {};
    filter.before = page->back().run;
  }
}

}  // namespace

Result<void> CoreLoop::Recover() {
  std::vector<Message> messages;
  std::set<std::string> locks;
  for (const RunStatus status :
       {RunStatus::kRunning, RunStatus::kRollingBack, RunStatus::kPaused, RunStatus::kQueued,
        RunStatus::kWaiting, RunStatus::kNeedsAttention}) {
    // An attempt may be at work in a paused run too, and beside what a person is asked about.
    const bool at_work = status == RunStatus::kRunning || status == RunStatus::kRollingBack ||
                         status == RunStatus::kPaused || status == RunStatus::kNeedsAttention;
    auto read = ForEachRun(journal_.reader(), status, [&](const journal::RunRow& row) {
      ++open_runs_;
      if (at_work)
        messages.push_back(EngineMessage{row.run, machine::Restarted{}, nullptr, nullptr});
      if (status == RunStatus::kQueued) locks.insert(row.lock);
    });
    if (!read) return read;
  }
  // A server that died between letting a lock go and granting it leaves it free, and waited for.
  for (const std::string& lock : locks) messages.push_back(GrantMessage{lock});
  if (auto loaded = timers_.Load(); !loaded) return loaded;
  if (auto used = Use(catalogue_); !used) return used;

  RECOURSE_FAIL_POINT("recovery_folded");
  const auto step = static_cast<std::size_t>(options_.batch_max);
  for (std::size_t done = 0; done < messages.size(); done += step) {
    Process(std::span(messages).subspan(done, std::min(step, messages.size() - done)));
    RECOURSE_FAIL_POINT("recovery_appended");
  }
  runs_in_memory_ = static_cast<std::int64_t>(runs_.size());
  return {};
}

}  // namespace recourse::runtime
