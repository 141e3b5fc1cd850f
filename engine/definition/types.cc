// Checks the types of a workflow's expressions, as far as inputs and schemas declare them.
#include <algorithm>
#include <unordered_map>

#include "engine/definition/loading.h"
#include "engine/definition/schema.h"
#include "engine/expression/utf8.h"

namespace recourse::definition {
namespace {

using expression::Mistake;
using expression::Type;
using expression::Typed;
using Kind = Value::Kind;
using NamePath = std::span<const std::string_view>;

Type TypeOfInput(InputType type) {
  switch (type) {
    case InputType::kString:
      return Type::Only(Kind::kString);
    case InputType::kInt:
      return Type::Only(Kind::kInt);
    case InputType::kDouble:
      return {Type::kNumber, nullptr, nullptr};
    case InputType::kBool:
      return Type::Only(Kind::kBool);
    case InputType::kDuration:  // A text once the run is stored.
      return {Type::Of(Kind::kDuration) | Type::Of(Kind::kString), nullptr, nullptr};
    case InputType::kList:
      return Type::Only(Kind::kList);
    case InputType::kTarget:
    case InputType::kMap:
      return Type::Only(Kind::kMap);
  }
  return Type::Any();
}

// The variables of an expression at one position.
class Variables final : public expression::Types {
 public:
  explicit Variables(const Loading& loading) : loading_(loading), workflow_(loading.workflow) {
    const Type text = Type::Only(Kind::kString);
    const Type time = Type::Only(Kind::kTimestamp);
    run_ = Type::MapOf({{"id", text},
                        {"requester", text},
                        {"workflow", text},
                        {"started", time},
                        {"fencing_token", Type::Only(Kind::kInt)}});
    error_ = Type::MapOf({{"step", text}, {"code", text}, {"message", text}});
    now_ = time;
    for (int frame = -1; frame < static_cast<int>(workflow_.frames.size()); ++frame) {
      Type::Members inputs;
      for (const Input& input : workflow_.InputsOf(frame)) {
        inputs.emplace(input.name, TypeOfInput(input.type));
      }
      inputs_.push_back(std::move(inputs));
    }
  }

  void StandAt(const Position& position) {
    position_ = position;
    frame_ = loading_.FrameOf(position);
  }
  // The type of a step's for_each, once it is known.
  void SetItems(int step, const Type& list) {
    if (list.element) items_.insert_or_assign(step, *list.element);
  }

  Type Find(NamePath path) const override {
    const std::string_view name = path[0];
    const NamePath rest = path.subspan(1);
    if (name == "inputs") return Member(inputs_[static_cast<std::size_t>(frame_ + 1)], rest);
    if (name == "steps") return StepMember(rest);
    if (name == "run") return Within(run_, rest);
    if (name == "error") return Within(error_, rest);
    if (name == "now") return Within(now_, rest);
    if (name == "index") return Type::Only(Kind::kInt);
    if (name == "item") {
      const auto found = items_.find(position_.step);
      return found == items_.end() ? Type::Any() : Within(found->second, rest);
    }
    return Type::Any();
  }

 private:
  static Type Member(const Type::Members& members, NamePath path) {
    if (path.empty()) return Type::Only(Kind::kMap);
    const auto found = members.find(path[0]);
    return found == members.end() ? Type::Any() : Within(found->second, path.subspan(1));
  }
  static Type Within(const Type& type, NamePath path) {
    if (path.empty()) return type;
    return type.members ? Member(*type.members, path) : Type::Any();
  }

  Type StepMember(NamePath path) const {
    if (path.size() < 2) return Type::Only(Kind::kMap);
    const auto step = loading_.FindNamed(path[0], frame_);
    if (!step) return Type::Any();
    const NamePath rest = path.subspan(2);
    if (path[1] == "skipped") return Type::Only(Kind::kBool);
    if (path[1] == "error") return Within(error_, rest);
    if (path[1] != "output") return Type::Any();
    const auto* action = std::get_if<ActionStep>(&workflow_.steps[*step].kind);
    if (action == nullptr || loading_.catalogue == nullptr) return Type::Any();
    const ActionSpec* spec = loading_.catalogue->Find(action->action);
    if (spec == nullptr) return Type::Any();
    const Type& output = OutputOf(*spec);
    return action->for_each ? Within(Type::ListOf(output), rest) : Within(output, rest);
  }

  const Type& OutputOf(const ActionSpec& spec) const {
    const auto known = outputs_.find(&spec);
    if (known != outputs_.end()) return known->second;
    return outputs_.emplace(&spec, TypeOfSchema(spec.output)).first->second;
  }

  const Loading& loading_;
  const Workflow& workflow_;
  Position position_;
  int frame_ = -1;
  std::vector<Type::Members> inputs_;  // by frame, the workflow's own first
  Type run_;
  Type error_;
  Type now_;
  std::map<int, Type> items_;  // by step
  mutable std::unordered_map<const ActionSpec*, Type> outputs_;
};

// Whether a secret stands in a value of that type.
bool MayHoldSecret(const Type& type) {
  if (type.MayBe(Type::kSecret) || (type.element && MayHoldSecret(*type.element))) return true;
  return type.members && std::ranges::any_of(*type.members, [](const auto& member) {
           return MayHoldSecret(member.second);
         });
}

void CheckAnswer(const Use& use, const Type& type, Problems& problems) {
  const auto add = [&](const std::string& what) {
    problems.Add(use.PlaceOf(0),
                 what + " in `" + expression::Shortened(use.program.source(), 80) + "`");
  };
  const std::string key(use.wanted.key);
  if (!use.program.Secrets().empty()) {
    if (!use.wanted.secrets) {
      return add(key + ": a secret may stand in the \"with\" of an action only");
    }
    if (!use.whole && MayHoldSecret(type)) {
      return add(key + ": a secret cannot be put into a text; hand it to the action as it is");
    }
  }
  if (!use.whole) return;  // becomes a text
  Type::Kinds kinds = use.wanted.kinds;
  if (use.wanted.schema != nullptr) kinds &= KindsFor(*use.wanted.schema);
  if (type.MayBe(kinds)) return;
  const Type expected = use.wanted.schema != nullptr ? TypeOfSchema(*use.wanted.schema)
                                                     : Type{kinds, nullptr, nullptr};
  add(key + ": expected " + expected.ToString() + ", found " + type.ToString());
}

}  // namespace

void CheckTypes(Loading& loading) {
  if (loading.stored) return;
  Variables variables(loading);
  for (const Use& use : loading.uses) {
    if (loading.problems.full()) return;
    variables.StandAt(use.position);
    const Typed typed = use.program.TypeWith(variables);
    if (use.wanted.key == kForEach) variables.SetItems(use.position.step, typed.type);
    if (!use.sound) continue;  // that is problem enough
    for (const Mistake& mistake : typed.mistakes) {
      loading.problems.Add(use.PlaceOf(mistake.offset), mistake.error.message);
    }
    if (!typed.mistakes.empty()) continue;
    CheckAnswer(use, typed.type, loading.problems);
  }
}

}  // namespace recourse::definition
