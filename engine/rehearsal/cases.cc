#include "engine/rehearsal/cases.h"

#include <algorithm>
#include <array>
#include <map>

#include "engine/base/json.h"
#include "engine/definition/members.h"
#include "engine/definition/names.h"

namespace recourse::rehearsal {
namespace {

using definition::Describe;
using definition::Member;
using definition::Members;
using definition::Node;
using definition::Problems;
using definition::Quoted;
using machine::RunStatus;

constexpr std::array kStatuses = {
    RunStatus::kQueued,         RunStatus::kRunning,     RunStatus::kWaiting,   RunStatus::kPaused,
    RunStatus::kNeedsAttention, RunStatus::kRollingBack, RunStatus::kSucceeded, RunStatus::kFailed,
    RunStatus::kCancelled,      RunStatus::kRolledBack};

class CaseReader {
 public:
  CaseReader(const definition::Workflow& workflow, Cases& cases)
      : workflow_(workflow), cases_(cases) {}

  void Read(std::string_view text) {
    const Node root = definition::ReadYaml(text, problems_);
    if (problems_.empty()) ReadRoot(root);
    cases_.problems = std::move(problems_).Take();
  }

 private:
  void ReadRoot(const Node& root) {
    Members members(root, "with the cases of a workflow", problems_);
    if (!root.is_map()) return;
    if (const Node* targets = members.Take("targets")) ReadTargets(*targets);
    if (const Node* cases = members.Require("cases")) {
      if (!cases->is_list()) {
        problems_.Add(cases->place,
                      "cases: expected a list, found " + std::string(Describe(*cases)));
      }
      for (const Node& each : cases->items) ReadCase(each);
    }
    members.RefuseOthers();
  }

  void ReadTargets(const Node& node) {
    if (!node.is_map()) {
      problems_.Add(node.place, "targets: expected a map from names to targets, found " +
                                    std::string(Describe(node)));
    }
    for (const Member& member : node.members) {
      const Value target = member.value.is_map() ? ToValue(member.value).With("name", member.key)
                                                 : ToValue(member.value);
      if (auto added = cases_.targets.AddFile(ToJson(target), "the target " + Quoted(member.key));
          !added) {
        problems_.Add(member.place, added.error().message);
      }
    }
  }

  void ReadCase(const Node& node) {
    Members members(node, "in the case", problems_);
    Case& added = cases_.cases.emplace_back();
    added.place = node.place;
    if (!node.is_map()) return;
    if (const Node* name = members.Require("name")) {
      if (name->is_string())
        TakeName(*name, added);
      else
        problems_.Add(name->place,
                      "name: expected a string, found " + std::string(Describe(*name)));
    }
    if (const Node* at = members.Take("at")) {
      auto time = at->is_string() ? ParseTimestamp(at->scalar.as_string())
                                  : Result<Timestamp>(InvalidArgument("not a text"));
      if (time) {
        added.at = FromTimestamp(*time);
      } else {
        problems_.Add(at->place, "at: expected a time such as 2026-11-29T02:30:00Z");
      }
    }
    if (const Node* inputs = members.Take("inputs")) added.inputs = ToValue(*inputs);
    if (const Node* script = members.Take("script")) ReadScript(*script, added);
    if (const Node* answers = members.Take("answers")) ReadAnswers(*answers, added);
    if (const Node* expect = members.Require("expect")) ReadExpected(*expect, added.expect);
    members.RefuseOthers();
  }

  // Two cases of one name could not be told apart in what is printed of them.
  void TakeName(const Node& name, Case& added) {
    added.name = name.scalar.as_string();
    const auto [first, is_new] = places_.emplace(added.name, name.place.line);
    if (is_new) return;
    problems_.Add(name.place, "there are two cases named " + Quoted(added.name) +
                                  "; the first is in line " + std::to_string(first->second));
  }

  // "stop" and "stop[1]" name the step "stop"; nothing for an unknown one, which is a problem.
  const definition::Step* FindStep(std::string_view name, definition::Place place) {
    const std::string_view id = name.substr(0, name.find('['));
    if (const auto index = workflow_.FindStep(id)) {
      return &workflow_.steps[static_cast<std::size_t>(*index)];
    }
    std::vector<std::string_view> names;
    for (const definition::Step& step : workflow_.steps) names.push_back(step.id);
    problems_.AddUnknown(place, "step", id, names);
    return nullptr;
  }

