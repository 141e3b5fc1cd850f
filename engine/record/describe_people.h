// What people say to a run, and what they are asked, as lines of a timeline; with the tools that
// all lines are made with. Private to describe.cc.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>

#include "engine/base/json.h"
#include "engine/base/text.h"
#include "engine/machine/decide.h"
#include "engine/record/names.h"
#include "engine/record/record.h"

namespace recourse::record {

using namespace machine;  // NOLINT: every rule below names an event

using Members = std::initializer_list<std::pair<std::string_view, Value>>;

// ": reason", or nothing when there is none.
inline std::string After(std::string_view separator, const std::string& text) {
  return text.empty() ? std::string() : std::string(separator) + text;
}

// With its day: what is waited for may be weeks away.
inline std::string Moment(Time time) {
  const std::string text =
      FormatTimestamp(ToTimestamp(std::chrono::floor<std::chrono::seconds>(time)));
  return text.substr(0, 10) + " " + text.substr(11, 8) + " UTC";
}

inline std::string Retried(const std::optional<Time>& retry_at) {
  return retry_at ? "; tried again at " + Moment(*retry_at).substr(11) : std::string();
}

inline Value TimeOrNull(const std::optional<Time>& time) {
  return time ? Value(ToTimestamp(*time)) : Value();
}

inline Value ErrorValue(const Error& error) {
  return Value::Object({{"code", ToString(error.code)}, {"message", error.message}});
}

inline std::string Alternatives(const std::vector<std::string>& roles) {
  std::string text;
  for (const std::string& role : roles) text += (text.empty() ? "" : " or ") + role;
  return text.empty() ? "nobody" : text;
}

// "1 of dba and 1 of owner", or the roles.
inline std::string GroupsOr(const machine::ApprovalRequested& request) {
  std::string text;
  for (const auto& group : request.groups) {
    text += (text.empty() ? "" : " and ") + std::to_string(group.quorum) + " of " + group.role;
  }
  return text.empty() ? Alternatives(request.approvers) : text;
}

// "ada", or "ada (via bot for slack:T024/U21)" when another passed on what ada said.
inline std::string Speaker(const Envelope& envelope) {
  return envelope.principal + (envelope.via.empty() ? "" : " (via " + envelope.via + ")");
}

// Fills in an entry's step, text and details.
class PeopleDescriber {
 public:
  PeopleDescriber(const definition::Workflow& workflow, TimelineEntry& entry)
      : workflow_(workflow), entry_(entry), who_(Speaker(entry.envelope)) {}

