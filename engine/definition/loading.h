// A definition while it is read. Private to the module: one file reads each part, loader.cc puts
// them together, graph.cc and references.cc check the whole.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/definition/node.h"
#include "engine/definition/problems.h"
#include "engine/definition/workflow.h"

namespace recourse::definition {

// Where an expression stands, which decides what it may name.
struct Position {
  enum class Scope {
    kLock,     // evaluated before the run begins: inputs only
    kStep,     // a step's expressions
    kItem,     // those of a for_each, once an item
    kOutputs,  // the workflow's outputs, at its end
  };
  Scope scope = Scope::kStep;
  int step = -1;         // of kStep and kItem
  bool is_when = false;  // the step's `when`, which guards what else stands in the step
  bool undoes = false;   // the step's compensation, which comes after the step
  int frame = -1;        // of kOutputs
};

inline constexpr std::string_view kForEach = "for_each";

// What a value must be where an expression stands.
struct Wanted {
  std::string_view key;  // "when"; names it in messages
  expression::Type::Kinds kinds = expression::Type::kAny | expression::Type::kSecret;
  const Value* schema = nullptr;  // that of the action's input; null: not known
  bool secrets = false;           // an action gets it, so that it may be a secret
};

inline constexpr expression::Type::Kinds kTruth = expression::Type::Of(Value::Kind::kBool);

// An expression, where it stands and what is wanted of it.
struct Use {
  Position position;
  Place place;  // of the string that holds it
  expression::Program program;
  Wanted wanted;
  bool whole = true;  // the string is nothing else
  std::vector<expression::Reference> references = program.References();
  bool sound = true;  // what it names is there

  // Where the byte at `offset` of the expression stands.
  Place PlaceOf(std::size_t offset) const {
    const Place exact = program.PlaceOf(offset);
    return exact.known() ? exact : place;
  }
};

struct Loading {
  std::string_view text;                       // of the file
  const ActionCatalogue* catalogue = nullptr;  // null: actions are not checked
  // The definition was accepted once: what has become a problem since does not refuse it.
  bool stored = false;
  Workflow workflow;
  Problems problems;
  std::map<std::string, int, std::less<>> step_ids;  // with their prefixes
  std::vector<Use> uses;

  // Where other workflows are found, and in which ones this one stands: from the outermost, itself
  // last.
  OtherWorkflows others;
  std::vector<std::string> above;
  // Those that were read on the way, by their text: each is read once, however often it stands
  // there.
  std::shared_ptr<std::map<std::string, std::shared_ptr<const Workflow>>> known =
      std::make_shared<std::map<std::string, std::shared_ptr<const Workflow>>>();
  std::map<std::string, std::string> carried;  // the canonical forms of those that it runs

  // A step as it was written, or a sub-workflow: its node and the text that this stands in.
  struct Slot {
    const Node* node = nullptr;
    std::string_view text;
  };
  std::vector<Slot> slots;        // by step
  std::vector<Slot> frame_roots;  // by frame
  std::deque<std::string> texts;  // of sub-workflows, which do not move
  std::deque<Node> roots;

