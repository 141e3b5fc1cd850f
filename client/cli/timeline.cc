#include <cstdio>

#include "client/cli/verbs.h"
#include "engine/base/text.h"

namespace recourse::cli {

std::string Narrator::Tell(const v1::Event& event) {
  std::string text = event.text();
  const auto started = started_.find(event.step());
  if (event.type() == "AttemptStarted" || event.type() == "CompensationStarted") {
    started_[event.step()] = event.time();
  } else if (started != started_.end() &&
             (event.type() == "AttemptSucceeded" || event.type() == "AttemptFailed" ||
              event.type() == "CompensationSucceeded" || event.type() == "CompensationFailed")) {
    text += " (" + Between(started->second, event.time()) + ")";
    started_.erase(started);
  }
  return text;
}

std::string TimelineText(const std::vector<v1::Event>& events) {
  Table table({"TIME (UTC)", "AFTER", "WHO", "WHAT"});
  Narrator narrator;
  for (const v1::Event& event : events) {
    table.Add({When(event.time()), "+" + Between(events.front().time(), event.time()),
               event.principal(), narrator.Tell(event)});
  }
  return table.ToString();
}

int ShowTimeline(const Common& common, const std::string& run) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::GetTimelineRequest request;
    request.set_run(run);
    auto all = AllPages(server, &v1::RunService::Stub::GetTimeline, server.runs(), request,
                        [](auto& answer) { return answer.mutable_events(); });
    if (!all) return std::move(all).error();
    if (common.json) return PrintJson(*all);
    std::printf("%s", TimelineText({all->events().begin(), all->events().end()}).c_str());
    return kOk;
  });
}

}  // namespace recourse::cli
