#include <cstdio>
#include <optional>

#include "client/cli/verbs.h"
#include "client/report/report.h"
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

int PrintReport(const TimelineArguments& arguments, const v1::Report& report,
                const v1::GetTimelineResponse& timeline) {
  std::vector<v1::Event> events;
  for (const v1::Event& event : timeline.events()) {
    // What came between the two calls is not proven, and not in the report.
    const bool proven = event.position() <= report.proof().last_position();
    if (proven || !report.proof().problem().empty()) events.push_back(event);
  }
  if (events.empty()) {
    return Tell(DataLoss(arguments.run + " has no events, so there is nothing to report"),
                kRunNotSucceeded);
  }
  std::string text;
  if (arguments.format == "json") {
    text = report::ToJson(report, events) + "\n";
  } else {
    const report::Document document = report::DocumentOf(report, events);
    text = arguments.format == "html" ? report::ToHtml(document) : report::ToMarkdown(document);
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (report.proof().problem().empty()) return kOk;
  return Tell(DataLoss(report.proof().problem()), kRunNotSucceeded);
}

int ShowTimeline(const Common& common, const TimelineArguments& arguments) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    std::optional<v1::Report> report;
    if (arguments.format != "text") {
      v1::GetReportRequest request;
      request.set_run(arguments.run);
      // As long as there are events of other runs between those of this one.
      auto answer = Unary(server, &v1::ReportService::Stub::GetReport, server.reports(), request,
                          common.server.timeout);
      if (!answer) return std::move(answer).error();
      report = *std::move(answer);
    }
    v1::GetTimelineRequest request;
    request.set_run(arguments.run);
    auto all = AllPages(server, &v1::RunService::Stub::GetTimeline, server.runs(), request,
                        [](auto& answer) { return answer.mutable_events(); });
    if (!all) return std::move(all).error();
    if (report) return PrintReport(arguments, *report, *all);
    if (common.json) return PrintJson(*all);
    std::printf("%s", TimelineText({all->events().begin(), all->events().end()}).c_str());
    return kOk;
  });
}

}  // namespace recourse::cli
