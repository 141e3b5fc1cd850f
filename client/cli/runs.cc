// start, runs, show.
#include <algorithm>
#include <cstdio>

#include "client/cli/verbs.h"
#include "engine/base/file.h"
#include "engine/base/ids.h"
#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::cli {
namespace {

constexpr std::int64_t kInputsMax = 1 << 20;

Result<v1::RunStatus> StatusOf(const std::string& name) {
  std::string upper;
  for (const char c : name) upper += c == '-' ? '_' : static_cast<char>(std::toupper(c));
  v1::RunStatus status{};
  if (v1::RunStatus_Parse("RUN_STATUS_" + upper, &status)) return status;
  std::string names;
  for (int number = v1::RUN_STATUS_QUEUED; number <= v1::RUN_STATUS_ROLLED_BACK; ++number) {
    names += (names.empty() ? "" : ", ") + StatusName(static_cast<v1::RunStatus>(number));
  }
  return InvalidArgument("--status " + name + ": no such status; there are " + names);
}

Colour ColourOfStep(v1::StepState::State state) {
  switch (state) {
    case v1::StepState::SUCCEEDED:
      return Colour::kGood;
    case v1::StepState::FAILED:
      return Colour::kBad;
    case v1::StepState::RUNNING:
    case v1::StepState::COMPENSATING:
      return Colour::kBusy;
    case v1::StepState::WAITING:
      return Colour::kWaits;
    default:
      return Colour::kFaint;
  }
}

std::string StepsText(const v1::Run& run) {
  Table table({"STEP", "KIND", "STATE", "TOOK", "TRIES", "WHAT"});
  for (const v1::StepState& step : run.steps()) {
    std::string took;
    if (step.has_start_time() && step.has_end_time()) {
      took = Between(step.start_time(), step.end_time());
    }
    std::string what = step.error().message();
    if (!what.empty()) what = step.error().code() + ": " + what;
    if (what.empty()) what = step.summary();
    if (step.irreversible()) what += " (irreversible)";
    table.Add({step.id(), step.action().empty() ? step.kind() : step.action(),
               v1::StepState::State_Name(step.state()), took,
               step.attempts() == 0 ? "" : std::to_string(step.attempts()), what},
              ColourOfStep(step.state()));
  }
  return table.ToString();
}

}  // namespace

Result<Value> InputsOf(const StartArguments& arguments, const std::set<std::string>& texts) {
  Value inputs = Value::Map();
  if (!arguments.inputs_file.empty()) {
    auto text = ReadFile(arguments.inputs_file, kInputsMax);
    if (!text) return std::move(text).error();
    auto parsed = ParseJson(*text);
    if (!parsed) return std::move(parsed).error().In(arguments.inputs_file);
    if (!parsed->is_map()) return InvalidArgument(arguments.inputs_file + ": not a JSON object");
    inputs = *std::move(parsed);
  }
  for (const std::string& input : arguments.inputs) {
    const auto equals = input.find('=');
    if (equals == std::string::npos || equals == 0) {
      return InvalidArgument("--input " + input + ": write it as name=value");
    }
    const std::string name = input.substr(0, equals);
    const std::string text = input.substr(equals + 1);
    auto value = ParseJson(text);
    const bool as_text = !value || (texts.contains(name) && !value->is_string());
    inputs = inputs.With(name, as_text ? Value(text) : *std::move(value));
  }
  if (!arguments.target.empty()) inputs = inputs.With("target", arguments.target);
  return inputs;
}

Result<Value> InputsFor(const client::Connection& server, const StartArguments& arguments) {
  auto inputs = InputsOf(arguments);
  if (!inputs) return inputs;
  const bool sure = std::ranges::all_of(arguments.inputs, [&](const std::string& input) {
    return (*inputs)[input.substr(0, input.find('='))].is_string();
  });
  if (sure) return inputs;
  v1::GetWorkflowRequest request;
  request.set_workflow(arguments.workflow);
  const auto workflow =
      Unary(server, &v1::WorkflowService::Stub::GetWorkflow, server.workflows(), request);
  // Who may not look, or names none, is told by the call that follows.
  if (!workflow) return inputs;
  std::set<std::string> texts;
  for (const v1::WorkflowInput& input : workflow->inputs()) {
    if (input.type() == "string") texts.insert(input.name());
  }
  return InputsOf(arguments, texts);
}

std::string OutputsText(const v1::Run& run) {
  const std::string& json = run.outputs_json();
  if (!json.empty() && json != "null" && json != "{}") return "outputs\n" + Pretty(json);
  return run.outputs_left_out().empty() ? "" : "outputs     " + run.outputs_left_out();
}

std::string RunText(const Common& common, const v1::Run& run) {
  std::string text = run.id() + "  " + Painted(StatusName(run.status()), ColourOf(run.status())) +
                     "  " + OneLine(run.workflow());
  if (!run.target().empty()) text += " on " + OneLine(run.target());
  if (!run.severity().empty()) text += "  (" + OneLine(run.severity()) + ")";
  text += "\nstarted     " + When(run.start_time()) + " UTC by " + OneLine(run.requester());
  if (run.has_end_time()) {
    text += ", took " + Between(run.start_time(), run.end_time());
  } else {
    text += ", " + FromNow(run.start_time());
  }
  text += "\n";
  if (!run.step().empty()) text += "at          " + OneLine(run.step()) + "\n";
  if (run.has_error()) {
    text += "error       " + Quoted(run.error().code() + ": " + run.error().message()) + "\n";
  }
  if (!run.lock().empty()) {
    text += "lock        " + OneLine(run.lock()) +
            (run.fencing_token() == 0
                 ? " (waits for it)"
                 : " (holds it, token " + std::to_string(run.fencing_token()) + ")") +
            "\n";
  }
  text += EscalationText(run) + WaitingText(common, run);
  if (run.steps_size() > 0) text += "\n" + StepsText(run);
  const std::string outputs = OutputsText(run);
  return outputs.empty() ? text : text + "\n" + outputs + "\n";
}

