#include "client/chatops/projection.h"

#include <algorithm>
#include <cctype>

#include "client/chatops/words.h"
#include "engine/base/json.h"

namespace recourse::chatops {
namespace {

using Style = Button::Style;

bool IsPossible(const v1::Run& run, std::string_view verb) {
  return std::find(run.possible().begin(), run.possible().end(), verb) != run.possible().end();
}

Tone ToneOf(v1::RunStatus status) {
  switch (status) {
    case v1::RUN_STATUS_SUCCEEDED:
      return Tone::kGood;
    case v1::RUN_STATUS_NEEDS_ATTENTION:
    case v1::RUN_STATUS_FAILED:
      return Tone::kBad;
    case v1::RUN_STATUS_WAITING:
    case v1::RUN_STATUS_PAUSED:
    case v1::RUN_STATUS_ROLLING_BACK:
    case v1::RUN_STATUS_ROLLED_BACK:
    case v1::RUN_STATUS_CANCELLED:
      return Tone::kWarning;
    default:
      return Tone::kNormal;
  }
}

std::string SubjectOf(const v1::Run& run) {
  return run.id() + " " + run.workflow() + (run.target().empty() ? "" : " on " + run.target());
}

std::string Where(const v1::Run& run) {
  return StatusWords(run.status()) + (run.step().empty() ? "" : " at " + run.step());
}

std::vector<Button> ButtonsOf(const v1::Run& run) {
  std::vector<Button> buttons;
  const bool asks = run.status() == v1::RUN_STATUS_NEEDS_ATTENTION;
  if (run.has_escalation() && run.escalation().acknowledged_by().empty()) {
    buttons.push_back({"ack", "I take it", Style::kPrimary});
  }
  if (asks && IsPossible(run, "retry")) buttons.push_back({"retry", "Retry", Style::kPrimary});
  if (asks && IsPossible(run, "skip")) buttons.push_back({"skip", "Skip", Style::kPlain, true});
  if (asks && IsPossible(run, "rollback")) {
    buttons.push_back({"rollback", "Roll back", Style::kDanger, true});
  }
  if (IsPossible(run, "resume")) buttons.push_back({"resume", "Resume", Style::kPrimary});
  if (!asks && IsPossible(run, "pause")) buttons.push_back({"pause", "Pause"});
  return buttons;
}

// How to do by text what the buttons do: "retry R-7, or skip R-7 reason".
std::string CommandsOf(const std::string& id, const std::vector<Button>& buttons) {
  std::string text;
  for (const Button& button : buttons) {
    if (button.action == "pause") continue;  // always possible, and rarely what is wanted
    text += (text.empty() ? "" : ", or ") + button.action + " " + id +
            (button.asks_reason ? " reason" : "");
  }
  return text;
}

void AddWaiting(const v1::Run& run, ChatMessage& message) {
  if (!run.has_waiting()) return;
  if (run.open_approvals_size() > 0) {  // whose own messages say the rest
    std::string open;
    for (const std::string& approval : run.open_approvals())
      open += (open.empty() ? "" : ", ") + approval;
    message.lines.push_back("waits for " + open);
    return;
  }
  const v1::Waiting& waiting = run.waiting();
  message.lines.push_back("waits since " + At(waiting.since()) + ": " + waiting.reason());
  if (!waiting.who().empty())
    message.lines.push_back("who can let " + run.id() + " go on: " + waiting.who());
  if (!waiting.next().empty()) {
    message.lines.push_back("by itself: " + waiting.next() +
                            (waiting.has_next_at() ? " at " + At(waiting.next_at()) : ""));
  }
}

void AddEscalation(const v1::Run& run, ChatMessage& message) {
  if (!run.has_escalation()) return;
  const v1::Escalation& escalation = run.escalation();
  if (!escalation.acknowledged_by().empty()) {
    message.fields.emplace_back("Taken by", escalation.acknowledged_by());
  } else if (escalation.has_respond_by_time()) {
    message.fields.emplace_back("Respond by", At(escalation.respond_by_time()));
  }
}

std::string Count(const v1::Run& run) {
  const auto done = std::count_if(run.steps().begin(), run.steps().end(), [](const auto& step) {
    return step.state() == v1::StepState::SUCCEEDED || step.state() == v1::StepState::SKIPPED;
  });
  return std::to_string(done) + " of " + std::to_string(run.steps_size()) + " steps done";
}

std::string StateTitle(const v1::Approval& approval) {
  switch (approval.state()) {
    case v1::Approval::APPROVED:
      return " is approved";
    case v1::Approval::REJECTED:
      return " is rejected";
    case v1::Approval::EXPIRED:
      return " expired: nobody decided in time";
    case v1::Approval::VOID:
      return " is void: the run does not ask this any more";
    case v1::Approval::REVOKED:
      return " was given and taken back";
    default:
      return " asks for a decision";
  }
}

Tone ToneOf(v1::Approval::State state) {
  if (state == v1::Approval::APPROVED) return Tone::kGood;
  return state == v1::Approval::REJECTED || state == v1::Approval::EXPIRED ? Tone::kBad
                                                                           : Tone::kWarning;
}

void AddSteps(const Value& plan, std::vector<std::string>& lines) {
  if (!plan["steps"].is_list()) return;
  int number = 0;
  for (const Value& step : plan["steps"].as_list()) {
    if (step.StringOr("reach", "") != "expected") continue;
    const std::string summary = step.StringOr("summary", "");
    lines.push_back("if approved, " + std::to_string(++number) + ": " + step.StringOr("step", "") +
                    (summary.empty() ? "" : " - " + summary));
    for (const std::string& line : TextsOf(step["lines"])) lines.push_back("  " + line);
    for (const std::string& problem : TextsOf(step["problems"])) {
      lines.push_back("  WOULD FAIL as things are now: " + problem);
    }
  }
}

void AddVotes(const v1::Approval& approval, ChatMessage& message) {
  for (const v1::Vote& vote : approval.votes()) {
    message.lines.push_back(
        (vote.decision() == v1::DECISION_APPROVE ? "approved by " : "rejected by ") +
        vote.principal() + " at " + At(vote.time()) + " through " +
        (vote.via().empty() ? vote.channel() : vote.channel() + " (via " + vote.via() + ")") +
        (vote.reason().empty() ? "" : ": " + vote.reason()));
  }
}

}  // namespace

bool IsOver(v1::RunStatus status) {
  return status >= v1::RUN_STATUS_SUCCEEDED && status <= v1::RUN_STATUS_ROLLED_BACK;
}

std::string StatusWords(v1::RunStatus status) {
  std::string words = v1::RunStatus_Name(status).substr(sizeof("RUN_STATUS_") - 1);
  std::transform(words.begin(), words.end(), words.begin(), [](unsigned char c) {
    return c == '_' ? ' ' : static_cast<char>(std::tolower(c));
  });
  return words;
}

ChatMessage RunMessage(const v1::Run& run) {
  ChatMessage message;
  message.about = run.id();
  message.digest = run.step();
  message.title = SubjectOf(run) + ": " + Where(run);
  message.tone = ToneOf(run.status());
  if (!run.severity().empty()) message.fields.emplace_back("Severity", run.severity());
  message.fields.emplace_back("Started by", run.requester() + ", " + At(run.start_time()));
  message.fields.emplace_back("Progress", Count(run));
  AddEscalation(run, message);
  if (run.has_error()) {
    message.lines.push_back("failed: " + run.error().code() + ": " + run.error().message());
  }
  AddWaiting(run, message);
  if (run.has_end_time()) message.lines.push_back("over since " + At(run.end_time()));
  message.buttons = ButtonsOf(run);
  message.command = CommandsOf(run.id(), message.buttons);
  const auto also = [&](const std::string& command) {
    message.command += (message.command.empty() ? "" : ", or ") + command;
  };
  if (IsPossible(run, "resolve"))
    also("resolve " + run.id() + " applied|not_applied|partial reason");
  // As the server words what lanes of a run wait for.
  if (run.waiting().reason().find("checklist at ") != std::string::npos)
    also("answer " + run.id() + " ITEM [note]");
  return message;
}

ChatMessage ApprovalMessage(const v1::Approval& approval, const v1::Run& run) {
  ChatMessage message;
  const bool open = approval.state() == v1::Approval::OPEN;
  message.about = approval.id();
  message.digest = approval.digest();
  message.title = approval.id() + StateTitle(approval) + ": " + approval.prompt();
  message.tone = ToneOf(approval.state());
  message.fields = {{"Run", SubjectOf(run)},
                    {"Step", approval.step()},
                    {"Asked of", WhoMayDecide(approval)},
                    {"Plan", ShortDigest(approval.digest())}};
  if (approval.has_settle_time()) {
    message.fields.emplace_back("Settled", At(approval.settle_time()));
  } else {
    message.fields.emplace_back(
        "Expires", approval.has_expire_time() ? At(approval.expire_time()) : std::string("never"));
  }
  AddVotes(approval, message);
  if (!open) return message;
  for (std::string& line : Consequences(approval)) message.lines.push_back(std::move(line));
  message.buttons = {{"approve", "Approve", Style::kPrimary, false, approval.second_factor()},
                     {"reject", "Reject", Style::kDanger, true}};
  message.command = "approve " + approval.id() +
                    (approval.second_factor() ? " CODE (in a private message)" : "") +
                    ", or reject " + approval.id() + " reason";
  return message;
}

std::vector<std::string> Consequences(const v1::Approval& approval) {
  const auto plan = ParseJson(approval.plan_json());
  if (!plan || !plan->is_map()) return {"if approved: the run goes on; no action follows at once"};
  std::vector<std::string> lines;
  // First what cannot be taken back: a surface may have to cut the end.
  for (const std::string& line : TextsOf((*plan)["irreversible"])) {
    lines.push_back("IRREVERSIBLE: " + line);
  }
  if (lines.empty()) lines.push_back("nothing of it is irreversible");
  AddSteps(*plan, lines);
  for (const auto& [member, says] :
       {std::pair("if_it_fails", "if a step fails: "), std::pair("if_rejected", "if rejected: "),
        std::pair("if_expired", "if nobody decides: ")}) {
    const std::string text = plan->StringOr(member, "");
    if (!text.empty()) lines.push_back(says + text);
  }
  return lines;
}

std::string ShortDigest(const std::string& digest) { return digest.substr(0, 12); }

std::string RunLine(const v1::Run& run) {
  return SubjectOf(run) + (run.severity().empty() ? "" : ", " + run.severity()) + ": " + Where(run);
}

std::string ApprovalLine(const v1::Approval& approval) {
  return approval.id() + " of " + approval.run() + ": " + approval.prompt() + " (" +
         WhoMayDecide(approval) + ")";
}

std::string TextOf(const ChatMessage& message) {
  std::string text = message.title;
  std::string fields;
  for (const auto& [name, value] : message.fields) {
    fields += (fields.empty() ? "" : "; ") + name + ": " + value;
  }
  if (!fields.empty()) text += "\n" + fields;
  for (const std::string& line : message.lines) text += "\n" + line;
  if (!message.command.empty()) text += "\nwrite: " + message.command;
  return text;
}

}  // namespace recourse::chatops
