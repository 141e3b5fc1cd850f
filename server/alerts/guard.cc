#include "server/alerts/guard.h"

#include <algorithm>
#include <utility>

#include "engine/base/text.h"

namespace recourse::server::alerts {
namespace {

constexpr auto kDay = std::chrono::hours(24);
constexpr int kAtOnce = 200;
constexpr int kCountMax = 1000;  // as many as a limit can be

// How many runs alerts have asked for in the last day; at most kCountMax.
Result<int> CountOfDay(const Rule& rule, const std::string& target, Time now,
                       journal::Reader& reader) {
  journal::RunFilter filter;
  filter.target = target;
  if (target.empty()) filter.workflow = rule.launch.workflow;
  filter.limit = kAtOnce;
  int count = 0;
  for (;;) {
    auto rows = reader.ListRuns(filter);
    if (!rows) return std::move(rows).error();
    for (const journal::RunRow& row : *rows) {
      if (row.started <= now - kDay || count >= kCountMax) return count;
      count += IsOfAlert(row) ? 1 : 0;
      filter.before = row.run;
    }
    if (static_cast<int>(rows->size()) < kAtOnce) return count;
  }
}

}  // namespace

bool IsOfAlert(const journal::RunRow& run) {
  return run.request_id.starts_with("alertmanager/") || run.request_id.starts_with("alert/");
}

Result<std::string> WhyHeld(const Alert& alert, const Rule& rule, const std::string& target,
                            Time now, journal::Reader& reader) {
  auto before = reader.ListRequests(alert.RequestPrefix(), rule.flapping_times);
  if (!before) return std::move(before).error();
  const auto lately = std::count_if(before->begin(), before->end(), [&](const auto& row) {
    return row.started > now - rule.flapping_within;
  });
  if (lately >= rule.flapping_times) {
    return "the alert " + alert.Name() + " comes back: it has started " + std::to_string(lately) +
           " runs within " + FormatDuration(rule.flapping_within) + ", the last is " +
           before->front().run.ToString() + ". Find out why, then resume or cancel this one";
  }
  auto today = CountOfDay(rule, target, now, reader);
  if (!today) return std::move(today).error();
  if (*today < rule.daily_limit) return std::string();
  if (rule.daily_limit == 0) {
    return "the rule " + rule.name +
           " begins no run without a person (daily_limit: 0). Resume it "
           "or cancel it";
  }
  const std::string where = target.empty() ? "of " + rule.launch.workflow : "on " + target;
  return "alerts have asked for " + std::to_string(*today) + " runs " + where +
         " within 24 h before it; the daily limit of the rule " + rule.name + " is " +
         std::to_string(rule.daily_limit) +
         ". Look at what they came to, then resume or cancel this one";
}

}  // namespace recourse::server::alerts
