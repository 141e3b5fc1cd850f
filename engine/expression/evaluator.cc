#include "engine/expression/evaluator.h"

#include <array>
#include <cmath>
#include <utility>

#include "engine/base/text.h"
#include "engine/expression/operators.h"
#include "engine/expression/utf8.h"

namespace recourse::expression {
namespace {

// An index may be any number that is whole: 1, 1u, 1.0. What is no index answers one that no list
// has.
std::size_t WholeIndex(const Value& number) {
  constexpr auto kNone = static_cast<std::size_t>(-1);
  if (number.is_uint()) return number.as_uint();
  if (number.is_int()) {
    return number.as_int() < 0 ? kNone : static_cast<std::size_t>(number.as_int());
  }
  const double index = number.as_double();
  const bool whole = index >= 0 && index < 1e15 && std::trunc(index) == index;
  return whole ? static_cast<std::size_t>(index) : kNone;
}

}  // namespace

Result<Value> Evaluator::Run(const Node& root) {
  Result<Value> value = Evaluate(root);
  if (!value) return value;
  // A list may hold the same list many times over, and that one another: small in memory, endless
  // when it is written out. What is only selected from the scope is no larger than the scope.
  const bool made = root.kind != NodeKind::kName && (value->is_list() || value->is_map());
  Budget whole(budget_.steps_max());
  if (made && !SpendWhole(*value, whole)) return At(root, budget_.Exhausted());
  return value;
}

Result<Value> Evaluator::Evaluate(const Node& node) {
  if (!budget_.Spend(1)) return budget_.Exhausted();
  switch (node.kind) {
    case NodeKind::kConstant: return node.value;
    case NodeKind::kLocal: return locals_[node.slot];
    case NodeKind::kName:
    case NodeKind::kSelect:
    case NodeKind::kIndex: {
      Result<Found> found = Lookup(node);
      if (!found) return std::move(found).error();
      if (!*found) return Missed();
      return **std::move(found);
    }
    case NodeKind::kHas: return Has(node);
    case NodeKind::kList: return List(node);
    case NodeKind::kMap: return Map(node);
    case NodeKind::kCall: return Call(node);
    case NodeKind::kAnd:
    case NodeKind::kOr: return AndOr(node);
    case NodeKind::kConditional: return Conditional(node);
    case NodeKind::kNot:
    case NodeKind::kNegate: return Unary(node);
    case NodeKind::kBinary: return Binary(node);
    case NodeKind::kFold: return Fold(node);
    case NodeKind::kBind: return Bind(node);
  }
  return Internal("a node without a kind");
}

Result<Evaluator::Found> Evaluator::Lookup(const Node& node) {
  if (node.kind == NodeKind::kName) return LookupName(node);
  if (node.kind == NodeKind::kSelect || node.kind == NodeKind::kIndex) return LookupMember(node);
  Result<Value> value = Evaluate(node);
  if (!value) return std::move(value).error();
  return Found(*std::move(value));
}

Result<Evaluator::Found> Evaluator::LookupName(const Node& node) {
  const std::string_view name = node.name;
  for (std::size_t known = node.component_ends.size(); known > 0; --known) {
    Found variable = scope_.Find(name.substr(0, node.component_ends[known - 1]));
    if (!variable) continue;
    const Value* value = &*variable;
    for (; known < node.component_ends.size(); ++known) {
      const std::size_t begin = node.component_ends[known - 1] + 1;
      const std::string_view member = name.substr(begin, node.component_ends[known] - begin);
      const Value* next = value->Find(member);
      if (next == nullptr) return MemberOf(node, *value, Value(member));
      value = next;
    }
    return Found(*value);
  }
  return At(node, NotFound("there is no variable \"" +
                           std::string(name.substr(0, node.component_ends.front())) + "\""));
}

Result<Evaluator::Found> Evaluator::LookupMember(const Node& node) {
  Result<Found> operand = Lookup(*node.children[0]);
  if (!operand || !*operand) return operand;
  if (node.kind == NodeKind::kSelect) return MemberOf(node, **operand, node.value);
  Result<Value> index = Evaluate(*node.children[1]);
  if (!index) return std::move(index).error();
  return MemberOf(node, **operand, *index);
}

Result<Evaluator::Found> Evaluator::MemberOf(const Node& node, const Value& value,
                                             const Value& key) {
  // What is null has no members that could be there: has() answers false for them.
  if (value.is_map() || value.is_null()) {
    const Value* found = value.is_map() ? FindKey(value.as_map(), key) : nullptr;
    if (found != nullptr) return Found(*found);
    missed_ = Missing{&node, value, key};
    return Found();
  }
  if (!value.is_list() || node.kind != NodeKind::kIndex) {
    return At(node, InvalidArgument(TypeText(value) + " has no members"));
  }
  const Value::List& list = value.as_list();
  if (!IsNumber(key)) {
    return At(node, InvalidArgument("the index of a list is an int, not " + TypeText(key)));
  }
  if (const std::size_t index = WholeIndex(key); index < list.size()) return Found(list[index]);
  return At(node, InvalidArgument("the index is outside of the list, which has " +
                                  std::to_string(list.size()) + " elements"));
}

Result<Value> Evaluator::Has(const Node& node) {
  Result<Found> found = Lookup(*node.children[0]);
  if (!found) return std::move(found).error();
  return Value(found->has_value());
}

Result<Value> Evaluator::List(const Node& node) {
  Value::List list;
  list.reserve(node.children.size());
  for (const auto& child : node.children) {
    Result<Value> element = Evaluate(*child);
    if (!element) return element;
    list.push_back(*std::move(element));
  }
  return Value(std::move(list));
}

Result<Value> Evaluator::Map(const Node& node) {
  Value::Map map;
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    Result<Value> key = Evaluate(*node.children[i]);
    if (!key) return key;
    if (!key->is_bool() && !key->is_int() && !key->is_uint() && !key->is_string()) {
      return At(*node.children[i], InvalidArgument("a key is a string, int, uint or bool, not " +
                                                   TypeText(*key)));
    }
    Result<Value> value = Evaluate(*node.children[i + 1]);
    if (!value) return value;
    if (!map.emplace(*std::move(key), *std::move(value)).second) {
      return At(*node.children[i], InvalidArgument("the key is there twice"));
    }
  }
  return Value(std::move(map));
}

