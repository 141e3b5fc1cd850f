// Checks what the expressions of a workflow name: variables, inputs, steps and what these answer.
#include <algorithm>
#include <array>
#include <span>

#include "engine/definition/loading.h"
#include "engine/definition/schema.h"

namespace recourse::definition {
namespace {

using expression::Reference;
using Scope = Position::Scope;
using Path = std::vector<std::string>;

// A graph that could not be read is no reason to doubt an output.
constexpr int kNoGraph = -1;

class Checker {
 public:
  Checker(const Certainty& certainty, Loading& loading)
      : certainty_(certainty), loading_(loading), workflow_(loading.workflow) {
    for (const Use& use : loading.uses) {
      if (use.position.is_when) AddGuards(use, guards_[use.position.step]);
    }
  }

  void Check(const Use& use) {
    use_ = &use;
    guards_here_.clear();
    if (const auto found = guards_.find(use.position.step); found != guards_.end()) {
      guards_here_ = found->second;
    }
    AddGuards(use, guards_here_);
    for (const Reference& reference : use.references) {
      at_ = reference.offset;
      CheckVariable(reference);
    }
  }

 private:
  // Paths of references, which stay where they are while they are checked.
  using Guards = std::vector<const Path*>;

  static void AddGuards(const Use& use, Guards& guards) {
    for (const Reference& reference : use.references) {
      if (reference.guarded) guards.push_back(&reference.path);
    }
  }

  // Whose names the expression sees.
  int frame() const { return loading_.FrameOf(use_->position); }
  // Of the reference that is being checked.
  Place place() const { return use_->PlaceOf(at_); }
  void Add(std::string message) { loading_.problems.Add(place(), std::move(message)); }

  // Whether has() asks for the first `length` names of `path`, or for something further in it.
  bool IsGuarded(const Path& path, std::size_t length) const {
    return std::ranges::any_of(guards_here_, [&](const Path* guard) {
      return guard->size() >= length &&
             std::equal(path.begin(), path.begin() + length, guard->begin());
    });
  }

  void CheckVariable(const Reference& reference) {
    const std::string& name = reference.path[0];
    const Scope scope = use_->position.scope;
    if (scope == Scope::kLock && name != "inputs") {
      return Add("the " + std::string(use_->wanted.key) +
                 " is settled before the run begins: it may name inputs only, not " + Quoted(name));
    }
    if (name == "inputs") return CheckInput(reference);
    if (name == "steps") return CheckStep(reference);
    if (name == "run")
      return CheckFixed(reference, {"id", "requester", "workflow", "started", "fencing_token"});
    if (name == "error") return CheckError(reference);
    if (name == "now") return;
    if (name == "item" || name == "index") {
      if (scope != Scope::kItem) Add(Quoted(name) + " is known in the \"with\" of a for_each only");
      return;
    }
    static constexpr std::array<std::string_view, 7> kVariables = {"inputs", "steps", "run",  "now",
                                                                   "item",   "index", "error"};
    loading_.problems.AddUnknown(place(), "variable", name, kVariables);
  }

  void CheckFixed(const Reference& reference, std::span<const std::string_view> members) {
    if (reference.path.size() < 2) return;
    if (std::ranges::find(members, reference.path[1]) != members.end()) return;
    loading_.problems.AddUnknown(place(), "member of " + Quoted(reference.path[0]),
                                 reference.path[1], members);
  }
  void CheckFixed(const Reference& reference, std::initializer_list<std::string_view> members) {
    CheckFixed(reference, std::span(members.begin(), members.size()));
  }