  void ReadScript(const Node& node, Case& into) {
    if (!node.is_map()) {
      problems_.Add(node.place, "script: expected a map from steps to what comes of them, found " +
                                    std::string(Describe(node)));
    }
    for (const Member& member : node.members) {
      const definition::Step* step = FindStep(member.key, member.place);
      if (step == nullptr) continue;
      const std::vector<Node> one = {member.value};
      const std::vector<Node>& entries = member.value.is_list() ? member.value.items : one;
      for (const Node& entry : entries) {
        const bool manual = std::holds_alternative<definition::ManualStep>(step->kind);
        const bool check = manual && member.key.ends_with(']');  // the check of an item
        if (std::holds_alternative<definition::ActionStep>(step->kind) || check) {
          into.attempts[member.key].push_back(ReadAttempt(entry));
        } else if (std::holds_alternative<definition::ApprovalStep>(step->kind) || manual) {
          into.decisions[member.key].push_back(ReadDecision(entry));
        } else {
          problems_.Add(member.place, "the step " + Quoted(member.key) + " is " +
                                          std::string(NameOf(step->kind)) +
                                          ", which needs no script");
          break;
        }
      }
    }
  }

  ScriptedAttempt ReadAttempt(const Node& node) {
    ScriptedAttempt attempt;
    Members members(node, "in what comes of an attempt", problems_);
    if (!node.is_map()) return attempt;
    if (const Node* output = members.Take("output")) attempt.output = ToValue(*output);
    if (const Node* fail = members.Take("fail")) {
      attempt.failure = Error{Code::kInternal, "scripted"};
      if (fail->is_string()) {
        if (const auto code = ReadCode(*fail, problems_)) attempt.failure->code = *code;
      } else {
        problems_.Add(fail->place,
                      "fail: expected an error code, found " + std::string(Describe(*fail)));
      }
    }
    if (const auto message = members.TakeString("message")) {
      if (attempt.failure) attempt.failure->message = *message;
    }
    attempt.left = members
                       .TakeWord<LeftBehind>("left", {{"nothing", LeftBehind::kNothing},
                                                      {"partial", LeftBehind::kPartial},
                                                      {"unknown", LeftBehind::kUnknown}})
                       .value_or(LeftBehind::kNothing);
    if (const Node* evidence = members.Take("evidence")) attempt.evidence = ToValue(*evidence);
    attempt.in_prepare =
        members.TakeWord<bool>("phase", {{"prepare", true}, {"apply", false}}).value_or(false);
    attempt.inconclusive =
        members.TakeWord<bool>("verify", {{"inconclusive", true}}).value_or(false);
    if (const Node* undo = members.Take("undo")) attempt.undo = ToValue(*undo);
    attempt.crash = members.TakeWord<Crash>(
        "crash",
        {{"before", Crash::kBefore}, {"during", Crash::kDuring}, {"after", Crash::kAfter}});
    using Found = ProbeAnswer::Verdict;
    attempt.probe = members.TakeWord<Found>("probe", {{"applied", Found::kApplied},
                                                      {"not_applied", Found::kNotApplied},
                                                      {"partial", Found::kPartial},
                                                      {"unknown", Found::kUnknown}});
    attempt.undo_fails = static_cast<int>(members.TakeInt("undo_fails", 0, 100).value_or(0));
    members.RefuseOthers();
    return attempt;
  }

  ScriptedDecision ReadDecision(const Node& node) {
    using Kind = ScriptedDecision::Kind;
    ScriptedDecision decision;
    const auto kind_of = [&](const Node& word) {
      constexpr std::pair<std::string_view, Kind> kWords[] = {{"approve", Kind::kApprove},
                                                              {"reject", Kind::kReject},
                                                              {"expire", Kind::kExpire},
                                                              {"open", Kind::kOpen}};
      if (word.is_string()) {
        for (const auto& [name, kind] : kWords) {
          if (name == word.scalar.as_string()) return kind;
        }
      }
      problems_.Add(word.place, "expected approve, reject, expire or open");
      return Kind::kApprove;
    };
    if (!node.is_map()) {
      decision.kind = kind_of(node);
      return decision;
    }
    Members members(node, "in the decision", problems_);
    if (const Node* word = members.Require("decide")) decision.kind = kind_of(*word);
    decision.by = members.TakeString("by").value_or(decision.by);
    decision.after =
        members.TakeDuration("after", std::chrono::microseconds(0)).value_or(decision.after);
    members.RefuseOthers();
    return decision;
  }