namespace {

// A run that does nothing yet says so, and why: whoever started it may count on it.
Result<int> TellQueue(const Common& common, const client::Connection& server,
                      const std::string& id) {
  v1::GetRunRequest request;
  request.set_run(id);
  request.set_view(v1::RUN_VIEW_BASIC);
  auto run = Unary(server, &v1::RunService::Stub::GetRun, server.runs(), request);
  if (!run) return std::move(run).error();
  std::printf("%s", WaitingText(common, *run).c_str());
  return kOk;
}

// The newest run that there is; empty: none, or the server does not say.
std::string NewestRun(const client::Connection& server) {
  v1::ListRunsRequest request;
  request.set_page_size(1);
  const auto list = Unary(server, &v1::RunService::Stub::ListRuns, server.runs(), request);
  return list && list->runs_size() > 0 ? list->runs(0).id() : "";
}

}  // namespace

std::string StartedText(const v1::Run& run, const std::string& newest_before) {
  const auto id = RunId::Parse(run.id());
  const auto before = RunId::Parse(newest_before);
  // Numbers of runs are given in order.
  if (!id || !before || id->number > before->number) return run.id() + " started";
  return run.id() + " was started before, with this --request-id, and is " +
         StatusName(run.status()) + "; nothing new was started";
}

int StartRun(const Common& common, const StartArguments& arguments) {
  auto inputs = InputsOf(arguments);
  if (!inputs) {
    return Tell(inputs.error(), kUsage);
  }
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    inputs = InputsFor(server, arguments);
    if (!inputs) return std::move(inputs).error();
    v1::StartRunRequest request;
    request.set_workflow(arguments.workflow);
    request.set_inputs_json(ToJson(*inputs));
    request.set_request_id(arguments.request_id);
    request.set_severity(arguments.severity);
    request.set_hold(arguments.hold);
    const std::string newest = arguments.request_id.empty() ? "" : NewestRun(server);
    auto run = Unary(server, &v1::RunService::Stub::StartRun, server.runs(), request);
    if (!run) return std::move(run).error();
    if (!arguments.wait) {
      if (common.json) return PrintJson(*run);
      std::printf("%s. Follow it: %s watch %s\n", StartedText(*run, newest).c_str(),
                  Prefix(common).c_str(), run->id().c_str());
      if (run->status() == v1::RUN_STATUS_PAUSED) {
        std::printf("It is on hold, and no step begins before: %s resume %s\n",
                    Prefix(common).c_str(), run->id().c_str());
      }
      if (run->status() == v1::RUN_STATUS_QUEUED) return TellQueue(common, server, run->id());
      return kOk;
    }
    return Follow(common, server, {.run = run->id(), .until_waiting = true, .answered = true});
  });
}

Result<std::vector<v1::RunStatus>> StatusesOf(const RunsArguments& arguments) {
  std::vector<v1::RunStatus> statuses;
  for (const std::string& name : arguments.statuses) {
    auto status = StatusOf(name);
    if (!status) return std::move(status).error();
    statuses.push_back(*status);
  }
  return statuses;
}

int PrintRuns(const Common& common, const v1::ListRunsResponse& list) {
  if (common.json) return PrintJson(list);
  Table table({"RUN", "STATUS", "WORKFLOW", "TARGET", "STARTED (UTC)", "TOOK", "AT / WHY"});
  for (const v1::Run& run : list.runs()) {
    std::string why = run.step();
    if (run.has_waiting()) why += (why.empty() ? "" : ": ") + run.waiting().reason();
    if (IsOver(run.status()) && run.has_error()) why = run.error().message();
    table.Add(
        {run.id(), StatusName(run.status()), run.workflow(), run.target(), When(run.start_time()),
         run.has_end_time() ? Between(run.start_time(), run.end_time()) : "", Brief(why)},
        ColourOf(run.status()));
  }
  if (table.empty()) {
    std::printf("no runs\n");
  } else {
    std::printf("%s", table.ToString().c_str());
  }
  if (!list.next_page_token().empty()) std::printf("(more: --limit)\n");
  return kOk;
}

int ListRuns(const Common& common, const RunsArguments& arguments) {
  auto statuses = StatusesOf(arguments);
  if (!statuses) return Tell(statuses.error(), kUsage);
  v1::ListRunsRequest request;
  for (const v1::RunStatus status : *statuses) request.add_statuses(status);
  request.set_workflow(arguments.workflow);
  request.set_target(arguments.target);
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    auto list = AllPages(
        server, &v1::RunService::Stub::ListRuns, server.runs(), request,
        [](auto& answer) { return answer.mutable_runs(); }, arguments.limit);
    if (!list) return std::move(list).error();
    return PrintRuns(common, *list);
  });
}

int ShowRun(const Common& common, const std::string& id) {
  return WithServer(common, [&](const client::Connection& server) -> Result<int> {
    v1::GetRunRequest request;
    request.set_run(id);
    auto run = Unary(server, &v1::RunService::Stub::GetRun, server.runs(), request);
    if (!run) return std::move(run).error();
    if (common.json) return PrintJson(*run);
    std::printf("%s%s", RunText(common, *run).c_str(), LeftDownText(server, *run).c_str());
    return kOk;
  });
}

}  // namespace recourse::cli