Result<Value> Evaluator::Call(const Node& node) {
  std::array<Value, kArgumentsMax> values;
  const std::size_t count = node.children.size();
  if (node.overloads.empty()) {
    return At(node, InvalidArgument("there is no function \"" + node.name + "\" with " +
                                    std::to_string(count) + " arguments"));
  }
  for (std::size_t i = 0; i < count; ++i) {
    Result<Value> value = Evaluate(*node.children[i]);
    if (!value) return value;
    values[i] = *std::move(value);
  }
  const std::span<const Value> arguments(values.data(), count);
  for (const Overload* overload : node.overloads) {
    if (!Accepts(*overload, arguments)) continue;
    Result<Value> value = overload->body(Arguments{arguments, budget_, node.prepared});
    if (!value) return At(node, std::move(value).error());
    return value;
  }
  std::string what = "expected ";
  for (const Overload* overload : node.overloads) {
    what += (overload == node.overloads.front() ? "" : " or ") + Signature(*overload);
  }
  what += "; found ";
  for (std::size_t i = 0; i < count; ++i) what += (i == 0 ? "" : ", ") + TypeText(values[i]);
  return At(node, InvalidArgument(what));
}

// One operand that decides is enough, whatever errors the others have.
Result<Value> Evaluator::AndOr(const Node& node) {
  const bool decides = node.kind == NodeKind::kOr;
  std::optional<Error> error;
  for (const auto& child : node.children) {
    Result<bool> operand = Condition(*child);
    if (budget_.exhausted()) return budget_.Exhausted();
    if (operand && *operand == decides) return Value(decides);
    if (!operand && !error) error = std::move(operand).error();
  }
  if (error) return *std::move(error);
  return Value(!decides);
}

Result<Value> Evaluator::Conditional(const Node& node) {
  Result<bool> condition = Condition(*node.children[0]);
  if (!condition) return std::move(condition).error();
  return Evaluate(*node.children[*condition ? 1 : 2]);
}

Result<Value> Evaluator::Unary(const Node& node) {
  if (node.kind == NodeKind::kNot) {
    Result<bool> operand = Condition(*node.children[0]);
    if (!operand) return std::move(operand).error();
    return Value(!*operand);
  }
  Result<Value> operand = Evaluate(*node.children[0]);
  if (!operand) return operand;
  Result<Value> negative = Negate(*operand);
  if (!negative) return At(node, std::move(negative).error());
  return negative;
}

Result<Value> Evaluator::Binary(const Node& node) {
  Result<Value> left = Evaluate(*node.children[0]);
  if (!left) return left;
  Result<Value> right = Evaluate(*node.children[1]);
  if (!right) return right;
  Result<Value> value = Apply(node.op, *left, *right, budget_);
  if (!value) return At(node, std::move(value).error());
  return value;
}

Result<Value> Evaluator::Bind(const Node& node) {
  Result<Value> value = Evaluate(*node.children[0]);
  if (!value) return value;
  if (locals_.size() <= node.slot) locals_.resize(node.slot + 1);
  locals_[node.slot] = *std::move(value);
  return Evaluate(*node.children[1]);
}

Result<bool> Evaluator::Condition(const Node& node) {
  Result<Value> value = Evaluate(node);
  if (!value) return std::move(value).error();
  if (value->is_bool()) return value->as_bool();
  return At(node, InvalidArgument("expected true or false, found " + TypeText(*value)));
}

Error Evaluator::At(const Node& node, Error error) const {
  error.message += " in `" +
                   Shortened(source_.substr(node.begin, node.end - node.begin), 80) + "`";
  return error;
}

Error Evaluator::Missed() {
  const Node* node = missed_.node;
  return At(*node, DescribeMissing(missed_.map, missed_.key));
}

Error Evaluator::DescribeMissing(const Value& map, const Value& key) {
  if (map.is_null()) return NotFound("null has no members");
  if (!key.is_string()) return NotFound("there is no such key");
  const std::string& name = key.as_string();
  std::string what = "there is no member \"" + Shortened(name, 80) + "\"";
  // A search among the names of a large map would cost more than its answer is worth.
  constexpr std::size_t kNamesMax = 50;
  std::vector<std::string_view> names;
  if (map.as_map().size() <= kNamesMax && name.size() <= kNamesMax &&
      budget_.Spend(map.as_map().size())) {
    for (const auto& [candidate, unused] : map.as_map()) {
      if (candidate.is_string() && candidate.as_string().size() <= kNamesMax) {
        names.push_back(candidate.as_string());
      }
    }
  }
  if (const std::string nearest = Nearest(name, names); !nearest.empty()) {
    what += " (did you mean \"" + nearest + "\"?)";
  }
  return NotFound(what);
}

}  // namespace recourse::expression
