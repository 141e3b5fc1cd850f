// Who wants what, and the answers to those who look.
#include "client/chatops/answers.h"

#include <algorithm>

#include "client/chatops/projection.h"
#include "client/picture/picture.h"

namespace recourse::chatops {
namespace {

constexpr int kListMax = 15;
constexpr int kPictureStepsMax = 60;  // more take longer to lay out than a person is made to wait

constexpr v1::RunStatus kOpen[] = {v1::RUN_STATUS_QUEUED,          v1::RUN_STATUS_RUNNING,
                                   v1::RUN_STATUS_WAITING,         v1::RUN_STATUS_PAUSED,
                                   v1::RUN_STATUS_NEEDS_ATTENTION, v1::RUN_STATUS_ROLLING_BACK};

Result<v1::ListRunsResponse> OpenRuns(const Asking& asking, const std::string& workflow) {
  v1::ListRunsRequest request;
  for (const v1::RunStatus status : kOpen) request.add_statuses(status);
  request.set_workflow(workflow);
  request.set_page_size(kListMax);
  return asking.Call(&v1::RunService::Stub::ListRuns, asking.server().runs(), request);
}

std::string AndMore(bool more) {
  return more ? "\n(there are more; the command lists all: recourse runs)" : "";
}

std::string StateOf(const v1::GraphStep& step) {
  if (step.current()) return "HERE";
  switch (step.state()) {
    case v1::StepState::SUCCEEDED:
      return "done";
    case v1::StepState::FAILED:
      return "FAILED";
    case v1::StepState::SKIPPED:
      return "skipped";
    case v1::StepState::COMPENSATED:
      return "undone";
    case v1::StepState::COMPENSATING:
      return "undoing";
    case v1::StepState::PENDING:
    case v1::StepState::STATE_UNSPECIFIED:
      return "-";
    default:
      return "at work";
  }
}

}  // namespace

std::string TextOf(const Error& error) {
  if (IsUnanswered(error)) {
    return "the server did not answer in time, so that it is not known whether anything was done";
  }
  return error.message.substr(0, error.message.find('\n'));
}

ChatAnswer Answers::To(const ChatCommand& said) {
  auto command = ParseCommand(said.text);
  if (!command) return {command.error().message};
  ChatAnswer answer = Do(said, *command);
  const auto& name = command->verb->name;
  const bool looks = name == "runs" || name == "attention" || name == "show" || name == "graph";
  answer.for_all = answer.for_all || (looks && said.others_read);
  return answer;
}

ChatAnswer Answers::Do(const ChatCommand& said, const Command& command) {
  const std::string_view verb = command.verb->name;
  if (verb == "help") return Help(command);
  const Asking asking(server_, said.user.Key());
  if (verb == "start") return Start(asking, said, command);
  if (verb == "runs") return Runs(asking, command);
  if (verb == "attention") return Attention(asking);
  if (command.about.empty()) return Which(asking, *command.verb);
  if (verb == "show") return Show(asking, said, command.about);
  if (verb == "graph") return Graph(asking, command.about);
  if (verb == "approve" || verb == "reject") return DecideByText(asking, said, command);
  if (verb == "answer") return AnswerItem(asking, command);
  if (verb == "resolve") return Resolve(asking, command);
  return Steer(asking,
               {said.user, said.channel, std::string(verb), command.about, command.rest, {}});
}

ChatAnswer Answers::To(const ChatClick& click) {
  const Asking asking(server_, click.user.Key());
  const Wish wish{click.user,   click.place.channel, click.action, click.about,
                  click.reason, click.code,          click.digest, click.delivery};
  if (click.about.starts_with("A-")) {
    if (!click.digest.empty()) return Vote(asking, wish);
    return {"this button does not say what it was shown for, so nothing was decided; say: show " +
            click.about};
  }
  return Steer(asking, wish);
}

ChatAnswer Answers::Help(const Command& command) const {
  const Verb* one = command.words.empty() ? nullptr : FindVerb(command.words.front());
  std::string text;
  for (const Verb& verb : Verbs()) {
    if (one != nullptr && one != &verb) continue;
    text +=
        (text.empty() ? "" : "\n") + std::string(verb.usage) + " - " + std::string(verb.summary);
  }
  return {text};
}

ChatAnswer Answers::Runs(const Asking& asking, const Command& command) const {
  const std::string workflow = command.words.empty() ? "" : command.words.front();
  const auto list = OpenRuns(asking, workflow);
  if (!list) return {TextOf(list.error())};
  if (list->runs().empty()) return {"no run is open" + (workflow.empty() ? "" : " of " + workflow)};
  std::string text;
  for (const v1::Run& run : list->runs()) text += (text.empty() ? "" : "\n") + RunLine(run);
  return {text + AndMore(!list->next_page_token().empty())};
}

ChatAnswer Answers::Attention(const Asking& asking) const {
  v1::ListAttentionRequest request;
  request.set_limit(kListMax);
  const auto list = asking.Call(&v1::RunService::Stub::ListAttention, server_.runs(), request);
  if (!list) return {TextOf(list.error())};
  if (list->runs().empty()) return {"nothing needs a person"};
  std::string text;
  for (const v1::Run& run : list->runs()) {
    const std::string& taken = run.escalation().acknowledged_by();
    text += (text.empty() ? "" : "\n") + RunLine(run) +
            (taken.empty() ? "" : ", taken by " + taken) +
            (run.waiting().reason().empty() ? "" : ": " + run.waiting().reason());
  }
  return {text + AndMore(list->more() > 0)};
}

ChatAnswer Answers::Show(const Asking& asking, const ChatCommand& said, const std::string& about) {
  const Wish wish{said.user, said.channel, "show", about, {}, {}};
  if (about.starts_with("A-")) return ShowApproval(asking, wish, "");
  const auto run = asking.GetRun(about);
  if (!run) return {TextOf(run.error())};
  std::string text = TextOf(RunMessage(*run));
  for (const std::string& approval : run->open_approvals()) {
    text +=
        "\n" + ShowApproval(asking, {said.user, said.channel, "show", approval, {}, {}}, "").text;
  }
  return {text};
}

ChatAnswer Answers::Graph(const Asking& asking, const std::string& run) {
  v1::GetGraphRequest request;
  request.set_run(run);
  const auto graph =
      asking.Call(&v1::WorkflowService::Stub::GetGraph, server_.workflows(), request);
  if (!graph) return {TextOf(graph.error())};
  std::string text = run + " " + graph->workflow() + ": " + StatusWords(graph->status());
  for (const v1::GraphStep& step : graph->steps()) {
    const bool says_more = !step.label().empty() && step.label() != step.id();
    text += "\n" + StateOf(step) + "  " + step.id() + (says_more ? " - " + step.label() : "") +
            (step.irreversible() ? " (irreversible)" : "");
  }
  ChatAnswer answer{text};
  if (graph->steps_size() > kPictureStepsMax) return answer;
  const std::lock_guard lock(picture_mutex_);
  if (auto png = picture::ToPng(*graph)) {
    answer.picture_png = *std::move(png);
    answer.picture_name = run + ".png";
  }
  return answer;
}

ChatAnswer Answers::Which(const Asking& asking, const Verb& verb) const {
  std::string text = "which one? Nothing was done. Write: " + std::string(verb.usage);
  std::string open;
  if (verb.takes != Verb::Takes::kRun) {
    const auto list = asking.OpenApprovals(kListMax);
    if (!list) return {TextOf(list.error())};
    for (const v1::Approval& approval : list->approvals()) open += "\n" + ApprovalLine(approval);
  }
  if (verb.takes != Verb::Takes::kApproval) {
    const auto list = OpenRuns(asking, "");
    if (!list) return {TextOf(list.error())};
    for (const v1::Run& run : list->runs()) open += "\n" + RunLine(run);
  }
  return {text + (open.empty() ? "\nnothing is open" : "\nOpen are:" + open)};
}

}  // namespace recourse::chatops