  void CheckInput(const Reference& reference) {
    if (reference.path.size() < 2) return;
    const std::string& name = reference.path[1];
    const std::vector<Input>& inputs = workflow_.InputsOf(frame());
    const auto input = std::ranges::find(inputs, name, &Input::name);
    if (input == inputs.end()) {
      std::vector<std::string_view> names;
      for (const Input& one : inputs) names.push_back(one.name);
      return loading_.problems.AddUnknown(place(), "input", name, names);
    }
    if (reference.path.size() < 3 || input->type == InputType::kMap) return;
    const std::string& member = reference.path[2];
    if (input->type != InputType::kTarget) {
      return Add("inputs." + name + " has no member " + Quoted(member) + ": it is no map");
    }
    if (member == "name" || member == "summary" || reference.guarded ||
        IsGuarded(reference.path, 3) ||
        std::ranges::find(input->requires_, member) != input->requires_.end()) {
      return;
    }
    Add("inputs." + name + "." + member + ": a target may lack it; name it in the input's " +
        "\"requires\" or ask has(inputs." + name + "." + member + ") first");
  }

  void CheckStep(const Reference& reference) {
    if (reference.path.size() < 2) return;
    const auto found = loading_.FindNamed(reference.path[1], frame());
    if (!found) {
      std::vector<std::string_view> names;
      for (const Step& one : workflow_.steps) {
        if (one.frame == frame()) names.push_back(workflow_.NameIn(one));
      }
      return loading_.problems.AddUnknown(place(), "step", reference.path[1], names);
    }
    if (reference.path.size() < 3) return;
    CheckEntered(reference, *found);
    const std::string& member = reference.path[2];
    if (member == "output") return CheckOutput(reference, *found);
    if (member == "error") return CheckStepError(reference, *found);
    if (member == "skipped") return;
    static constexpr std::array<std::string_view, 3> kMembers = {"output", "error", "skipped"};
    loading_.problems.AddUnknown(place(), "member of steps." + reference.path[1], member, kMembers);
  }

  // A step is a member of `steps` once the run has come to it, whatever came of it.
  void CheckEntered(const Reference& reference, int step) {
    const bool asks = reference.guarded || reference.path[2] == "skipped";
    if (!asks || Here() == kNoGraph || certainty_.Entered(Here(), step)) return;
    if (use_->position.undoes && step == use_->position.step) return;
    const bool asked = std::ranges::any_of(guards_here_, [&](const Path* guard) {
      return guard->size() == 2 && std::equal(guard->begin(), guard->end(), reference.path.begin());
    });
    if (asked) return;
    const std::string name = "steps." + reference.path[1];
    Add(name + "." + reference.path[2] + ": the run may not have come to the step " +
        Quoted(reference.path[1]) + "; ask has(" + name + ") first");
  }

  void CheckOutput(const Reference& reference, int step) {
    const auto name = [&] { return "steps." + reference.path[1] + ".output"; };
    const StepKind& kind = workflow_.steps[step].kind;
    const std::span<const std::string> members = std::span(reference.path).subspan(3);
    if (const auto* action = std::get_if<ActionStep>(&kind)) {
      if (action->for_each && !members.empty()) {
        return Add(name() + " is the list of its items' outputs, which has no member " +
                   Quoted(members[0]));
      }
      if (loading_.catalogue != nullptr && !loading_.stored) {
        if (const ActionSpec* spec = loading_.catalogue->Find(action->action)) {
          const std::string wrong = CheckPath(spec->output, members, "output");
          if (!wrong.empty()) return Add("steps." + reference.path[1] + "." + wrong);
        }
      }
    } else if (const auto known = OutputNames(step)) {
      if (known->empty()) {
        return Add(name() + ": the step " + Quoted(reference.path[1]) + " is " +
                   std::string(NameOf(kind)) + ", which has no output");
      }
      if (!members.empty() && std::ranges::find(*known, members[0]) == known->end()) {
        return loading_.problems.AddUnknown(place(), "member of " + name(), members[0], *known);
      }
    }
    if (reference.guarded || IsGuarded(reference.path, 3)) return;
    // It is done when it is undone; of a for_each, an item of it is.
    const bool own = use_->position.undoes && step == use_->position.step;
    if (own && use_->position.scope == Scope::kStep) return;
    if (Here() != kNoGraph && !certainty_.Succeeded(Here(), step)) {
      Add(name() + ": the step " + Quoted(reference.path[1]) + " may not have succeeded before " +
          HereName() + HowToAsk(step, reference.path[1], name()));
    }
  }

