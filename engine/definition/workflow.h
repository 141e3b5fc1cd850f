// A workflow as loaded: every name resolved, every expression parsed, everything checked.
//
// Immutable once loaded; shared between runs; may be read from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/choice.h"
#include "engine/base/error.h"
#include "engine/base/value.h"
#include "engine/definition/action_spec.h"
#include "engine/definition/escalation_policy.h"
#include "engine/expression/expression.h"

namespace recourse::definition {

using std::chrono::microseconds;

// Where something stands in its file; both count from 1.
using expression::Place;

// What happens when a step has failed for good. Stored: the numbers are never reused.
enum class OnFailure { kRollback = 1, kPause = 2, kContinue = 3, kFail = 4 };
enum class OnLocked { kQueue = 1, kReject = 2 };
enum class OnExpiry { kHold = 1, kReject = 2, kEscalate = 3 };

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
  bool sends = false;
  std::string without_compensation;  // what the action says of having no way back; may be empty
  expression::Template with;
  std::optional<expression::Program> for_each;  // a list; the steps' `item` and `index`
  int parallel_max = 1;  // `max_parallel`: how many items are at work at once
  microseconds timeout{};
  bool timeout_given = false;  // by the step, not the action's own
  RetryPolicy retry;
  // `compensate: {action: ..., with: ...}`: what undoes the step instead of its own action. Its
  // expressions are evaluated when the step is undone; there `steps` has the step's output.
  std::shared_ptr<const ActionStep> compensation;
};

struct Escalation {
  microseconds after{};  // since the approval was asked for
  std::string to;        // a role, which is told and may decide from then on
};

struct ApprovalStep {
  expression::Template prompt;
  std::vector<std::string> approvers;  // roles; empty: nobody may approve
  int quorum = 1;                      // with groups: of all of them
  struct Group {
    std::string role;
    int quorum = 1;
    bool operator==(const Group&) const = default;
  };
  std::vector<Group> groups;  // `approvers: {dba: 1, owner: 1}`: how many it takes of each role
  bool second_factor = false;
  bool exclude_requester = false;
  std::optional<microseconds> expires;
  OnExpiry on_expiry = OnExpiry::kHold;
  std::vector<Escalation> escalate;  // by time
};

// A checklist that people work off. The step is done when every item is.
struct ManualStep {
  struct Item {
    std::string id;
    expression::Template text;
    std::shared_ptr<const ActionStep> check;  // read-only: answers the item when it succeeds
  };
  expression::Template prompt;
  std::vector<std::string> by;          // roles; empty: nobody may answer
  std::vector<Item> items;              // not empty
  std::optional<microseconds> expires;  // then the step fails with DEADLINE_EXCEEDED
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

// Exactly one of duration, until and signal is set. `until` answers a timestamp.
struct WaitStep {
  std::optional<expression::Template> duration;  // `for`: a constant like 30s, or an expression
  std::optional<expression::Program> until;
  std::string signal;                   // its name
  std::optional<microseconds> timeout;  // of a signal; then the step fails with DEADLINE_EXCEEDED
};

// Values under names: the step's output.
struct SetStep {
  expression::Template values;
};

// Branches that are at work at the same time. The step fails when one of them does.
struct ParallelStep {
  std::vector<int> branches;  // indexes of Workflow::blocks
  bool collect = false;       // when one fails: the others are done first (true) or stopped
};

// The steps of another workflow, which stand in this one.
struct SubWorkflowStep {
  int block = 0;  // index of Workflow::blocks
  expression::Template with;
};

struct SucceedStep {};

struct FailStep {
  Code code = Code::kFailedPrecondition;
  expression::Template message;
};

class StepKind : public std::variant<ActionStep, ApprovalStep, SwitchStep, CheckpointStep, WaitStep,
                                     SucceedStep, FailStep, SetStep, ManualStep, ParallelStep,
                                     SubWorkflowStep> {
 public:
  StepKind();
  template <AlternativeOf<StepKind> T>
  StepKind(T&& one) : variant(std::in_place_type<std::remove_cvref_t<T>>, std::forward<T>(one)) {}
  StepKind(const StepKind&);
  StepKind(StepKind&&) noexcept;
  StepKind& operator=(const StepKind&);
  StepKind& operator=(StepKind&&) noexcept;
  ~StepKind();
};

// "action", "approval", "switch"...: the word by which a definition names the kind.
std::string_view NameOf(const StepKind& kind);

struct Step {
  std::string id;
  std::string summary;
  Place place;
  StepKind kind;
  int block = -1;                           // that it stands in; -1: in none
  int frame = -1;                           // whose names it sees; -1: the workflow's own
  std::optional<expression::Program> when;  // false: the step is skipped
  // None: the step after it. steps.size(): the end of its block, of the workflow without one.
  std::optional<int> next;
  std::vector<ErrorRule> on_error;      // in the order of the definition; the first that fits
  std::optional<OnFailure> on_failure;  // none: the workflow's
  int visits_max = 100;                 // `max_visits`: how often a run may enter the step
  bool irreversible = false;            // a pivot
  std::optional<microseconds> expect;   // how long it usually takes
  bool pause_stops_clock = false;       // of an approval, a checklist or a wait
  // Of an action, all its attempts and items together: none begins later, and none goes on.
  std::optional<microseconds> deadline;
};

// Steps that belong together, one after the other: [first, end), with the blocks inside it.
struct Block {
  enum class Kind { kBranch, kSubWorkflow, kFinish };
  Kind kind = Kind::kBranch;
  std::string name;  // of a branch
  int owner = -1;    // the step that has it; -1: kFinish
  int first = 0;
  int end = 0;
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
  // `check`, of all inputs: what is false, or cannot be evaluated, is refused before anything
  // begins.
  std::optional<expression::Program> check{};
};

// Whose names the steps of a sub-workflow see.
struct Frame {
  std::string prefix;  // of their ids: "recover/"
  int owner = 0;       // the step
  std::vector<Input> inputs;
  expression::Template outputs;
  OnFailure on_failure = OnFailure::kRollback;
  // What the workflow says for runs of its own, and a step of another does not keep: "lock".
  std::vector<std::string_view> left_out{};
};

// What happens when a window closes before the run is over. Stored: the numbers are never reused.
enum class OnClosing {
  kRollback = 1,  // what was done is undone, in time
  kPause = 2,     // nothing more begins, and a person is asked
  kFinish = 3,    // what has begun is finished all the same
};
struct WindowRule {
  expression::Template window;  // of inputs; see ReadWindow
  OnClosing on_closing = OnClosing::kRollback;
  std::vector<std::string> override_by;  // roles that may let a run go on outside; empty: nobody
};

struct Workflow {
  std::string name;
  std::string summary;
  std::string severity;  // critical, high, medium, low; empty: not said
  std::vector<Input> inputs;
  std::optional<expression::Template> lock;
  OnLocked on_locked = OnLocked::kQueue;
  std::optional<microseconds> deadline;
  std::optional<WindowRule> window;
  OnFailure on_failure = OnFailure::kRollback;
  std::vector<Step> steps;  // not empty; a run begins with the first
  std::vector<Block> blocks;
  std::vector<Frame> frames;
  std::vector<std::string> secrets;  // the names of all that its actions get
  std::optional<int> on_finish;      // the first step of what runs at last, whatever the end was
  expression::Template outputs;

