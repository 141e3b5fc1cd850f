// The macros over a range: all, exists, exists_one, map, filter, transformList and transformMap.
#include <utility>

#include "engine/expression/evaluator.h"
#include "engine/expression/operators.h"
#include "engine/expression/secret.h"

namespace recourse::expression {

Result<Value> Evaluator::Fold(const Node& node) {
  Result<Operand> operand = Read(*node.children[0]);
  if (!operand) return std::move(operand).error();
  const Value* range = &**operand;
  if ((!range->is_list() && !range->is_map()) || IsSecret(*range)) {
    return At(*node.children[0],
              InvalidArgument("expected a list or a map, found " + TypeText(*range)));
  }
  switch (node.macro) {
    case Macro::kAll:
    case Macro::kExists:
      return Quantify(node, *range);
    case Macro::kExistsOne:
      return ExistsOne(node, *range);
    case Macro::kList:
      return MakeList(node, *range);
    case Macro::kMap:
      return MakeMap(node, *range);
  }
  return Internal("a macro without a kind");
}

template <class Visit>
void Evaluator::ForEach(const Node& node, const Value& range, Visit visit) {
  if (range.is_map()) {
    for (const auto& [key, value] : range.as_map()) {
      locals_[node.slot] = key;
      if (node.two_variables) locals_[node.slot + 1] = value;
      if (!visit()) return;
    }
    return;
  }
  std::int64_t index = 0;
  for (const Value& element : range.as_list()) {
    if (node.two_variables) locals_[node.slot] = Value(index++);
    locals_[node.slot + (node.two_variables ? 1 : 0)] = element;
    if (!visit()) return;
  }
}

// As with && and ||, one element that decides outweighs the errors of the others.
Result<Value> Evaluator::Quantify(const Node& node, const Value& range) {
  const bool decides = node.macro == Macro::kExists;
  bool decided = false;
  FirstError first;
  ForEach(node, range, [&] {
    Result<bool> holds = Condition(*node.children[1]);
    if (!holds) Keep(first, holds.error());
    decided = holds && *holds == decides;
    return !decided && !budget_.exhausted();
  });
  if (budget_.exhausted()) return budget_.Exhausted();
  if (decided) return Value(decides);
  if (first.error) return Give(std::move(first));
  return Value(!decides);
}

Result<Value> Evaluator::ExistsOne(const Node& node, const Value& range) {
  int found = 0;
  std::optional<Error> error;
  ForEach(node, range, [&] {
    Result<bool> holds = Condition(*node.children[1]);
    if (!holds) error = std::move(holds).error();
    if (holds && *holds) ++found;
    return !error;
  });
  if (error) return *std::move(error);
  return Value(found == 1);
}

Result<bool> Evaluator::Passes(const Node& fold) {
  return fold.children.size() > 2 ? Condition(*fold.children[2]) : Result<bool>(true);
}

Result<Value> Evaluator::MakeList(const Node& node, const Value& range) {
  Value::List list;
  std::optional<Error> error;
  ForEach(node, range, [&] {
    Result<bool> passes = Passes(node);
    if (!passes) error = std::move(passes).error();
    if (error || !*passes) return !error;
    Result<Value> element = Evaluate(*node.children[1]);
    if (!element) error = std::move(element).error();
    if (element) list.push_back(*std::move(element));
    return !error;
  });
  if (error) return *std::move(error);
  return Value(std::move(list));
}

Result<Value> Evaluator::MakeMap(const Node& node, const Value& range) {
  Value::Map map;
  std::optional<Error> error;
  ForEach(node, range, [&] {
    Result<bool> passes = Passes(node);
    if (!passes) error = std::move(passes).error();
    if (error || !*passes) return !error;
    Result<Value> value = Evaluate(*node.children[1]);
    if (!value) error = std::move(value).error();
    if (value) map.emplace(locals_[node.slot], *std::move(value));
    return !error;
  });
  if (error) return *std::move(error);
  return Value(std::move(map));
}

}  // namespace recourse::expression