  // The members of what a step that is no action answers: empty when it answers nothing.
  std::optional<std::vector<std::string>> OutputNames(int step) const {
    const StepKind& kind = workflow_.steps[step].kind;
    std::vector<std::string> names;
    const auto add_keys = [&](const expression::Template& map) {
      for (const auto& [key, value] : map.source().as_map()) names.push_back(key.as_string());
    };
    if (const auto* set = std::get_if<SetStep>(&kind)) {
      if (!set->values.source().is_map()) return std::nullopt;  // told already
      add_keys(set->values);
    } else if (std::holds_alternative<SubWorkflowStep>(kind)) {
      const auto frame = std::ranges::find(workflow_.frames, step, &Frame::owner);
      if (frame == workflow_.frames.end()) return std::nullopt;
      if (frame->outputs.source().is_map()) add_keys(frame->outputs);
    } else if (const auto* wait = std::get_if<WaitStep>(&kind); wait && !wait->signal.empty()) {
      names = {"payload", "by"};
    } else if (std::holds_alternative<ManualStep>(kind)) {
      names = {"items"};
    }
    return names;
  }

  void CheckStepError(const Reference& reference, int step) {
    const std::span<const std::string> members = std::span(reference.path).subspan(3);
    static constexpr std::array<std::string_view, 3> kMembers = {"code", "message", "evidence"};
    const auto name = [&] { return "steps." + reference.path[1] + ".error"; };
    if (!members.empty() && std::ranges::find(kMembers, members[0]) == kMembers.end()) {
      return loading_.problems.AddUnknown(place(), "member of " + name(), members[0], kMembers);
    }
    if (reference.guarded || IsGuarded(reference.path, 3)) return;
    if (Here() != kNoGraph && !certainty_.Failed(Here(), step)) {
      Add(name() + ": the step " + Quoted(reference.path[1]) + " may not have failed before " +
          HereName() + HowToAsk(step, reference.path[1], name()));
    }
  }

  void CheckError(const Reference& reference) {
    CheckFixed(reference, {"step", "code", "message", "evidence"});
    if (Here() == kNoGraph || certainty_.AnyError(Here())) return;
    Add("\"error\" is known only where every way comes from a step's on_error");
  }

  // How to ask whether `name` is there, at the end of a message.
  std::string HowToAsk(int step, const std::string& id, const std::string& name) const {
    const std::string come = certainty_.Entered(Here(), step) ? "" : "has(steps." + id + ") && ";
    return "; ask " + come + "has(" + name + ") first";
  }

  // The row of what is certain where the expression stands.
  int Here() const {
    if (!certainty_.known()) return kNoGraph;
    if (use_->position.scope != Scope::kOutputs) return use_->position.step;
    if (frame() < 0) return static_cast<int>(workflow_.steps.size());
    const int owner = workflow_.frames[frame()].owner;
    return certainty_.EndOf(std::get<SubWorkflowStep>(workflow_.steps[owner].kind).block);
  }

  std::string HereName() const {
    if (use_->position.scope == Scope::kOutputs) return "the end";
    return "the step " + Quoted(workflow_.steps[use_->position.step].id);
  }

  const Certainty& certainty_;
  Loading& loading_;
  const Workflow& workflow_;
  const Use* use_ = nullptr;
  std::size_t at_ = 0;            // where the reference begins that is being checked
  std::map<int, Guards> guards_;  // by step: what its `when` asks for
  Guards guards_here_;
};

}  // namespace

void CheckReferences(const Certainty& certainty, Loading& loading) {
  Checker checker(certainty, loading);
  for (Use& use : loading.uses) {
    const std::size_t before = loading.problems.size();
    checker.Check(use);
    use.sound = loading.problems.size() == before;
  }
}

}  // namespace recourse::definition