  std::string PrefixOf(int frame) const;
  int FrameOf(const Position& position) const {
    return position.step < 0 ? position.frame : workflow.steps[position.step].frame;
  }
  // The step of that id among those that the frame sees.
  std::optional<int> FindNamed(std::string_view id, int frame) const;
  // The step of that id, to which the path of `step` may lead; an unknown one is a problem, and
  // `what` names the key in it.
  std::optional<int> FindStep(const Node& node, std::string_view what, int step);
};

// The key under which a stored definition carries those that it runs.
inline constexpr std::string_view kCarried = "workflows";

// REQUIRES: text, catalogue, stored, others and above are set.
Loaded Load(Loading& loading);

// --- expressions.cc ---

// The expression of "${...}"; `wanted.key` names it in messages.
std::optional<expression::Program> ReadProgram(const Node& node, const Wanted& wanted,
                                               Position position, Loading& loading);

// Any value with ${...} in its strings. `wanted` is about a string that is one expression;
// within lists and maps its schema is theirs.
expression::Template ReadTemplate(const Node& node, const Wanted& wanted, Position position,
                                  Loading& loading);

// The same for what must be a string.
expression::Template ReadText(const Node& node, std::string_view key, Position position,
                              Loading& loading);

// --- inputs.cc ---

std::vector<Input> ReadInputs(const Node& node, Loading& loading);

// --- blocks.cc ---

// Gives every step its place, id, block and frame. `on_finish` may be null.
void LayOutSteps(const Node& root, const Node& steps, const Node* on_finish, Loading& loading);

// --- steps.cc, step_kinds.cc ---

// Reads what was laid out.
void ReadSteps(Loading& loading);

class Members;
// The kind that `name` names, with its content `node`. What else belongs to the kind is taken from
// `members`. Nothing when a problem leaves no kind to speak of.
std::optional<StepKind> ReadKind(std::string_view name, const Node& node, Members& members,
                                 int step, Loading& loading);

// The words of steps by which a kind is named.
inline constexpr std::string_view kKinds[] = {"action",     "approval", "manual",   "switch",
                                              "wait",       "set",      "parallel", "workflow",
                                              "checkpoint", "succeed",  "fail"};

// An action, its `with` and how it is run: of an action step, a check and a compensation.
ActionStep ReadAction(const Node& node, const Node* with, Position position, Loading& loading);

// --- window.cc ---

void ReadWindowRule(Members& members, Loading& loading);

// --- people_kinds.cc, flow_kinds.cc ---

std::vector<std::string> ReadRoles(const Node& node, const std::string& key, Loading& loading);

std::optional<StepKind> ReadApproval(const Node& node, int step, Loading& loading);
std::optional<StepKind> ReadManual(const Node& node, int step, Loading& loading);
std::optional<StepKind> ReadSwitch(const Node& node, int step, Loading& loading);
std::optional<StepKind> ReadWait(const Node& node, int step, Loading& loading);
std::optional<StepKind> ReadSet(const Node& node, int step, Loading& loading);
std::optional<StepKind> ReadParallel(const Node& node, int step, Loading& loading);
std::optional<StepKind> ReadSubWorkflow(const Node& node, const Node* with, int step,
                                        Loading& loading);
std::optional<StepKind> ReadFail(const Node& node, int step, Loading& loading);
// "in the wait of the step "pause"": names a part in messages.
std::string InStep(std::string_view part, int step, const Loading& loading);

// --- graph.cc ---

// What is sure to have happened whenever a run comes to a step, by step; then one row for the end,
// and one for the end of each block.
class Certainty {
 public:
  // Everything unknown yet; without a number of steps it stays so.
  explicit Certainty(std::optional<int> steps, int blocks = 0);

  bool known() const { return !rows_.empty(); }
  bool Succeeded(int at, int step) const { return Has(at, step); }
  bool Failed(int at, int step) const { return Has(at, steps_ + step); }
  bool Entered(int at, int step) const { return Has(at, 2 * steps_ + step); }
  bool AnyError(int at) const { return Has(at, 3 * steps_); }
  // The row of the block's end.
  int EndOf(int block) const { return steps_ + 1 + block; }

 private:
  friend class Flow;
  bool Has(int at, int bit) const { return (rows_[at][bit / 64] >> (bit % 64)) & 1; }

  int steps_ = 0;
  std::vector<std::vector<std::uint64_t>> rows_;
};

// Checks how the steps lead to each other: all are reached, each finds a way to an end, rollbacks
// lead to checkpoints that were passed.
Certainty CheckGraph(Loading& loading);

// --- references.cc ---

// Checks what the expressions name.
void CheckReferences(const Certainty& certainty, Loading& loading);

// --- types.cc ---

// Checks what the expressions do with what they name, and what they answer.
void CheckTypes(Loading& loading);

}  // namespace recourse::definition
