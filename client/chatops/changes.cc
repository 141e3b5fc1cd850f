// Answers to those who change something: start a run, steer it, decide.
#include <algorithm>
#include <cctype>
#include <random>
#include <utility>

#include "client/chatops/answers.h"
#include "client/chatops/board.h"
#include "client/chatops/projection.h"
#include "engine/base/digest.h"
#include "engine/base/fail_point.h"
#include "engine/base/json.h"
#include "engine/base/text.h"

namespace recourse::chatops {
namespace {

constexpr std::size_t kUnansweredMax = 1000;
constexpr std::chrono::minutes kSameStart{2};
constexpr std::size_t kCodeLength = 6;

bool IsCode(std::string_view word) {
  return word.size() == kCodeLength && std::all_of(word.begin(), word.end(), [](unsigned char c) {
           return std::isdigit(c) != 0;
         });
}

// "rows=5" is a number, "name=x" a string, as with the command.
Result<Value> InputsIn(const std::vector<std::string>& words) {
  Value inputs = Value::Map();
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    if (equals == std::string::npos || equals == 0) {
      return InvalidArgument("\"" + words[i] +
                             "\": inputs are written key=value, and with quotes when "
                             "there are blanks: key=\"two words\". Nothing was started");
    }
    const std::string text = words[i].substr(equals + 1);
    auto value = ParseJson(text);
    inputs = inputs.With(words[i].substr(0, equals), value ? *std::move(value) : Value(text));
  }
  return inputs;
}

// 128 random bits in hexadecimal.
std::string NewId() {
  std::random_device random;
  std::string bytes;
  for (int i = 0; i < 16; ++i) bytes += static_cast<char>(random() & 0xff);
  return Hex(bytes);
}

template <class Request>
Request About(const std::string& run, const std::string& reason) {
  Request request;
  request.set_run(run);
  request.set_reason(reason);
  return request;
}

Result<v1::Run> Change(const Asking& asking, const std::string& verb, const std::string& run,
                       const std::string& step, const std::string& reason) {
  using Runs = v1::RunService::Stub;
  Runs& runs = asking.server().runs();
  if (verb == "ack") {
    return asking.Call(&Runs::AcknowledgeRun, runs, About<v1::AcknowledgeRunRequest>(run, reason));
  }
  if (verb == "pause")
    return asking.Call(&Runs::PauseRun, runs, About<v1::PauseRunRequest>(run, reason));
  if (verb == "resume") {
    return asking.Call(&Runs::ResumeRun, runs, About<v1::ResumeRunRequest>(run, reason));
  }
  if (verb == "rollback") {
    return asking.Call(&Runs::RollBackRun, runs, About<v1::RollBackRunRequest>(run, reason));
  }
  if (verb == "cancel") {
    return asking.Call(&Runs::CancelRun, runs, About<v1::CancelRunRequest>(run, reason));
  }
  if (verb == "retry") {
    auto request = About<v1::RetryStepRequest>(run, reason);
    request.set_step(step);
    return asking.Call(&Runs::RetryStep, runs, request);
  }
  if (verb == "skip") {
    auto request = About<v1::SkipStepRequest>(run, reason);
    request.set_step(step);
    return asking.Call(&Runs::SkipStep, runs, request);
  }
  if (verb == "note") {
    v1::AnnotateRunRequest request;
    request.set_run(run);
    request.set_text(reason);
    return asking.Call(&Runs::AnnotateRun, runs, request);
  }
  return InvalidArgument("\"" + verb +
                         "\" is nothing that can be done with a run; nothing was done");
}

std::string Done(const std::string& verb) {
  if (verb == "ack") return "you take care of it, and nobody else is told";
  if (verb == "pause") return "nothing more begins; what is at work is finished";
  if (verb == "resume") return "it goes on";
  if (verb == "retry") return "the step is tried again";
  if (verb == "skip") return "it goes on without the step";
  if (verb == "rollback") return "what it has done is put back";
  if (verb == "cancel") return "it ends once what is at work has been stopped; nothing is undone";
  return "noted in the timeline";
}

// Where a person reads what is answered: a channel, or what he and the bot say in private.
std::string WhereShown(const std::string& channel, const ChatUser& user) {
  return channel.empty() ? "private " + user.Key() : channel;
}

}  // namespace

