// The cases of a workflow as their file has them. Private to the module.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actions/action.h"
#include "engine/definition/workflow.h"
#include "engine/machine/decide.h"
#include "engine/rehearsal/rehearsal.h"

namespace recourse::rehearsal {

// Where a crash finds an attempt.
enum class Crash { kBefore, kDuring, kAfter };

// One attempt of an action, as a case has it.
struct ScriptedAttempt {
  Value output = Value::Map();
  std::optional<Error> failure;
  LeftBehind left = LeftBehind::kNothing;
  Value evidence;
  bool in_prepare = false;    // the failure is one of its prepare
  bool inconclusive = false;  // it took effect, and verify cannot tell
  Value undo = Value::Map();  // what its prepare answers
  std::optional<Crash> crash;
  std::optional<ProbeAnswer::Verdict> probe;  // none: what is true
  int undo_fails = 0;                         // how often its compensation fails first
};

struct ScriptedDecision {
  enum class Kind { kApprove, kReject, kExpire, kOpen };  // open: nobody decides, and time stands
  Kind kind = Kind::kApprove;
  std::string by = "approver";
  std::chrono::microseconds after{};  // the question

  bool decides() const { return kind == Kind::kApprove || kind == Kind::kReject; }
};

// What an operator does when the run waits for one.
struct Answer {
  machine::Input input;
  std::string text;  // for messages: "skip"
};

struct Expected {
  std::optional<std::vector<std::string>> path;  // "..." stands for any number of steps
  std::optional<std::vector<std::string>> undone;
  std::optional<machine::RunStatus> status;
  std::optional<Code> error;
  std::optional<Value> outputs;
  std::string waits;    // part of why it waits at the end
  std::string message;  // part of the message of the error that it ended with
};

struct Case {
  std::string name;
  definition::Place place;
  std::optional<Time> at;  // when it begins
  Value inputs = Value::Map();
  // By step: "choose", "stop[1]" for one item, "stop" for all items. One after the other, the last
  // one again for all further attempts.
  std::map<std::string, std::vector<ScriptedAttempt>, std::less<>> attempts;
  std::map<std::string, std::vector<ScriptedDecision>, std::less<>> decisions;
  std::vector<Answer> answers;
  Expected expect;
};

struct Cases {
  definition::Inventory targets{definition::Inventory::Targets::kAlternatives};
  std::vector<Case> cases;
  std::vector<definition::Problem> problems;
};

Cases ReadCases(const definition::Workflow& workflow, std::string_view text);

// --- compare.cc ---

// Adds what is otherwise than expected to the verdict's problems.
void Compare(const definition::Workflow& workflow, const Expected& expect,
             const machine::RunState& state, Verdict& verdict);

// --- play.cc ---

Verdict Play(const definition::Workflow& workflow, const Case& scripted,
             const definition::Inventory& targets);

}  // namespace recourse::rehearsal
