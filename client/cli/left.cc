// What a run that was ended has left as it is.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "client/cli/verbs.h"
#include "engine/base/json.h"

namespace recourse::cli {
namespace {

using Effect = v1::StepState;

// "stop" of "stop[0]".
std::string StepOf(const v1::Event& event) {
  return event.step().substr(0, event.step().find('['));
}

// What the run's events say of the steps whose effect stands.
struct Story {
  std::vector<std::string> done;        // how each was told when it was done
  std::set<std::string> told;           // their ids
  std::map<std::string, bool> running;  // by service: as the last of these steps left it
  std::string lock;                     // that it held; empty: none
};

Story Read(const v1::GetTimelineResponse& timeline, const std::set<std::string>& standing) {
  Story story;
  std::string lock;
  for (const v1::Event& event : timeline.events()) {
    const auto details = ParseJson(event.details_json());
    if (event.type() == "RunStarted" && details) lock = details->StringOr("lock", "");
    if (event.type() == "LockAcquired") story.lock = lock;
    if (event.type() != "AttemptSucceeded" || !standing.contains(StepOf(event))) continue;
    story.done.push_back(OneLine(event.text()));
    story.told.insert(StepOf(event));
    if (!details) continue;
    const Value& output = (*details)["output"];
    if (output.is_map() && output["running"].is_bool() && output["name"].is_string()) {
      story.running[output["name"].as_string()] = output["running"].as_bool();
    }
  }
  return story;
}

std::string Lines(const std::string& head, const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string text = head + "\n";
  for (const std::string& line : lines) text += "  " + line + "\n";
  return text;
}

// Nothing when it cannot be read.
std::optional<v1::GetTimelineResponse> TimelineOf(const client::Connection& server,
                                                  const v1::Run& run) {
  v1::GetTimelineRequest events;
  events.set_run(run.id());
  auto timeline = AllPages(server, &v1::RunService::Stub::GetTimeline, server.runs(), events,
                           [](auto& answer) { return answer.mutable_events(); });
  if (!timeline) return std::nullopt;
  return *std::move(timeline);
}

bool EndedOtherwise(const v1::Run& run) {
  return IsOver(run.status()) && run.status() != v1::RUN_STATUS_SUCCEEDED;
}

std::set<std::string> Standing(const v1::Run& full) {
  std::set<std::string> standing;
  for (const v1::StepState& step : full.steps()) {
    if (step.effect() == Effect::STANDS) standing.insert(step.id());
  }
  return standing;
}

std::string DownText(const Story& story) {
  std::string down;
  for (const auto& [service, runs] : story.running) {
    if (!runs) down += (down.empty() ? "" : ", ") + OneLine(service);
  }
  return down.empty() ? "" : "services that it stopped and did not start again: " + down + "\n";
}

}  // namespace

std::string LeftDownText(const client::Connection& server, const v1::Run& full) {
  if (!EndedOtherwise(full)) return "";
  const auto timeline = TimelineOf(server, full);
  return timeline ? DownText(Read(*timeline, Standing(full))) : "";
}

std::string LeftText(const Common& common, const client::Connection& server, const v1::Run& run) {
  if (!EndedOtherwise(run)) return "";
  v1::GetRunRequest request;
  request.set_run(run.id());
  const auto full = Unary(server, &v1::RunService::Stub::GetRun, server.runs(), request);
  const auto timeline = TimelineOf(server, run);
  if (!full || !timeline) return "";

  const std::set<std::string> standing = Standing(*full);
  std::vector<std::string> half_done;
  for (const v1::StepState& step : full->steps()) {
    if (step.effect() == Effect::PARTIAL)
      half_done.push_back(step.id() + ": a part of it was done");
    if (step.effect() == Effect::UNKNOWN) {
      half_done.push_back(step.id() + ": it may or may not have taken effect");
    }
  }
  const Story story = Read(*timeline, standing);
  for (const std::string& step : standing) {
    if (!story.told.contains(step)) half_done.push_back(step + ": it took effect, unproven");
  }
  std::string text =
      Lines("done and not undone:", story.done) + Lines("look at these yourself:", half_done);
  if (text.empty()) text = "every step that it did is undone, or changed nothing\n";
  text += DownText(story);
  if (!story.lock.empty()) text += "it has let go of the lock " + OneLine(story.lock) + "\n";
  return text + "what happened: " + Prefix(common) + " timeline " + run.id();
}

}  // namespace recourse::cli