ChatAnswer Answers::Start(const Asking& asking, const ChatCommand& said, const Command& command) {
  if (command.words.empty()) {
    const auto list = asking.Call(&v1::WorkflowService::Stub::ListWorkflows, server_.workflows(),
                                  v1::ListWorkflowsRequest());
    if (!list) return {TextOf(list.error())};
    std::string names;
    for (const auto& workflow : list->workflows()) {
      names += (names.empty() ? "" : ", ") + workflow.name();
    }
    return {"which workflow? Nothing was started. There are: " + (names.empty() ? "none" : names)};
  }
  const auto inputs = InputsIn(command.words);
  if (!inputs) return {inputs.error().message};
  const std::string request_id = RequestIdFor(said);
  v1::StartRunRequest request;
  request.set_workflow(command.words.front());
  request.set_inputs_json(ToJson(*inputs));
  request.set_request_id(request_id);
  const auto run = asking.Call(&v1::RunService::Stub::StartRun, server_.runs(), request);
  if (!run && IsUnanswered(run.error())) {
    Unanswered(said, request_id);
    return {
        "the server did not answer in time, so it is not known yet whether the run was started. "
        "Say "
        "the same again: within two minutes it is the same start, however often you say it"};
  }
  if (!run) return {"nothing was started: " + TextOf(run.error())};
  return {RunLine(*run) + "; started by " + run->requester()};
}

std::string Answers::RequestIdFor(const ChatCommand& said) {
  if (!said.delivery.empty()) {
    return "chat:" + ToHex(Sha256Of(said.user.Key() + "\n" + said.delivery)).substr(0, 32);
  }
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  std::erase_if(unanswered_,
                [&](const auto& entry) { return entry.second.last + kSameStart < now; });
  const auto known = unanswered_.find(said.user.Key() + "\n" + said.text);
  return known == unanswered_.end() ? "chat:" + NewId() : known->second.id;
}

void Answers::Unanswered(const ChatCommand& said, const std::string& id) {
  const std::lock_guard lock(mutex_);
  if (unanswered_.size() > kUnansweredMax) unanswered_.clear();
  unanswered_[said.user.Key() + "\n" + said.text] = {id, std::chrono::steady_clock::now()};
}

ChatAnswer Answers::Steer(const Asking& asking, const Wish& wish) const {
  const bool needs_reason = wish.verb == "skip" || wish.verb == "rollback" ||
                            wish.verb == "cancel" || wish.verb == "note";
  if (needs_reason && wish.reason.empty()) {
    return {"the timeline must say why; nothing was done. Write: " + wish.verb + " " + wish.about +
            (wish.verb == "note" ? " text" : " reason")};
  }
  const auto run = Change(asking, wish.verb, wish.about, wish.shown, wish.reason);
  if (!run && IsUnanswered(run.error())) {
    return {TextOf(run.error()) + ". To find out: show " + wish.about};
  }
  if (!run) return {wish.about + " is left as it is: " + TextOf(run.error())};
  return {RunLine(*run) + "; " + Done(wish.verb)};
}

Result<std::string> Answers::DigestShown(const Asking& asking, const Wish& wish) const {
  if (auto digest = shown_.Find(wish.user.surface, WhereShown(wish.channel, wish.user), wish.about))
    return *digest;
  // The bot may have started anew since: where it has shown something stands in the run. What an
  // approval asks never changes under one id.
  const auto approval = asking.GetApproval(wish.about);
  if (!approval) return approval.error();
  const auto run = asking.GetRun(approval->run());
  if (!run) return run.error();
  for (const v1::Reference& reference : run->references()) {
    const bool here = PlaceFrom(reference.place()).channel == wish.channel;
    if (here && reference.kind() == wish.user.surface && reference.about() == wish.about) {
      return approval->digest();
    }
  }
  return std::string();
}