  // The definition in its canonical form (JSON, members sorted, loadable by LoadWorkflow) and the
  // SHA-256 of it in hexadecimal, which identifies the workflow.
  std::string canonical;
  std::string digest;

  // The index of the step with that id, or nothing. The id of a sub-workflow's step has its prefix.
  std::optional<int> FindStep(std::string_view id) const;
  // The step after `step` when that is done; steps.size(): the end of its block.
  int After(int step) const { return steps[std::size_t(step)].next.value_or(step + 1); }
  // What the steps of the frame may name.
  const std::vector<Input>& InputsOf(int frame) const;
  // The step's id among those of its frame: without the prefix.
  std::string_view NameIn(const Step& step) const;
};

// The action of the step, of the item of a manual step; null when there is none.
const ActionStep* ActionOf(const Step& step, int item);

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
//
// `others` finds the text of another workflow by its name, for the steps that run one; the
// canonical form holds what it found, so that a stored definition needs no other.
using OtherWorkflows = std::function<std::optional<std::string>(std::string_view name)>;
Loaded LoadWorkflow(std::string_view text, const ActionCatalogue* catalogue,
                    const OtherWorkflows& others = {});

// The `name` of a definition, for who has to find one by it; empty when there is none to be read.
std::string NameIn(std::string_view text);

// Reads a definition that was accepted when its runs began, and that they are pinned to. The
// catalogue may have changed since, and rules may have been added: an action that is not there
// makes its own step unknown, not the whole refused; inputs and outputs are not checked against it.
Loaded LoadStoredWorkflow(std::string_view text, const ActionCatalogue* catalogue);

// The inventory: every target by its name.
class Inventory {
 public:
  // kAlternatives: only one of the targets is there at a time, as in the cases of a rehearsal.
  enum class Targets { kSideBySide, kAlternatives };
  Inventory() = default;
  explicit Inventory(Targets targets) : kind_(targets) {}

  // Null when there is none.
  const Value* Find(std::string_view name) const;
  std::vector<std::string> Names() const;

  // Reads one target's file (YAML: name, summary and its resources) and adds it. The target's value
  // is the file's content; docs/targets.md tells what it may be.
  // kInvalidArgument: with file:line:column, also for an escalation policy that has not been added,
  // and for the path of the database of another target beside it; kAlreadyExists: a target of that
  // name is there.
  Result<void> AddFile(std::string_view text, std::string_view file);

  // Keeps why the target of that name is not there, for who looks for it: `problem` as AddFile has
  // it.
  void LeaveOut(std::string name, std::string problem);
  // kNotFound: says why it was left out, or else which names there are.
  Error NoTarget(const std::string& name) const;

  // Reads an escalation policy's file and adds it. Errors as above.
  Result<void> AddPolicyFile(std::string_view text, std::string_view file);
  // The one that the target names; null when it names none.
  const EscalationPolicy* PolicyOf(const Value& target) const;

 private:
  Targets kind_ = Targets::kSideBySide;
  std::map<std::string, Value, std::less<>> targets_;
  std::map<std::string, std::string> databases_;  // whose it is, by its path
  std::map<std::string, std::string> files_;      // that a target is from, by its name
  std::map<std::string, std::string> left_out_;   // why, by the name
  std::map<std::string, EscalationPolicy, std::less<>> policies_;
};

// The inputs of a new run: `given` (a map) with defaults filled in, targets resolved to their
// content, and types checked.
// kInvalidArgument: an unknown input (with the nearest name), a missing one, a wrong type, a target
// without a required resource, one that does not pass its `check`. kNotFound: no target of that
// name. The message names the input.
Result<Value> ResolveInputs(const Workflow& workflow, const Value& given,
                            const Inventory& inventory);

// The same for a sub-workflow: a target is given as its content.
Result<Value> FitInputs(const std::vector<Input>& inputs, const Value& given);

}  // namespace recourse::definition
