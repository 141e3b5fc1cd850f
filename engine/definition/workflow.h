// A workflow as loaded: every name resolved, every expression parsed, everything checked.
//
// Immutable once loaded; shared between runs; may be read from any thread.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/value.h"
#include "engine/definition/action_spec.h"
#include "engine/expression/expression.h"

namespace recourse::definition {

using std::chrono::microseconds;

// Where something stands in its file; both count from 1.
using expression::Place;

// What happens when a step has failed for good. Stored: the numbers are never reused.
enum class OnFailure { kRollback = 1, kPause = 2, kContinue = 3, kFail = 4 };
enum class OnLocked { kQueue = 1, kReject = 2 };
enum class OnExpiry { kHold = 1, kReject = 2 };

std::string_view ToString(OnFailure value);

// `on_error: {DATA_LOSS: {goto: choose_older}}`.
struct ErrorRule {
  std::optional<Code> code;        // none: "*", any code
  std::optional<int> go_to;        // a step's index; none: `continue`, as if it had no output
  std::optional<int> rollback_to;  // the index of a checkpoint step; then go_to
};

struct ActionStep {
  std::string action;
  // False only in a stored definition: the catalogue has no such action. What follows is then a
  // guess, and nothing may be done or left undone on the strength of it.
  bool known = true;
  // Copied from the action's spec when the definition is loaded.
  RepeatClass repeat = RepeatClass::kOnce;
  bool has_plan = false;
  bool has_prepare = false;
  bool can_compensate = false;  // false too when the step says `compensate: none`
  expression::Template with;
  std::optional<expression::Program> for_each;  // a list; the steps' `item` and `index`
  microseconds timeout{};
  bool timeout_given = false;  // by the step, not the action's own
  RetryPolicy retry;
};

struct ApprovalStep {
  expression::Template prompt;
  std::vector<std::string> approvers;  // roles; empty: nobody may approve
  int quorum = 1;
  bool exclude_requester = false;
  std::optional<microseconds> expires;
  OnExpiry on_expiry = OnExpiry::kHold;
};

struct SwitchStep {
  struct Case {
    expression::Program when;
    int go_to = 0;
  };
  std::vector<Case> cases;
  std::optional<int> otherwise;  // `default`; none: the next step
};

struct CheckpointStep {};

// Exactly one is set. `until` answers a timestamp.
struct WaitStep {
  std::optional<expression::Template> duration;  // `for`: a constant like 30s, or an expression
  std::optional<expression::Program> until;
};

struct SucceedStep {};

struct FailStep {
  Code code = Code::kFailedPrecondition;
  expression::Template message;
};

using StepKind = std::variant<ActionStep, ApprovalStep, SwitchStep, CheckpointStep, WaitStep,
                              SucceedStep, FailStep>;

// "action", "approval", "switch"...: the word by which a definition names the kind.
std::string_view NameOf(const StepKind& kind);

struct Step {
  std::string id;
  std::string summary;
  Place place;
  StepKind kind;
  std::optional<expression::Program> when;  // false: the step is skipped
  std::optional<int> next;                  // none: the step after it; steps.size(): the end
  std::vector<ErrorRule> on_error;          // in the order of the definition; the first that fits
  std::optional<OnFailure> on_failure;      // none: the workflow's
  int visits_max = 100;                     // `max_visits`: how often a run may enter the step
  bool irreversible = false;                // a pivot
  std::optional<microseconds> expect;       // how long it usually takes
};

enum class InputType { kString, kInt, kDouble, kBool, kDuration, kTarget, kList, kMap };

struct Input {
  std::string name;
  InputType type = InputType::kString;
  bool required = true;  // false: has a default
  Value fallback;
  std::string description;
  std::vector<std::string> requires_;  // of a target: the resources it must have
  std::vector<Value> one_of;           // `enum`; empty: any
};

struct Workflow {
  std::string name;
  std::string summary;
  std::string severity;  // critical, high, medium, low; empty: not said
  std::vector<Input> inputs;
  std::optional<expression::Template> lock;
  OnLocked on_locked = OnLocked::kQueue;
  std::optional<microseconds> deadline;
  OnFailure on_failure = OnFailure::kRollback;
  std::vector<Step> steps;  // not empty; a run begins with the first
  expression::Template outputs;

  // The definition in its canonical form (JSON, members sorted, loadable by LoadWorkflow) and the
  // SHA-256 of it in hexadecimal, which identifies the workflow.
  std::string canonical;
  std::string digest;

  // The index of the step with that id, or nothing.
  std::optional<int> FindStep(std::string_view id) const;
};

// One message of the loader: "recovery.yaml:12:5: unknown key "tiemout"; did you mean "timeout"?"
struct Problem {
  Place place;
  std::string message;
};

// What came of a definition's text: a workflow, or every problem found in it.
struct Loaded {
  std::shared_ptr<const Workflow> workflow;  // null when there are problems
  std::vector<Problem> problems;

  // All problems, a line each: "file:line:column: message".
  std::string Report(std::string_view file) const;
};

// Reads, checks and resolves a definition. Nothing unknown is accepted. `text` beyond 1 MiB, not
// UTF-8, or with more than 2,000 steps is a problem like any other.
//
// Without a catalogue (null) it is LoadStoredWorkflow: enough to name the steps, not to run them.
Loaded LoadWorkflow(std::string_view text, const ActionCatalogue* catalogue);

// Reads a definition that was accepted when its runs began, and that they are pinned to. The
// catalogue may have changed since, and rules may have been added: an action that is not there
// makes its own step unknown, not the whole refused; inputs and outputs are not checked against it.
Loaded LoadStoredWorkflow(std::string_view text, const ActionCatalogue* catalogue);

// The inventory: every target by its name.
class Inventory {
 public:
  // Null when there is none.
  const Value* Find(std::string_view name) const;
  std::vector<std::string> Names() const;

  // Reads one target's file (YAML: name, summary and its resources) and adds it. The target's value
  // is the file's content; docs/targets.md tells what it may be.
  // kInvalidArgument: with file:line:column; kAlreadyExists: a target of that name is there.
  Result<void> AddFile(std::string_view text, std::string_view file);

 private:
  std::map<std::string, Value, std::less<>> targets_;
};

// The inputs of a new run: `given` (a map) with defaults filled in, targets resolved to their
// content, and types checked.
// kInvalidArgument: an unknown input (with the nearest name), a missing one, a wrong type, a target
// without a required resource. kNotFound: no target of that name. The message names the input.
Result<Value> ResolveInputs(const Workflow& workflow, const Value& given,
                            const Inventory& inventory);

}  // namespace recourse::definition