  void ReadAnswers(const Node& node, Case& into) {
    if (!node.is_list()) {
      problems_.Add(node.place, "answers: expected a list, found " + std::string(Describe(node)));
    }
    for (const Node& item : node.items) {
      const Node none;
      if (item.is_string()) {
        AddAnswer(item.scalar.as_string(), item.place, none, into);
      } else if (item.is_map() && item.members.size() == 1) {
        AddAnswer(item.members[0].key, item.members[0].place, item.members[0].value, into);
      } else {
        problems_.Add(item.place, "expected one answer, such as retry or {skip: {output: {}}}");
      }
    }
  }

  void AddAnswer(const std::string& word, definition::Place place, const Node& with, Case& into) {
    const std::string reason = "rehearsed";
    Node empty;
    empty.kind = Node::Kind::kMap;
    empty.place = place;
    Members members(with.is_map() ? with : empty, "in the answer " + Quoted(word), problems_);
    using machine::Finding;
    const auto finding = [&] {
      return members.TakeWord<Finding>("effect", {{"applied", Finding::kApplied},
                                                  {"not_applied", Finding::kNotApplied},
                                                  {"partial", Finding::kPartial}});
    };
    if (word == "retry") {
      into.answers.push_back({machine::Retry{reason}, word});
    } else if (word == "resume") {
      into.answers.push_back({machine::Resume{reason}, word});
    } else if (word == "skip") {
      const Node* output = members.Take("output");
      into.answers.push_back(
          {machine::Skip{{}, output == nullptr ? Value() : ToValue(*output), reason}, word});
    } else if (word == "rollback") {
      const auto to = members.TakeString("to");
      into.answers.push_back({machine::RollBack{to.value_or(""), reason, finding()}, word});
    } else if (word == "cancel") {
      const bool rollback = members.TakeBool("rollback").value_or(false);
      into.answers.push_back({machine::Cancel{reason, rollback, finding()}, word});
    } else if (word == "signal") {
      const Node* name = members.Require("name");
      const Node* payload = members.Take("payload");
      into.answers.push_back(
          {machine::SendSignal{name != nullptr && name->is_string() ? name->scalar.as_string() : "",
                               payload == nullptr ? Value() : ToValue(*payload)},
           word});
    } else {
      constexpr std::array<std::string_view, 6> kWords = {"retry",    "resume", "skip",
                                                          "rollback", "cancel", "signal"};
      problems_.AddUnknown(place, "answer", word, kWords);
      return;
    }
    members.RefuseOthers();
  }

  std::optional<std::vector<std::string>> ReadSteps(const Node* node, std::string_view key) {
    if (node == nullptr) return std::nullopt;
    std::vector<std::string> names;
    if (!node->is_list()) {
      problems_.Add(node->place, std::string(key) + ": expected a list of steps, found " +
                                     std::string(Describe(*node)));
    }
    for (const Node& item : node->items) {
      if (!item.is_string()) {
        problems_.Add(item.place, "expected a step, found " + std::string(Describe(item)));
        continue;
      }
      names.push_back(item.scalar.as_string());
      if (names.back() != "...") static_cast<void>(FindStep(names.back(), item.place));
    }
    return names;
  }

  void ReadExpected(const Node& node, Expected& expect) {
    Members members(node, "in what is expected", problems_);
    if (!node.is_map()) return;
    expect.path = ReadSteps(members.Take("path"), "path");
    expect.undone = ReadSteps(members.Take("undone"), "undone");
    if (const Node* status = members.Require("status")) expect.status = ReadStatus(*status);
    if (const Node* error = members.Take("error")) {
      if (error->is_string()) {
        expect.error = ReadCode(*error, problems_);
      } else {
        problems_.Add(error->place, "error: expected an error code");
      }
    }
    if (const Node* outputs = members.Take("outputs")) expect.outputs = ToValue(*outputs);
    expect.waits = members.TakeString("waits").value_or("");
    expect.message = members.TakeString("message").value_or("");
    members.RefuseOthers();
  }

  std::optional<RunStatus> ReadStatus(const Node& node) {
    std::vector<std::string_view> names;
    for (const RunStatus status : kStatuses) {
      names.push_back(ToString(status));
      if (node.is_string() && node.scalar.as_string() == names.back()) return status;
    }
    problems_.AddUnknown(node.place, "status",
                         node.is_string() ? node.scalar.as_string() : Describe(node), names);
    return std::nullopt;
  }

  const definition::Workflow& workflow_;
  Cases& cases_;
  Problems problems_;
  std::map<std::string, int> places_;  // the line of each case, by its name
};

}  // namespace

Cases ReadCases(const definition::Workflow& workflow, std::string_view text) {
  Cases cases;
  CaseReader(workflow, cases).Read(text);
  return cases;
}

}  // namespace recourse::rehearsal