  void operator()(const ManualStarted& e) {
    std::string items;
    for (const auto& item : e.items) items += (items.empty() ? "" : ", ") + item.id;
    Say(StepRef{e.step, -1},
        " asks " + Alternatives(e.by) + " for a checklist (" + items + "): " + e.prompt,
        {{"prompt", e.prompt}, {"expires", TimeOrNull(e.expires)}});
  }
  void operator()(const ItemAnswered& e) {
    const std::string by = e.checked ? std::string() : ", says " + who_;
    Say(StepRef{e.step, -1},
        ": " + e.item + (e.done ? " is done" : " cannot be done") + by + After(": ", e.note),
        {{"item", e.item}, {"done", e.done}, {"checked", e.checked}, {"note", e.note}});
  }
  void operator()(const ApprovalEscalated& e) {
    const std::string whom = e.to.empty() ? "those who were asked are reminded" : e.to + " is told";
    Say(e.id.ToString() + (e.expired ? " is overdue: " : " is not decided yet: ") + whom,
        {{"approval", e.id.ToString()}, {"to", e.to}, {"expired", e.expired}});
  }
  void operator()(const ApprovalRequested& e) {
    const std::string count = e.quorum == 1 ? "" : std::to_string(e.quorum) + " of them";
    const std::string until = e.expires ? "until " + Moment(*e.expires) : std::string();
    const std::string terms = count + After(count.empty() ? "" : ", ", until);
    Value::List approvers(e.approvers.begin(), e.approvers.end());
    Say(StepRef{e.step, -1},
        " asks " + Alternatives(e.approvers) + " for approval " + e.id.ToString() +
            (terms.empty() ? "" : " (" + terms + ")") + ": " + e.prompt,
        {{"approval", e.id.ToString()},
         {"prompt", e.prompt},
         {"approvers", std::move(approvers)},
         {"quorum", e.quorum},
         {"exclude_requester", e.exclude_requester},
         {"expires", TimeOrNull(e.expires)},
         {"on_expiry", Name(e.on_expiry)},
         {"plan", e.plan},
         {"of_no_step", e.overrides.has_value() || e.overrides_window},
         {"second_factor", e.second_factor},
         {"who", GroupsOr(e)},
         {"digest", e.digest}});
  }
  void operator()(const VoteCast& e) {
    const std::string_view how = e.vote == Vote::kApprove  ? " approved by "
                                 : e.vote == Vote::kReject ? " rejected by "
                                                           : ": decision taken back by ";
    Say(e.id.ToString() + std::string(how) + who_ +
            (e.second_factor ? " with a one-time code" : "") + After(": ", e.reason),
        {{"approval", e.id.ToString()},
         {"vote", Name(e.vote)},
         {"roles", Value::List(e.roles.begin(), e.roles.end())},
         {"reason", e.reason},
         {"channel", e.channel}});
  }
  void operator()(const ApprovalSettled& e) {
    std::string how;
    switch (e.settlement) {
      case Settlement::kApproved:
        how = " is approved";
        break;
      case Settlement::kRejected:
        how = " is rejected";
        break;
      case Settlement::kExpired:
        how = " expired: nobody decided in time";
        break;
      case Settlement::kVoid:
        how = " is void: the run goes another way";
        break;
      case Settlement::kRevoked:
        how = " is revoked";
        break;
    }
    Say(e.id.ToString() + how, {{"approval", e.id.ToString()}, {"settlement", Name(e.settlement)}});
  }
  void operator()(const ApprovalRevoked& e) {
    At({e.step, -1});
    Say(e.id.ToString() + " taken back by " + who_ + After(": ", e.reason) +
            "; it is asked anew before anything goes on",
        {{"approval", e.id.ToString()}, {"reason", e.reason}});
  }
  void operator()(const InputOverridden& e) {
    At({e.change.step, -1});
    const std::string allowed =
        e.approval.number == 0 ? "" : ", allowed by " + e.approval.ToString();
    Say(e.change.input + " of " + entry_.step + " overridden by " + e.change.by + allowed + ": " +
            ToJson(e.change.value) + After(", because ", e.change.reason),
        {{"input", e.change.input},
         {"value", e.change.value},
         {"by", e.change.by},
         {"reason", e.change.reason},
         {"approval", e.approval.number == 0 ? Value() : Value(e.approval.ToString())}});
  }
  void operator()(const Escalated& e) {
    Say("nobody has acknowledged it: " + e.to + " is told" +
            (e.may_decide ? " and may decide what is open" : ""),
        {{"level", std::int64_t(e.level)}, {"to", e.to}, {"may_decide", e.may_decide}});
  }
  void operator()(const RunAcknowledged& e) {
    Say("acknowledged by " + who_ + After(": ", e.reason), {{"reason", e.reason}});
  }
  void operator()(const DefinitionAdopted& e) {
    Say("another definition adopted by " + who_ + After(": ", e.reason),
        {{"digest", e.digest}, {"reason", e.reason}});
  }
  void operator()(const RunPaused& e) {
    Say((e.quarantined ? "quarantined by " : "paused by ") + who_ + After(": ", e.reason),
        {{"reason", e.reason}, {"quarantined", e.quarantined}});
  }
  void operator()(const RunResumed& e) {
    Say("resumed by " + who_ + After(": ", e.reason), {{"reason", e.reason}});
  }
  void operator()(const RunAnnotated& e) {
    if (!e.reference) return Say(who_ + " notes: " + e.text, {{"text", e.text}});
    Say(who_ + " tells of " + e.reference->about + " in " + e.reference->kind + ": " +
            e.reference->place,
        {{"reference", Value::Object({{"kind", e.reference->kind},
                                      {"about", e.reference->about},
                                      {"place", e.reference->place}})}});
  }

 protected:
  std::string Id(int step) const { return machine::NameOf(workflow_, {step, -1}); }

  std::string BranchName(const BranchEnded& e) const {
    const auto step = static_cast<std::size_t>(e.step);
    const auto* parallel = step >= workflow_.steps.size()
                               ? nullptr
                               : std::get_if<definition::ParallelStep>(&workflow_.steps[step].kind);
    const auto branch = static_cast<std::size_t>(e.branch);
    if (parallel == nullptr || branch >= parallel->branches.size()) {
      return "item " + std::to_string(e.branch);
    }
    return workflow_.blocks[static_cast<std::size_t>(parallel->branches[branch])].name;
  }

  void At(StepRef at) { entry_.step = machine::NameOf(workflow_, at); }

  void Say(std::string text, Members details) {
    // One event is one line, whatever the messages in it look like.
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    entry_.text = std::move(text);
    entry_.details = Value::Object(details);
  }
  void Say(StepRef at, const std::string& what, Members details) {
    At(at);
    Say(entry_.step + what, details);
  }
  void Attempt(StepRef at, int number, const std::string& what, Members details) {
    At(at);
    Say("attempt " + std::to_string(number) + " of " + entry_.step + what, details);
  }

  const definition::Workflow& workflow_;
  TimelineEntry& entry_;
  const std::string who_;
};

}  // namespace recourse::record