ChatAnswer Answers::DecideByText(const Asking& asking, const ChatCommand& said,
                                 const Command& command) {
  const std::string verb(command.verb->name);
  const bool has_code =
      verb == "approve" && !command.words.empty() && IsCode(command.words.front());
  if (has_code && said.others_read) {
    return {
        "that looks like a one-time code, and everybody here has read it: it was not used, and "
        "nothing was decided. Wait for the next code and send it to me alone, in a private "
        "message: "
        "approve " +
        command.about + " CODE"};
  }
  Wish wish{said.user, said.channel, verb, command.about, command.rest, {}};
  if (has_code) {
    wish.code = command.words.front();
    wish.reason = command.rest.substr(std::min(command.rest.size(), kCodeLength + 1));
  }
  auto shown = DigestShown(asking, wish);
  if (!shown) return {"nothing was decided: " + TextOf(shown.error())};
  wish.shown = *std::move(shown);
  if (!wish.shown.empty()) return Vote(asking, wish);
  return ShowApproval(asking, wish,
                      command.about + " was not shown here yet, so nothing was decided. To " +
                          verb + " what follows, say it again:");
}

ChatAnswer Answers::Vote(const Asking& asking, const Wish& wish) {
  const bool approves = wish.verb == "approve";
  if (!approves && wish.verb != "reject") {
    return {"\"" + wish.verb +
            "\" is nothing that can be done with an approval; nothing was decided"};
  }
  if (!approves && wish.reason.empty()) {
    return {"say why; nothing was decided. Write: reject " + wish.about + " reason"};
  }
  v1::DecideRequest request;
  request.set_approval(wish.about);
  request.set_digest(wish.shown);
  request.set_decision(approves ? v1::DECISION_APPROVE : v1::DECISION_REJECT);
  request.set_reason(wish.reason);
  request.set_one_time_code(wish.code);
  RECOURSE_FAIL_POINT("bot_before_vote");
  const auto approval =
      asking.Call(&v1::ApprovalService::Stub::Decide, server_.approvals(), request);
  RECOURSE_FAIL_POINT("bot_voted");
  if (!approval && IsUnanswered(approval.error())) {
    return {
        "the server did not answer in time, so it is not known yet whether your vote counts. Say "
        "it "
        "again: you have one vote, so that twice is not too much"};
  }
  if (!approval && approval.error().code == Code::kAborted) {
    return ShowApproval(
        asking, wish,
        "your vote was not counted: " + TextOf(approval.error()) + "\nThis is how it stands:");
  }
  if (!approval) return {"nothing was decided: " + TextOf(approval.error())};
  std::string text = std::string(approves ? "you approved " : "you rejected ") + wish.about +
                     " (plan " + ShortDigest(approval->digest()) + ")\n";
  const auto run = asking.GetRun(approval->run());
  text += TextOf(ApprovalMessage(*approval, run ? *run : v1::Run()));
  if (approval->state() != v1::Approval::APPROVED) return {text};
  for (const std::string& line : Consequences(*approval)) {
    const bool is_past = line.starts_with("if rejected") || line.starts_with("if nobody");
    if (!is_past) text += "\n" + line;
  }
  return {text};
}

ChatAnswer Answers::ShowApproval(const Asking& asking, const Wish& wish, const std::string& first) {
  const auto approval = asking.GetApproval(wish.about);
  if (!approval) return {TextOf(approval.error())};
  const auto run = asking.GetRun(approval->run());
  if (!run) return {TextOf(run.error())};
  shown_.Put(wish.user.surface, WhereShown(wish.channel, wish.user), approval->id(),
             approval->digest());
  return {(first.empty() ? "" : first + "\n") + TextOf(ApprovalMessage(*approval, *run))};
}

}  // namespace recourse::chatops
